import type { z } from 'zod'
import type { RecordHistory } from '../../../sdk/protocol/records.ts'
import type { TextStyle } from '../print.ts'
import { clientText } from './client-text.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'
import { age } from './time.ts'

/** The versions of a record as a table, newest first. */
export function historyText(
  { versions, next }: z.output<typeof RecordHistory.result>,
  style: TextStyle,
): string {
  const { dim } = style.colours
  const table = drawTable(
    {
      head: ['v', 'what', 'when', 'by', 'with', 'fields', 'why'],
      rows: versions.map(({ version, op, at, actor, changedFields, reason, data, quarantined }) => [
        String(version),
        quarantined !== undefined
          ? `${op} (quarantined)`
          : data === undefined
            ? `${op} (erased)`
            : op,
        age(at, style.now),
        safeText(actor.principal),
        clientText(actor),
        op === 'created' ? '' : safeText(changedFields.join(', ')),
        safeText(reason ?? ''),
      ]),
      numbers: [0],
      flexible: [3, 4, 5, 6],
    },
    style,
  )
  const hint = next === undefined ? '' : dim(`There are more: --after ${next}\n`)
  return table.text + hint
}
