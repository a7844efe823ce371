/** What a search found, for people. */
import type { z } from 'zod'
import type { SearchRecords, Snippet } from '../../../sdk/protocol/search.ts'
import type { TextStyle } from '../print.ts'
import { cellText } from './cell.ts'
import { columnsFor } from './columns.ts'
import { safeText } from './safe-text.ts'
import { age } from './time.ts'

/** Hits one after the other, each with the part of its text that shows why it was found. */
export function foundText(page: z.output<typeof SearchRecords.result>, style: TextStyle): string {
  const { bold, dim, cyan } = style.colours
  if (page.hits.length === 0) return dim('Nothing was found.\n')
  const parts = page.hits.map(({ record, snippet }) => {
    const state = record.lifecycle === 'active' ? '' : ` (${record.lifecycle})`
    const when = `${age(record.updatedAt, style.now)}${state}`
    const head = `${cyan(record.type)} ${bold(cellText(record.id))} ${dim(when)}\n`
    const shown = snippet === undefined ? firstTexts(record, style) : markedText(snippet, style)
    return `${head}  ${shown}\n`
  })
  const more = page.next === undefined ? [] : [dim(`There are more: --after ${page.next}\n`)]
  return [...parts, ...more].join('')
}

/** The text with what was found made bold; where there are no colours nothing is put into it. */
function markedText({ field, text, marks }: Snippet, { colours }: TextStyle): string {
  let shown = ''
  let at = 0
  for (const [start, end] of marks) {
    const found = colours.bold(colours.yellow(safeText(text.slice(start, end))))
    shown += safeText(text.slice(at, start)) + found
    at = end
  }
  return `${colours.dim(`${safeText(field)}:`)} ${shown}${safeText(text.slice(at))}`
}

function firstTexts(
  record: z.output<typeof SearchRecords.result>['hits'][number]['record'],
  { now, colours }: TextStyle,
): string {
  const [, , column] = columnsFor(record.type, [record])
  return column === undefined
    ? ''
    : `${colours.dim(`${column.title}:`)} ${column.text(record, now)}`
}
