/** Draws what a terminal shows as a page, of which a browser takes a picture. */
import type { TerminalSight } from './terminal.ts'

/** Colours of a terminal that its program has not chosen. */
export interface TerminalColours {
  readonly background: string
  readonly text: string
}

/** How a cell looks. */
interface Look {
  text: string | undefined
  background: string | undefined
  bold: boolean
  dim: boolean
  italic: boolean
  underlined: boolean
  reversed: boolean
}

interface Cell {
  readonly text: string
  readonly look: Look
}

/** The sequence that changes how what follows looks, with its codes; another sequence; or one character. */
const pieces = new RegExp('~\\[([\\d;:]*)m|~\\][^~]*~\\\\|~.|[^~]'.replaceAll('~', '\u001b'), 'gu')
const fontSize = 14
const lineHeight = 19
const base = [
  ['#1d1f21', '#cc6666', '#8fa14f', '#c39a4b', '#6f93b8', '#9d81a8', '#5f9c97', '#c5c8c6'],
  ['#767a7e', '#e07878', '#b5bd68', '#f0c674', '#81a2be', '#b294bb', '#8abeb7', '#ffffff'],
].flat()

/** A page that shows exactly what the terminal shows, in an element of the id `screen`. */
export function terminalPage(sight: TerminalSight, colours: TerminalColours): string {
  // How it looks goes on from row to row.
  let look = plain()
  const rows = sight.rows.map((row, index) => {
    const read = cellsOf(row, { columns: sight.columns, look })
    look = read.look
    const at = sight.cursor?.row === index ? sight.cursor.column : undefined
    return `<div>${drawRow(read.cells, colours, at)}</div>`
  })
  return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: ${colours.background} }
#screen { display: inline-block; padding: 10px 12px; background: ${colours.background}; color: ${colours.text};
  font: ${fontSize}px/${lineHeight}px 'JetBrains Mono', 'Noto Sans Mono CJK KR', monospace;
  font-variant-ligatures: none; width: ${sight.columns}ch }
#screen div { height: ${lineHeight}px; white-space: pre; overflow: hidden }
#screen span { display: inline-block; height: ${lineHeight}px; vertical-align: top }
</style><div id="screen">${rows.join('')}</div>`
}

/** One cell for each column; the second of a wide character is empty. */
function cellsOf(
  row: string,
  start: { columns: number; look: Look },
): { cells: Cell[]; look: Look } {
  const { columns } = start
  let { look } = start
  const cells: Cell[] = []
  for (const [part, codes] of row.matchAll(pieces)) {
    if (codes !== undefined) look = changed(look, codes)
    else if (!part.startsWith('\u001b')) {
      const last = cells.at(-1)
      if (/\p{Mn}/u.test(part) && last !== undefined) {
        cells[cells.length - 1] = { ...last, text: last.text + part }
        continue
      }
      cells.push({ text: part, look })
      if (isWide(part)) cells.push({ text: '', look })
    }
  }
  while (cells.length < columns) cells.push({ text: ' ', look: plain() })
  return { cells: cells.slice(0, columns), look }
}

function drawRow(
  cells: readonly Cell[],
  colours: TerminalColours,
  cursor: number | undefined,
): string {
  let html = ''
  for (let from = 0; from < cells.length; ) {
    const first = cells[from]
    if (first === undefined) break
    let to = from + 1
    // A wide character stands alone, so that its neighbours keep their columns.
    const alone = (index: number): boolean => index === cursor || cells[index + 1]?.text === ''
    if (alone(from)) to += cells[from + 1]?.text === '' ? 1 : 0
    else while (to < cells.length && !alone(to) && same(cells[to]?.look, first.look)) to += 1
    const look = from === cursor ? { ...first.look, reversed: !first.look.reversed } : first.look
    const text = cells
      .slice(from, to)
      .map((cell) => cell.text)
      .join('')
    html += `<span style="width:${to - from}ch;${style(look, colours)}">${escaped(text)}</span>`
    from = to
  }
  return html
}

function style(look: Look, colours: TerminalColours): string {
  let [text, background] = [look.text ?? colours.text, look.background ?? colours.background]
  if (look.reversed) [text, background] = [background, text]
  return [
    `color:${text}`,
    `background:${background}`,
    ...(look.bold ? ['font-weight:bold'] : []),
    ...(look.dim ? ['opacity:.65'] : []),
    ...(look.italic ? ['font-style:italic'] : []),
    ...(look.underlined ? ['text-decoration:underline'] : []),
  ].join(';')
}

/** The look after a sequence of codes (SGR). */
function changed(before: Look, codes: string): Look {
  const look = { ...before }
  const numbers = codes.split(/[;:]/).map(Number)
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index] ?? 0
    if (code === 38 || code === 48 || code === 58) {
      const long = numbers[index + 1] === 2
      const rest = numbers.slice(index + 2, index + (long ? 5 : 3))
      const colour = long ? `rgb(${rest.join(',')})` : colourOf(rest[0] ?? 0)
      if (code === 38) look.text = colour
      if (code === 48) look.background = colour
      index += long ? 4 : 2
    } else Object.assign(look, simple(code))
  }
  return look
}

function simple(code: number): Partial<Look> {
  if (code === 0) return plain()
  if (code === 1) return { bold: true }
  if (code === 2) return { dim: true }
  if (code === 22) return { bold: false, dim: false }
  if (code === 3 || code === 23) return { italic: code === 3 }
  if (code === 4 || code === 24) return { underlined: code === 4 }
  if (code === 7 || code === 27) return { reversed: code === 7 }
  if (code === 39) return { text: undefined }
  if (code === 49) return { background: undefined }
  if (code >= 30 && code <= 37) return { text: base[code - 30] }
  if (code >= 40 && code <= 47) return { background: base[code - 40] }
  if (code >= 90 && code <= 97) return { text: base[code - 82] }
  if (code >= 100 && code <= 107) return { background: base[code - 92] }
  return {}
}

/** One of 256. */
function colourOf(index: number): string {
  const named = base[index]
  if (named !== undefined) return named
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + (index - 232) * 10)
      .join(',')})`
  const cube = index - 16
  const part = (value: number): number => (value === 0 ? 0 : 55 + value * 40)
  return `rgb(${part(Math.floor(cube / 36))},${part(Math.floor(cube / 6) % 6)},${part(cube % 6)})`
}

function plain(): Look {
  return {
    text: undefined,
    background: undefined,
    bold: false,
    dim: false,
    italic: false,
    underlined: false,
    reversed: false,
  }
}

const same = (left: Look | undefined, right: Look): boolean =>
  JSON.stringify(left) === JSON.stringify(right)

const isWide = (text: string): boolean =>
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u.test(
    text,
  )

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
