/**
 * Page cursors of lists: the sort key of the last record of a page, as opaque text. The next page holds what
 * comes after that key, so it stays right while others write. A cursor fits one list only: the same type,
 * filter, order and lifecycles.
 */
import { createHash } from 'node:crypto'
import { OrionError } from '../../sdk/errors.ts'
import type { Order, SortKey, SortValue } from '../../sdk/filter/order.ts'
import { canonicalJson, type Json, type JsonObject } from '../../sdk/json.ts'
import type { Lifecycle } from '../../sdk/model.ts'

/** Longest cursor, in characters; a request takes no longer one. */
export const pageCursorMaxLength = 8192

/** What a list is of, as far as its cursors are concerned. */
export interface ListIdentity {
  readonly type: string
  readonly where: JsonObject | undefined
  readonly order: Order
  readonly lifecycle: readonly Lifecycle[]
}

/**
 * The cursor after a record with this sort key.
 *
 * @throws OrionError `too_large` when the values are too long to be sent back.
 */
export function encodePageCursor(list: ListIdentity, after: SortKey): string {
  return sealPageCursor([digestOf(list), ...after], 'order by fields with shorter values')
}

/**
 * Values as opaque text.
 *
 * @param remedy - What to do when they are too long to be sent back.
 * @throws OrionError `too_large`
 */
export function sealPageCursor(values: readonly Json[], remedy: string): string {
  const body = Buffer.from(JSON.stringify(values)).toString('base64url')
  const cursor = `${body}.${checksumOf(body)}`
  if (cursor.length <= pageCursorMaxLength) return cursor
  throw new OrionError('too_large', 'the page cursor would be too long', {
    limit: pageCursorMaxLength,
    actual: cursor.length,
    remedy,
  })
}

/**
 * The sort key after which a page goes on.
 *
 * @throws OrionError `invalid_request` for a text that is no cursor, or that of another list.
 */
export function decodePageCursor(list: ListIdentity, cursor: string): SortKey {
  const [digest, ...values] = openPageCursor(cursor)
  if (!values.every(isSortValue)) throw refusedCursor('is no page cursor of a list')
  if (digest !== digestOf(list) || values.length !== list.order.length) {
    throw refusedCursor('is the cursor of a list with another type, filter, order or lifecycle')
  }
  return values
}

/**
 * The values of a cursor.
 *
 * @throws OrionError `invalid_request` for a text that is no cursor.
 */
export function openPageCursor(cursor: string): readonly Json[] {
  const [body = '', checksum, ...more] = cursor.split('.')
  if (cursor.length > pageCursorMaxLength || more.length > 0 || checksum !== checksumOf(body)) {
    throw refusedCursor('is no page cursor of a list')
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(body, 'base64url').toString())
  } catch {
    // Whoever made this computed a checksum over something else than a cursor; it is refused below.
  }
  if (!Array.isArray(parsed)) throw refusedCursor('is no page cursor of a list')
  return parsed
}

function isSortValue(value: Json): value is SortValue {
  return value === null || typeof value === 'string' || typeof value === 'number'
}

function digestOf({ type, where, order, lifecycle }: ListIdentity): string {
  const terms = order.map(({ target, direction }) => [target.name, direction])
  return digestOfList([type, where ?? {}, terms, lifecycle.toSorted()])
}

/** Tells lists apart, and searches. */
export function digestOfList(identity: Json): string {
  return hash(canonicalJson(identity))
}

/** Guards against slips, not against forgery: a forged cursor shows nothing that a filter would not. */
function checksumOf(body: string): string {
  return hash(`page cursor ${body}`).slice(0, 8)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

/** The error for something that is no cursor, or not of this list. */
export function refusedCursor(message: string): OrionError {
  return new OrionError('invalid_request', 'expected the `next` of an earlier page as `after`', {
    issues: [{ path: 'after', message }],
    remedy: 'take `next` from a page of the same list, or begin again without `after`',
  })
}
