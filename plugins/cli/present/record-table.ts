import type { z } from 'zod'
import type { Record } from '../../../sdk/model.ts'
import type { CountRecords, ListRecords } from '../../../sdk/protocol/records.ts'
import type { Colours } from '../colours.ts'
import type { TextStyle } from '../print.ts'
import { cellText } from './cell.ts'
import { type Column, columnsFor, columnsOf } from './columns.ts'
import { drawTable } from './table.ts'

/** A page of records of one type. */
export interface RecordPage {
  readonly type: string
  readonly page: z.output<typeof ListRecords.result>
  /** The fields that were asked for; else those that suit the type. */
  readonly fields: readonly string[] | undefined
}

/** A page of records as a table, with what to do to see more. */
export function recordTable({ type, page, fields }: RecordPage, style: TextStyle): string {
  const { records, next } = page
  const { dim } = style.colours
  if (records.length === 0) return dim(`No records of ${type}.\n`)
  const columns = fields === undefined ? columnsFor(type, records) : columnsOf(fields)
  const table = drawTable(
    {
      head: columns.map(({ title }) => title),
      rows: records.map((record) => columns.map(({ text }) => text(record, style.now))),
      flexible: indexesOf(columns, ({ kind, title }) => kind === 'text' && title !== 'updated'),
      numbers: indexesOf(columns, ({ kind }) => kind === 'number'),
    },
    { ...style, paint: painter(columns, records, style.colours) },
  )
  const hints = [
    ...(table.cut
      ? [`Long values are cut: \`orion get ${type} ID\` or --json shows them whole.`]
      : []),
    ...(next === undefined ? [] : [`There are more: --after ${next}`]),
  ]
  return table.text + hints.map((hint) => dim(`${hint}\n`)).join('')
}

/** A count, and the counts of groups as a table. */
export function countText(
  { count, groups }: z.output<typeof CountRecords.result>,
  style: TextStyle,
): string {
  if (groups === undefined) return `${count}\n`
  const rows = groups.map((group) => [
    group.value === null ? '(none)' : cellText(group.value),
    String(group.count),
  ])
  const table = drawTable(
    { head: ['value', 'count'], rows: [...rows, ['in all', String(count)]], numbers: [1] },
    style,
  )
  return table.text
}

function indexesOf(columns: readonly Column[], which: (column: Column) => boolean): number[] {
  return columns.flatMap((column, index) => (which(column) ? [index] : []))
}

function painter(columns: readonly Column[], records: readonly Record[], colours: Colours) {
  return (text: string, row: number, column: number): string => {
    if (records[row]?.lifecycle !== 'active') return colours.dim(text)
    return columns[column]?.kind === 'outcome' ? paintOutcome(text, colours) : text
  }
}

/** Good outcomes are green, bad ones red, open ones yellow. */
function paintOutcome(text: string, { green, red, yellow }: Colours): string {
  if (/^(?:success|approved|executed|done|ok)$/i.test(text)) return green(text)
  if (/^(?:failure|failed|rejected|error|rolled_back)$/i.test(text)) return red(text)
  return /^(?:blocked|pending|cancelled|stale|expired)$/i.test(text) ? yellow(text) : text
}
