/** Tables for people. The only file that knows the table library. */
import Table from 'cli-table3'
import type { Colours } from '../colours.ts'
import { cut, displayWidth } from './cell.ts'

/** A table: a title for each column, and rows of texts. */
export interface TableParts {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns whose content may be shortened when the terminal is too narrow, by their index; default all. */
  readonly flexible?: readonly number[]
  /** Columns of numbers, which end below one another. */
  readonly numbers?: readonly number[]
}

/** How a table is to look. */
export interface TableStyle {
  readonly colours: Colours
  /** Width of the terminal; undefined for a file or a pipe, where only very long values are cut. */
  readonly columns: number | undefined
  /** Colours one cell, given its text and where it stands. Must not change its width. */
  readonly paint?: (text: string, row: number, column: number) => string
}

/** A drawn table, and whether a value had to be cut. */
export interface DrawnTable {
  readonly text: string
  readonly cut: boolean
}

/** Draws a table without lines: a title row, and columns with two blanks between them. */
export function drawTable(parts: TableParts, style: TableStyle): DrawnTable {
  const widths = columnWidths(parts, style.columns)
  const fit = (text: string, column: number): string => cut(text, widths[column] ?? text.length)
  const table = new Table({
    chars: Object.fromEntries(borders.map((name) => [name, ''])),
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
    colAligns: parts.head.map((_, column) => (parts.numbers?.includes(column) ? 'right' : 'left')),
    head: parts.head.map((title) => style.colours.dim(title)),
  })
  const paint = style.paint ?? ((text) => text)
  for (const [row, cells] of parts.rows.entries()) {
    table.push(cells.map((text, column) => paint(fit(text, column), row, column)))
  }
  const cutSome = parts.rows.some((cells) =>
    cells.some((text, column) => fit(text, column) !== text),
  )
  const lines = table.toString().split('\n')
  return { text: lines.map((line) => `${line.trimEnd()}\n`).join(''), cut: cutSome }
}

const borders = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
]

const gap = 2
const cellMaxLength = 80
const cellMinLength = 8

/** Narrows the widest flexible column, one character at a time, until the row fits. */
function columnWidths(parts: TableParts, columns: number | undefined): number[] {
  const widths = parts.head.map((title, column) =>
    Math.max(title.length, ...parts.rows.map((cells) => displayWidth(cells[column] ?? ''))),
  )
  const flexible = parts.flexible ?? parts.head.map((_, column) => column)
  for (const column of flexible) {
    widths[column] = Math.min(widths[column] ?? 0, columns ?? cellMaxLength, cellMaxLength)
  }
  if (columns === undefined) return widths
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width + gap, 0)
    const widest = flexible.reduce(
      (best, column) => ((widths[column] ?? 0) > (widths[best] ?? 0) ? column : best),
      flexible[0] ?? 0,
    )
    const width = widths[widest] ?? 0
    if (total <= columns || width <= cellMinLength) return widths
    widths[widest] = width - 1
  }
}
