import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inProcess } from '../../daemon/in-process.ts'
import { acquireOwnerLock } from '../../sdk/launch/owner-lock.ts'
import { testPlace } from '../support/daemon.ts'
import { WireClient } from '../support/wire-client.ts'

const insight = { type: 'OrionInsight', data: { summary: 'a', domain: 'build' } }

test('a daemon in this process serves, and gives the store back when it is closed', async (t) => {
  const { location, env } = testPlace(t)
  const open = inProcess({ env })
  for (let round = 1; round <= 3; round++) {
    const daemon = await open(location, { waitMs: 0 })
    assert.ok(daemon !== 'held')
    const client = new WireClient(daemon.transport)
    await client.initialize()
    await client.call('record/create', insight)
    assert.equal((await client.call('record/list', { type: 'OrionInsight' })).records.length, round)
    assert.equal(await open(location, { waitMs: 0 }), 'held')
    await daemon.close()
    await daemon.close()
    await client.closed
  }
})

test('closing answers what was accepted first', async (t) => {
  const { location, env } = testPlace(t)
  const daemon = await inProcess({ env })(location, { waitMs: 0 })
  assert.ok(daemon !== 'held')
  const client = new WireClient(daemon.transport)
  await client.initialize()
  const ids = Array.from({ length: 20 }, () => client.send('record/create', insight))
  await client.answer(ids[0] ?? 0)
  await daemon.close()
  for (const id of ids) assert.notEqual((await client.answer(id)).result, undefined)
})

test('whoever waits gets the store as soon as it is free', async (t) => {
  const { location, env } = testPlace(t)
  const open = inProcess({ env })
  const first = await open(location, { waitMs: 0 })
  assert.ok(first !== 'held')
  const waiting = open(location, { waitMs: 60_000 })
  await first.close()
  const second = await waiting
  assert.ok(second !== 'held')
  await second.close()
})

test('a wait for the store ends when its caller gives up', async (t) => {
  const { location, env } = testPlace(t)
  const open = inProcess({ env })
  const first = await open(location, { waitMs: 0 })
  assert.ok(first !== 'held')
  const giveUp = new AbortController()
  const waiting = open(location, { waitMs: 60_000, signal: giveUp.signal })
  giveUp.abort(new Error('no more'))
  await assert.rejects(waiting, /no more|aborted/)
  await first.close()
})

test('a daemon that can not start gives the lock back', async (t) => {
  const { location, env } = testPlace(t)
  const open = inProcess({ env: { ...env, ORION_LIMIT_IDLE_EXIT_MS: 'soon' } })
  await assert.rejects(open(location, { waitMs: 0 }), /idleExitMs/)
  const lock = await acquireOwnerLock(location.lockPath)
  assert.ok(lock !== undefined)
  lock.release()
})
