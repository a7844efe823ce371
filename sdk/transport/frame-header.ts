/** Why a header block is refused, in words for the peer. */
export interface HeaderFault {
  readonly fault: string
}

const usualStart = Buffer.from('Content-Length: ', 'latin1')
const zero = 0x30
/** Decimal digits that are always a safe integer. */
const safeDigits = 15

/**
 * The body length that a header block declares, or why it can't be used.
 *
 * The block is `bytes[start, end)` and ends in an empty line. Exactly one `Content-Length` made of
 * digits is needed, in any letter case; `Content-Type` may name UTF-8 and no other charset; other
 * headers are ignored.
 */
export function readContentLength(bytes: Buffer, start: number, end: number): number | HeaderFault {
  const usual = readUsualLength(bytes, start, end)
  return usual >= 0 ? usual : parseHeaderLines(bytes.toString('latin1', start, end - 4))
}

/** Reads `Content-Length: <digits>` alone, as nearly every client writes it; -1 for all else. */
function readUsualLength(bytes: Buffer, start: number, end: number): number {
  const digits = start + usualStart.length
  const digitsEnd = end - 4
  if (digitsEnd <= digits || digitsEnd - digits > safeDigits) return -1
  for (let i = 0; i < usualStart.length; i++) {
    if (bytes[start + i] !== usualStart[i]) return -1
  }
  let length = 0
  for (let i = digits; i < digitsEnd; i++) {
    const digit = (bytes[i] ?? 0) - zero
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length
}

function parseHeaderLines(block: string): number | HeaderFault {
  let length: number | undefined
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) {
      return { fault: `expected header lines of the form Name: value, got ${quote(line)}` }
    }
    const value = line.slice(colon + 1).trim()
    if (name === 'content-length') {
      if (length !== undefined) return { fault: 'expected one Content-Length, got several' }
      const parsed = parseLength(value)
      if (typeof parsed !== 'number') return parsed
      length = parsed
    } else if (name === 'content-type' && !namesUtf8(value)) {
      return { fault: `expected the charset utf-8, got Content-Type ${quote(value)}` }
    }
  }
  return length ?? { fault: 'expected a Content-Length header, got none' }
}

function parseLength(value: string): number | HeaderFault {
  const length = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (Number.isSafeInteger(length)) return length
  return { fault: `expected a Content-Length of digits, got ${quote(value)}` }
}

function namesUtf8(contentType: string): boolean {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]
  return charset === undefined || /^utf-?8$/i.test(charset)
}

/** Text of the peer for a message to it: short, and harmless in a terminal. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
