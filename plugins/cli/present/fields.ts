import type { Json } from '../../../sdk/json.ts'
import type { TextStyle } from '../print.ts'
import { displayWidth } from './cell.ts'
import { safeText } from './safe-text.ts'

/** Names and values below one another, each value whole; lines of a longer one stand under its first. */
export function fieldLines(
  members: { readonly [name: string]: Json | object | undefined },
  { colours }: Pick<TextStyle, 'colours'>,
): string {
  const known = Object.entries(members).filter(([, value]) => value !== undefined)
  const width = Math.max(0, ...known.map(([name]) => displayWidth(safeText(name))))
  const lines = known.map(([name, value]) => {
    const title = safeText(name)
    const pad = ' '.repeat(width - displayWidth(title))
    const text = valueText(value).replaceAll('\n', `\n${' '.repeat(width + 2)}`)
    return `${colours.dim(title)}${pad}  ${text}`
  })
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** A longer list has a line for each item. */
const lineMaxLength = 80

function valueText(value: unknown): string {
  if (typeof value === 'string') return safeText(value, { lines: true })
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    const items = value.map((item) => safeText(item, { lines: true }))
    const line = items.join(', ')
    return line.length <= lineMaxLength && !line.includes('\n') ? line : items.join('\n')
  }
  if (typeof value === 'object' && value !== null) {
    return safeText(JSON.stringify(value, null, 2), { lines: true })
  }
  return String(value)
}
