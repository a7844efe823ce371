/** Page cursors of histories: the seq with which the next page begins, as opaque text. */
import { OrionError } from '../../sdk/errors.ts'

/** The cursor of the page that begins with this event. */
export function encodeHistoryCursor(seq: number): string {
  return `h${seq.toString(36)}`
}

/** @throws OrionError `invalid_request` when the text is none of our cursors. */
export function decodeHistoryCursor(text: string): number {
  const seq = /^h[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text.slice(1), 36) : Number.NaN
  if (Number.isSafeInteger(seq)) return seq
  throw wrongHistoryCursor()
}

/** The error for a cursor that is none, or that belongs to another record. */
export function wrongHistoryCursor(): OrionError<'invalid_request'> {
  return new OrionError('invalid_request', 'expected the `next` of an earlier page as `after`', {
    issues: [{ path: 'after', message: 'is no page cursor of this history' }],
  })
}
