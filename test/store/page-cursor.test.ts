import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodePageCursor,
  encodePageCursor,
  type ListIdentity,
  pageCursorMaxLength,
} from '../../daemon/store/page-cursor.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { parseOrder } from '../../sdk/filter/order.ts'
import { Sample } from '../filter/sample-type.ts'

function listOf(orderBy: unknown, changes: Partial<ListIdentity> = {}): ListIdentity {
  return {
    type: 'Sample',
    where: { title: 'x', count: { gt: 1 } },
    order: parseOrder(Sample.definition, orderBy),
    lifecycle: ['active', 'archived'],
    ...changes,
  }
}
const list = listOf([{ field: 'count' }, { field: 'score', direction: 'desc' }])
const key = [null, 0.1, '저\0"'] as const
const cursor = encodePageCursor(list, key)

function kindOf(decode: () => unknown): string {
  try {
    decode()
  } catch (error) {
    if (isOrionError(error)) return error.kind
    throw error
  }
  return 'none'
}

test('a cursor gives back the values it was made of, exactly', () => {
  assert.deepEqual(decodePageCursor(list, cursor), key)
})

test('a cursor is text that needs no escaping in an address or a shell', () => {
  assert.match(cursor, /^[A-Za-z0-9_.-]+$/)
})

test('the same list, asked in other words, takes the cursor', () => {
  const again = { ...list, where: { count: { gt: 1 }, title: 'x' } }
  const lifecycle = ['archived', 'active'] as const
  assert.deepEqual(decodePageCursor({ ...again, lifecycle }, cursor), key)
})

const others: readonly (readonly [name: string, list: ListIdentity])[] = [
  ['type', { ...list, type: 'Other' }],
  ['filter', { ...list, where: { title: 'y', count: { gt: 1 } } }],
  ['filter, that of all', { ...list, where: undefined }],
  ['direction', listOf([{ field: 'count' }, { field: 'score', direction: 'asc' }])],
  ['order', listOf([{ field: 'count' }, { field: 'note', direction: 'desc' }])],
  ['number of terms', listOf(undefined)],
  ['lifecycle', { ...list, lifecycle: ['active'] }],
]
for (const [name, other] of others) {
  test(`a list with another ${name} refuses the cursor`, () => {
    assert.equal(
      kindOf(() => decodePageCursor(other, cursor)),
      'invalid_request',
    )
  })
}

test('a cursor with any one character changed, added or left out is refused', () => {
  for (let at = 0; at < cursor.length; at++) {
    const other = cursor[at] === 'A' ? 'B' : 'A'
    for (const middle of [other, '', `${cursor[at]}${other}`]) {
      const changed = cursor.slice(0, at) + middle + cursor.slice(at + 1)
      assert.equal(
        kindOf(() => decodePageCursor(list, changed)),
        'invalid_request',
        changed,
      )
    }
  }
})

for (const text of ['', '.', 'x', '..', `${cursor}.`, 'a'.repeat(10_000), 'W10.x', '\0']) {
  test(`${JSON.stringify(text.slice(0, 20))} is no cursor`, () => {
    assert.equal(
      kindOf(() => decodePageCursor(list, text)),
      'invalid_request',
    )
  })
}

test('a cursor too long to be sent back is not made', () => {
  const long = 'x'.repeat(pageCursorMaxLength)
  assert.equal(
    kindOf(() => encodePageCursor(list, [1, 2, long])),
    'too_large',
  )
})
