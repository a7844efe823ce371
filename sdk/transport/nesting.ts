import type { RequestId } from './pending-requests.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Whether JSON text nests objects and arrays deeper than `maxLevels`.
 *
 * Linear, without recursion. Text with few brackets, which is nearly all of it, is settled by
 * counting them. For text that is not JSON the answer means nothing, but still comes.
 */
export function nestsDeeper(text: string, maxLevels: number): boolean {
  if (text.length <= maxLevels) return false
  return hasMoreOpeners(text, maxLevels) && scanDepth(text, maxLevels)
}

/** Counts `{` and `[` anywhere, strings included, and stops one past `max`. */
function hasMoreOpeners(text: string, max: number): boolean {
  let count = 0
  for (const opener of ['{', '[']) {
    for (let at = text.indexOf(opener); at >= 0; at = text.indexOf(opener, at + 1)) {
      if (++count > max) return true
    }
  }
  return false
}

function scanDepth(text: string, maxLevels: number): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = endOfString(text, i)
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (++depth > maxLevels) return true
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--
  }
  return false
}

/**
 * How many values JSON text holds: itself, and what its lists and objects hold, at any depth.
 *
 * Linear, without recursion, and much cheaper than parsing. For text that is not JSON the answer means nothing, but
 * still comes.
 */
export function countValues(text: string): number {
  let count = 1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = endOfString(text, i)
    else if (code === COMMA) count++
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      const next = text.charCodeAt(i + 1)
      if (next !== CLOSE_BRACKET && next !== CLOSE_BRACE) count++
    }
  }
  return count
}

/** Index of the quote that closes the string opened at `start`, or the text's length. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

/**
 * The id of a request whose text is too deep to be parsed, or `null` if it can't be read.
 *
 * Looks only at members of the outermost object, in linear time. Without a `method` member it
 * returns `null`, because the id of a response is not the sender's to be answered.
 */
export function readRequestId(text: string): RequestId | null {
  let depth = 0
  let id: RequestId | null = null
  let hasMethod = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      const end = endOfString(text, i)
      const key = depth === 1 && end - i <= 'method'.length + 1 ? text.slice(i + 1, end) : ''
      i = end
      if (key === 'method') hasMethod ||= isMemberName(text, end)
      else if (key === 'id' && isMemberName(text, end)) id = readIdAfter(text, end)
    } else if (code === OPEN_BRACKET || code === OPEN_BRACE) depth++
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--
  }
  return hasMethod ? id : null
}

const memberName = /[\t\n\r ]*:/y
const idValue = /[\t\n\r ]*:[\t\n\r ]*("(?:[^"\\]|\\.){0,255}"|-?\d{1,16})[\t\n\r ]*[,}]/y

function isMemberName(text: string, quote: number): boolean {
  memberName.lastIndex = quote + 1
  return memberName.test(text)
}

function readIdAfter(text: string, quote: number): RequestId | null {
  idValue.lastIndex = quote + 1
  const literal = idValue.exec(text)?.[1]
  if (literal === undefined) return null
  try {
    const id: unknown = JSON.parse(literal)
    return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id))
      ? id
      : null
  } catch {
    return null // An escape that is no JSON: the id can't be read.
  }
}
