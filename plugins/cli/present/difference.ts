import type { FieldDifference } from '../../../sdk/data-difference.ts'
import type { Json } from '../../../sdk/json.ts'
import type { TextStyle } from '../print.ts'
import { safeText } from './safe-text.ts'

/** What differs between two versions. */
export interface Difference {
  readonly type: string
  readonly id: string
  readonly from: number
  readonly to: number
  readonly fields: readonly FieldDifference[]
}

/** The fields that differ, the old lines before the new ones. */
export function differenceText(
  { type, id, from, to, fields }: Difference,
  { colours }: TextStyle,
): string {
  const { bold, dim, red, green } = colours
  const title = `${bold(safeText(`${type} ${id}`))}  version ${from} to ${to}\n`
  if (fields.length === 0) return `${title}${dim('the data is the same')}\n`
  const parts = fields.map(({ field, before, after }) => {
    const { removed, added } = changedLines(linesOf(before), linesOf(after))
    const lines = [
      ...removed.map((line) => red(`  - ${line}`)),
      ...added.map((line) => green(`  + ${line}`)),
    ]
    return `${bold(safeText(field))}\n${lines.map((line) => `${line}\n`).join('')}`
  })
  return `${title}\n${parts.join('')}`
}

/** A value as lines: of a text its own, of a list the items, of an object its JSON. */
function linesOf(value: Json | undefined): string[] {
  if (value === undefined) return []
  if (typeof value === 'string') return safeText(value, { lines: true }).split('\n')
  if (Array.isArray(value)) {
    return value.map((item: Json) =>
      safeText(typeof item === 'string' ? item : JSON.stringify(item)),
    )
  }
  return safeText(JSON.stringify(value, null, 2), { lines: true }).split('\n')
}

/** The lines without those that both begin and end with: they did not change. */
function changedLines(before: readonly string[], after: readonly string[]) {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start += 1
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const removed = before.slice(start, before.length - end)
  const added = after.slice(start, after.length - end)
  return { removed, added }
}
