import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uuidV7 } from '../../sdk/uuid-v7.ts'

test('a UUIDv7 has its version, its variant and its time', () => {
  const id = uuidV7(0x0123456789ab)
  assert.match(id, /^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('ids of later milliseconds sort later, also while the time has leading zeros', () => {
  const times = [0, 1, 255, 65_536, 2 ** 40, 2 ** 48 - 1]
  const ids = times.map((time) => uuidV7(time))
  assert.deepEqual(ids.toSorted(), ids)
})

test('ids of one millisecond differ', () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, () => uuidV7(1))).size, 10_000)
})
