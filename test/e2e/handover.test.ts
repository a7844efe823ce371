/** Another daemon takes over while clients write and listen: no call fails, and no event is lost or doubled. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Client } from '../../sdk/client/client.ts'
import { integer, text } from '../../sdk/field.ts'
import { acquireOwnerLock, takeTurn } from '../../sdk/launch/owner-lock.ts'
import { replaceDaemon } from '../../sdk/launch/replace-daemon.ts'
import { findOrStartDaemon } from '../../sdk/launch/start-daemon.ts'
import { prepareStore } from '../../sdk/launch/store-location.ts'
import { DaemonStatus, HandOverDaemon } from '../../sdk/protocol/daemon.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { compareVersions } from '../../sdk/version.ts'
import { isAlive, makePlace, until } from '../cli/orion-process.ts'
import { testPlace } from '../support/daemon.ts'
import { scriptCommand } from '../support/launch.ts'
import { daemonCommand, type ServedStore, servedStore } from '../support/served-store.ts'

const Entry = defineRecordType('Entry', {
  fields: { name: text(), count: integer({ default: 0 }) },
})

const writesPerSecond = 1000
/** A machine that can't answer so many a second is to answer what it is sent, not to fall behind without end. */
const waitingMax = 1000
const subscriptions = 100

test('under 1,000 writes a second and 100 subscriptions no call fails, and each event comes once', async (t) => {
  const store = servedStore(t)
  const { writer, heard, instances } = await loaded(store)
  const writing = paced(writer)
  await until(() => writing.answered > 300)
  await replaceDaemon({ ...place(store), daemonCommand })
  const answered = writing.answered
  await until(() => writing.answered > answered + 300)
  const written = await writing.stop()
  t.diagnostic(
    `${written} writes; longest silence of answers ${Math.round(writing.longestGapMs)} ms`,
  )
  await until(() => heard.every((list) => list.length >= written))
  assert.equal(instances.size, 2)
  const wanted = Array.from({ length: written }, (_, at) => `entry ${at}`).sort()
  for (const names of heard) assert.deepEqual(names.toSorted(), wanted)
})

test('a client that speaks a newer protocol than the daemon has it replaced', async (t) => {
  const store = servedStore(t)
  const old = scriptCommand('old-daemon.ts')
  const probe = async () => true
  await findOrStartDaemon({ ...place(store), daemonCommand: old, probe, deadlineMs: 60_000 })
  const oldPid = store.pid() ?? 0
  await assert.rejects(store.client({ daemon: 'join-only' }), { kind: 'protocol_unsupported' })
  assert.equal(isAlive(oldPid), true)
  const client = await store.client()
  assert.equal((await client.repository(Entry).create({ name: 'new' })).version, 1)
  assert.equal(readFileSync(join(store.location.directory, 'handed-over'), 'utf8'), 'old\n')
  assert.equal(isAlive(oldPid), false)
})

test('cold clients that come during a hand-over do not overtake the daemon that takes over', async (t) => {
  const store = servedStore(t)
  const first = await store.client()
  const before = await first.request(DaemonStatus, {})
  const replaced = replaceDaemon({ ...place(store), daemonCommand })
  const joined = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      await new Promise((resolve) => setTimeout(resolve, at * 40))
      const client = await store.client()
      const { instanceId } = client.server
      await client.repository(Entry).create({ name: `cold ${at}` })
      return instanceId
    }),
  )
  await replaced
  const { instanceId } = await first.request(DaemonStatus, {})
  assert.notEqual(instanceId, before.instanceId)
  assert.deepEqual(
    joined.filter((id) => id !== instanceId && id !== before.instanceId),
    [],
  )
  await until(() => !isAlive(before.pid))
})

test('whoever waits for his turn keeps others from the lock, and the turn ends with him', async (t) => {
  const { location } = testPlace(t)
  prepareStore(location)
  const owner = await acquireOwnerLock(location.lockPath)
  const turn = await takeTurn(location.lockPath)
  assert.ok(owner && turn)
  assert.equal(await takeTurn(location.lockPath), undefined)
  owner.release()
  assert.equal(await acquireOwnerLock(location.lockPath), undefined)
  const next = await turn.acquire({})
  assert.ok(next)
  turn.release()
  turn.release()
  assert.equal(await acquireOwnerLock(location.lockPath), undefined)
  next.release()
  const last = await acquireOwnerLock(location.lockPath, { waitMs: 10_000 })
  assert.ok(last)
  last.release()
})

test('a daemon hands over to no older version, unless it is forced', async (t) => {
  const client = await servedStore(t).client()
  await assert.rejects(client.request(HandOverDaemon, { version: '0.0.9' }), {
    kind: 'invalid_request',
    message: /version 0\.1\.0 or later/,
  })
  assert.equal((await client.request(DaemonStatus, {})).aliveBecause.length > 0, true)
  await client.request(HandOverDaemon, { version: '0.0.9', force: true })
  assert.notEqual((await client.request(DaemonStatus, {})).instanceId, undefined)
})

test('versions are ordered by their numbers', () => {
  const ordered = ['0.0.9', '0.1.0', '0.1.1', '0.10.0', '1.0.0', '1.0.1-beta', '2']
  for (const [at, version] of ordered.entries()) {
    for (const [other, than] of ordered.entries()) {
      assert.equal(
        Math.sign(compareVersions(version, than)),
        Math.sign(at - other),
        `${version} ${than}`,
      )
    }
  }
  assert.equal(compareVersions('1.2.3-a', '1.2.3+b'), 0)
})

test('orion handover replaces the daemon and says so, and starts one where none runs', async (t) => {
  const { orion, json, daemons } = makePlace(t)
  const first = JSON.parse(JSON.stringify(await json(['handover'])))
  assert.equal(first.before, undefined)
  const second = JSON.parse(JSON.stringify(await json(['handover'])))
  assert.deepEqual(second.before, first.now)
  assert.notEqual(second.now.pid, first.now.pid)
  assert.deepEqual(daemons(), [second.now.pid])
  const told = await orion(['handover'])
  assert.match(
    told.stdout,
    /^Orion 0\.1\.0 \(process \d+\) serves, after 0\.1\.0 \(process \d+\)\.\n$/,
  )
})

function place({ location, options }: ServedStore) {
  return { location, env: options.env ?? {} }
}

/** A client that writes, and subscribers in some other clients that keep what they heard. */
async function loaded(store: ServedStore) {
  const writer = await store.client()
  await writer.define(Entry)
  const instances = new Set<string>()
  const heard: string[][] = []
  const clients: Client[] = await Promise.all(Array.from({ length: 4 }, () => store.client()))
  for (let at = 0; at < subscriptions; at++) {
    const names: string[] = []
    heard.push(names)
    await clients[at % clients.length]?.on(Entry, (event) => {
      instances.add(clients[at % clients.length]?.server.instanceId ?? '')
      names.push(event.record?.data.name ?? '')
    })
  }
  return { writer, heard, instances }
}

/** Writes so many records a second until it is stopped. A write that fails fails `stop`. */
function paced(client: Client) {
  const entries = client.repository(Entry)
  const writes: Promise<unknown>[] = []
  const begun = performance.now()
  let answered = 0
  let lastMs = begun
  let longestGapMs = 0
  const answer = (): void => {
    const nowMs = performance.now()
    longestGapMs = Math.max(longestGapMs, nowMs - lastMs)
    lastMs = nowMs
    answered++
  }
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begun) / 1000) * writesPerSecond)
    while (writes.length < due && writes.length - answered < waitingMax) {
      writes.push(entries.create({ name: `entry ${writes.length}` }).then(answer))
    }
  }, 5)
  return {
    get answered() {
      return answered
    },
    /** Longest time between two answers, in milliseconds. */
    get longestGapMs() {
      return longestGapMs
    },
    stop: async () => {
      clearInterval(timer)
      await Promise.all(writes)
      return writes.length
    },
  }
}
