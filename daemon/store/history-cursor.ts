/** Page cursors of histories: the version after which the next page goes on, as opaque text. */
import { OrionError } from '../../sdk/errors.ts'

/** The cursor after a version. */
export function encodeHistoryCursor(version: number): string {
  return `h${version.toString(36)}`
}

/** @throws OrionError `invalid_request` when the text is none of our cursors. */
export function decodeHistoryCursor(text: string): number {
  const version = /^h[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text.slice(1), 36) : Number.NaN
  if (Number.isSafeInteger(version)) return version
  throw new OrionError('invalid_request', 'expected the `next` of an earlier page as `after`', {
    issues: [{ path: 'after', message: 'is no page cursor of a history' }],
  })
}
