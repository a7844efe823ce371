import type { Event } from '../../../sdk/model.ts'
import type { TextStyle } from '../print.ts'
import { cellText, cut } from './cell.ts'
import { safeText } from './safe-text.ts'
import { clockTime } from './time.ts'

/** An event on one line: when, what, which record in which version, by whom, and what changed. */
export function eventLine(event: Event, { colours, columns }: TextStyle): string {
  const { dim, cyan } = colours
  const parts = [
    dim(clockTime(event.at)),
    cyan(safeText(event.topic)),
    ...(event.id === undefined ? [] : [safeText(event.id)]),
    ...(event.version === undefined ? [] : [`v${event.version}`]),
    dim(`by ${safeText(event.actor.principal)} (${safeText(event.actor.client)})`),
  ]
  const notes = [
    ...(event.op === 'updated' && event.changedFields?.length
      ? [safeText(event.changedFields.join(', '))]
      : []),
    ...(event.payload === undefined ? [] : [cellText(event.payload)]),
    ...(event.reason === undefined ? [] : [`“${safeText(event.reason)}”`]),
    ...(event.match === 'left' ? ['fits no more'] : []),
    ...(event.synthetic ? ['from a snapshot'] : []),
    ...(event.redacted ? ['values erased'] : []),
    ...[event.quarantined, event.record?.quarantined].flatMap((mark) =>
      mark === undefined ? [] : [`quarantined: ${safeText(mark.reason)}`],
    ),
  ]
  const note = notes.length === 0 ? '' : `  ${cut(notes.join('; '), columns ?? 200)}`
  return `${parts.join('  ')}${note}\n`
}
