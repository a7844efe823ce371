import type { Json, JsonObject } from '../../../sdk/json.ts'
import type { Blame } from '../../../sdk/model.ts'
import type { TextStyle } from '../print.ts'
import { clientText } from './client-text.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'
import { age } from './time.ts'

/** Where the values of a record come from, as a table with a line for each field. */
export function blameText(blame: Blame, data: JsonObject, style: TextStyle): string {
  const rows = blame.fields.map(({ field, origin, change }) => {
    const value = valueText(data[field])
    if (change === undefined) {
      const why = origin === 'default' ? 'the type’s default' : 'before the history that is kept'
      return [safeText(field), value, '', '', '', '', why]
    }
    const { version, at, actor, reason } = change
    return [
      safeText(field),
      value,
      String(version),
      age(at, style.now),
      safeText(actor.principal),
      clientText(actor),
      safeText(reason ?? ''),
    ]
  })
  const head = ['field', 'value', 'v', 'when', 'by', 'with', 'why']
  const table = drawTable({ head, rows, numbers: [2], flexible: [1, 4, 5, 6] }, style)
  return table.text
}

function valueText(value: Json | undefined): string {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return safeText(value.join(', '))
  }
  return safeText(typeof value === 'string' ? value : JSON.stringify(value ?? null))
}
