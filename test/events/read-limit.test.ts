/** How much a pump reads at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unawaitedMaxLength } from '../../daemon/events/notification-writer.ts'
import { ReadLimit } from '../../daemon/events/read-limit.ts'

const short = 1000
const quick = 0.1

function learned(...reads: readonly (readonly [length: number, tookMs: number])[]): number {
  const limit = new ReadLimit()
  for (const [length, tookMs] of reads) limit.adapt(length, tookMs)
  return limit.events
}

test('what is short and quick is read by 256', () => {
  assert.equal(learned(), 256)
  assert.equal(learned([short, quick], [short, quick]), 256)
})

test('long events are read one by one in the end, and many at a time again when they are short', () => {
  const long = Array.from({ length: 10 }, () => [unawaitedMaxLength + 1, quick] as const)
  assert.equal(learned(...long), 1)
  assert.equal(learned(...long, [short, quick], [short, quick]), 4)
})

test('slow reads get shorter, though never because of time alone very short', () => {
  const slow = Array.from({ length: 10 }, () => [short, 5] as const)
  assert.equal(learned([short, 5]), 128)
  assert.equal(learned(...slow), 32)
  assert.equal(learned(...slow, [short, 1]), 32, 'neither slow nor quick')
  assert.equal(learned(...slow, [short, quick]), 64)
})
