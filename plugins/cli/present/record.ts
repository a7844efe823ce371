import type { Quarantine, Record } from '../../../sdk/model.ts'
import type { TextStyle } from '../print.ts'
import { fieldLines } from './fields.ts'
import { safeText } from './safe-text.ts'
import { age } from './time.ts'

/** One record with every field, whole. */
export function recordText(record: Record, style: TextStyle): string {
  const { bold, yellow, dim } = style.colours
  const { type, id, version, lifecycle, createdAt, createdBy, updatedAt, updatedBy } = record
  const state = lifecycle === 'active' ? '' : `  ${yellow(lifecycle)}`
  const title = `${bold(safeText(`${type} ${id}`))}  version ${version}${state}\n`
  const times = [
    `created ${createdAt} by ${safeText(createdBy)}`,
    ...(version > 1 ? [`updated ${updatedAt} by ${safeText(updatedBy)}`] : []),
  ]
  const since = age(updatedAt, style.now)
  const last = since === 'now' ? 'just now' : `${since} ago`
  const warning =
    record.quarantined === undefined
      ? ''
      : `${yellow(`quarantined: ${safeText(record.quarantined.reason)}`)}\n${storedText(record.quarantined, style)}`
  return `${title}${dim(`${times.join(', ')} (${last})`)}\n${warning}\n${fieldLines(record.data, style)}`
}

/** What does not fit, as it is stored. */
function storedText({ raw }: Quarantine, style: TextStyle): string {
  if (raw === undefined) return ''
  return `${style.colours.dim('as stored:')}\n${fieldLines(raw, style)}`
}
