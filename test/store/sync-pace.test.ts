/** When the event loop waits for the disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncPace } from '../../daemon/store/sync-pace.ts'

/** Runs so many syncs that take so long each, and counts those that were waited for. */
function waitedFor(pace: SyncPace, syncs: number, ms: number): number {
  let waited = 0
  for (let n = 0; n < syncs; n++) {
    if (!pace.waits()) continue
    waited += 1
    pace.took(ms)
  }
  return waited
}

test('short syncs are all waited for', () => {
  assert.equal(waitedFor(new SyncPace(2), 1_000, 0.5), 1_000)
})

test('a slow moment now and then changes nothing', () => {
  const pace = new SyncPace(2)
  let waited = 0
  for (let n = 0; n < 100; n++) waited += waitedFor(pace, 99, 0.3) + waitedFor(pace, 1, 5)
  assert.equal(waited, 10_000)
})

test('long syncs are tried again and again, ever more seldom', () => {
  const pace = new SyncPace(2)
  assert.ok(waitedFor(pace, 100, 10) <= 6)
  assert.ok(waitedFor(pace, 100_000, 10) <= 40)
})

test('a disk that has become fast again is waited for again', () => {
  const pace = new SyncPace(2)
  waitedFor(pace, 10_000, 10)
  waitedFor(pace, 10_000, 0.1)
  assert.equal(waitedFor(pace, 1_000, 0.1), 1_000)
})

test('without room none is waited for', () => {
  assert.equal(waitedFor(new SyncPace(0), 100, 0.001), 0)
})
