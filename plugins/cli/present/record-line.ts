/** Records in one line each, for lists of several types. */

import type { z } from 'zod'
import type { Expansion, OmittedTarget, Record } from '../../../sdk/model.ts'
import type { RecordReferrers } from '../../../sdk/protocol/references.ts'
import type { TextStyle } from '../print.ts'
import { cellText, cut } from './cell.ts'
import { columnsFor } from './columns.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'

/** What following references gave, below the records that name it; empty when nothing was asked for. */
export function expansionText(answer: Expansion, style: TextStyle): string {
  const { included, omitted = [], incomplete } = answer
  if (included === undefined) return ''
  const { bold, dim, yellow } = style.colours
  const lines = [
    ...included.map((record) => recordLine(record, style)),
    ...omitted.map((target) => yellow(omittedLine(target))),
    ...(incomplete ? [yellow('There are more than find room: ask for fewer records.')] : []),
    ...(included.length + omitted.length === 0 ? [dim('They name nothing.')] : []),
  ]
  return `\n${bold('Named')}\n${lines.map((line) => `  ${line}\n`).join('')}`
}

/** The records that name another one, as a table. */
export function referrersText(
  page: z.output<typeof RecordReferrers.result>,
  style: TextStyle,
): string {
  const { referrers, next } = page
  const { dim } = style.colours
  const more = next === undefined ? '' : dim(`There are more: --after ${next}\n`)
  if (referrers.length === 0) return `${dim('No records name it.\n')}${more}`
  const rows = referrers.map(({ field, record }) => [
    safeText(record.type),
    cellText(record.id),
    safeText(field),
    summaryOf(record, style),
  ])
  const table = drawTable({ head: ['type', 'id', 'by', ''], rows, flexible: [3] }, style)
  return `${table.text}${more}`
}

function recordLine(record: Record, style: TextStyle): string {
  const { lifecycle, type, id } = record
  const state = lifecycle === 'active' ? '' : style.colours.yellow(` (${lifecycle})`)
  return `${safeText(`${type} ${id}`)}${state}  ${style.colours.dim(cut(summaryOf(record, style), 80))}`
}

function omittedLine({ type, id, reason }: OmittedTarget): string {
  const why = reason === 'absent' ? 'is not there' : 'may not be read with these rights'
  return `${safeText(`${type} ${id}`)} ${why}`
}

/** The first of the columns that a list of its type shows, after id and version. */
function summaryOf(record: Record, { now }: TextStyle): string {
  return columnsFor(record.type, [record])[2]?.text(record, now) ?? ''
}
