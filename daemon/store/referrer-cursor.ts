/** Page cursors of referrers: the last one of a page, as opaque text. A cursor fits one question only. */
import { createHash } from 'node:crypto'
import { OrionError } from '../../sdk/errors.ts'
import { canonicalJson } from '../../sdk/json.ts'
import type { Lifecycle } from '../../sdk/model.ts'

/** Where a page of referrers ends. */
export interface ReferrerKey {
  readonly type: string
  readonly field: string
  readonly id: string
}

/** What was asked, as far as cursors are concerned. */
export interface ReferrerQuestion {
  readonly type: string
  readonly id: string
  readonly from?: string | undefined
  readonly field?: string | undefined
  readonly lifecycle: readonly Lifecycle[]
}

/** The cursor after a referrer. */
export function encodeReferrerCursor(question: ReferrerQuestion, after: ReferrerKey): string {
  const parts = [digestOf(question), after.type, after.field, after.id]
  return `r${Buffer.from(JSON.stringify(parts)).toString('base64url')}`
}

/** @throws OrionError `invalid_request` for a text that is no cursor, or that of another question. */
export function decodeReferrerCursor(question: ReferrerQuestion, cursor: string): ReferrerKey {
  const parts = cursor.startsWith('r') ? parse(cursor.slice(1)) : []
  const [digest, type, field, id] = parts
  if (typeof type !== 'string' || typeof field !== 'string' || typeof id !== 'string') {
    throw refused('is no page cursor of referrers')
  }
  if (digest !== digestOf(question)) throw refused('is the cursor of another question')
  return { type, field, id }
}

function parse(body: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
    return Array.isArray(parsed) ? parsed : []
  } catch {
    // Refused by the caller, like everything else that is no cursor.
    return []
  }
}

function digestOf({ type, id, from, field, lifecycle }: ReferrerQuestion): string {
  const asked = canonicalJson([type, id, from ?? null, field ?? null, lifecycle.toSorted()])
  return createHash('sha256').update(asked).digest('base64url').slice(0, 16)
}

function refused(message: string): OrionError {
  return new OrionError('invalid_request', 'expected the `next` of an earlier page as `after`', {
    issues: [{ path: 'after', message }],
    remedy: 'take `next` from a page of the same question, or begin again without `after`',
  })
}
