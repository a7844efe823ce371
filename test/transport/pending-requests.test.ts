import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PendingRequests } from '../../sdk/transport/pending-requests.ts'

test('ids are taken until they are settled', () => {
  const pending = new PendingRequests(3)
  assert.equal(pending.add(1), 'added')
  assert.equal(pending.add('a'), 'added')
  assert.equal(pending.add(1), 'duplicate')
  assert.equal(pending.add('1'), 'duplicate')
  assert.equal(pending.add(-0), 'added')
  assert.equal(pending.add(4), 'full')
  assert.equal(pending.add('a'), 'duplicate')
  pending.settle(1)
  pending.settle('unknown')
  assert.equal(pending.size, 2)
  assert.equal(pending.add(1), 'added')
})

test('being idle is told once, as soon as nothing waits', () => {
  const pending = new PendingRequests(3)
  let told = 0
  pending.onIdle(() => told++)
  assert.equal(told, 1)
  pending.add(1)
  pending.add(2)
  pending.onIdle(() => told++)
  pending.settle(1)
  assert.equal(told, 1)
  pending.settle(2)
  assert.equal(told, 2)
  pending.add(3)
  pending.settle(3)
  assert.equal(told, 2)
})
