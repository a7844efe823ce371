/**
 * What may happen to a store and its daemon on a real machine. Each case heals by itself, or explains itself; nobody
 * has to delete a file.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '../../daemon/clock.ts'
import { integer, text } from '../../sdk/field.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import { DaemonStatus, ShutdownDaemon } from '../../sdk/protocol/daemon.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { isAlive, makePlace, until } from '../cli/orion-process.ts'
import { startDaemon, testPlace } from '../support/daemon.ts'
import { daemonCommand, servedStore } from '../support/served-store.ts'

const Entry = defineRecordType('Entry', {
  fields: { name: text(), count: integer({ default: 0 }) },
})

interface Ruined {
  readonly store: string
  /** The user's run-time directory, and the one of this store in it. */
  readonly run: string
  readonly runtime: string
  readonly pid: number
}

/** Cases after which the daemon that serves next has the record that was written before. */
const healing: readonly (readonly [name: string, ruin: (ruined: Ruined) => void])[] = [
  ['a daemon that was killed', ({ pid }) => process.kill(pid, 'SIGKILL')],
  [
    'a discovery file with the process id of somebody else, after a kill',
    ({ pid, runtime }) => {
      process.kill(pid, 'SIGKILL')
      const path = join(runtime, 'daemon.json')
      const found = JSON.parse(readFileSync(path, 'utf8'))
      writeFileSync(path, JSON.stringify({ ...found, pid: process.pid }))
    },
  ],
  [
    'a discovery file that is cut off while the daemon serves',
    ({ runtime }) => truncateSync(join(runtime, 'daemon.json'), 20),
  ],
  [
    'a reboot, which leaves neither process nor run-time directory,',
    ({ pid, run }) => {
      process.kill(pid, 'SIGKILL')
      rmSync(run, { recursive: true })
    },
  ],
  [
    'a run-time directory that is deleted under the daemon',
    ({ run }) => rmSync(run, { recursive: true }),
  ],
  [
    'a socket that is deleted under the daemon',
    ({ runtime }) => {
      for (const name of readdirSync(runtime)) {
        if (name.endsWith('.sock')) rmSync(join(runtime, name))
      }
    },
  ],
  [
    'a lock file that is deleted under the daemon',
    ({ store }) => rmSync(join(store, 'owner.lock')),
  ],
  [
    'an owner’s note that makes no sense',
    ({ store }) => writeFileSync(join(store, 'owner.json'), '{'),
  ],
  [
    'what a start that was cut off has left',
    ({ pid, runtime }) => {
      process.kill(pid, 'SIGKILL')
      rmSync(join(runtime, 'daemon.json'))
      writeFileSync(join(runtime, 'daemon.json.0123456789ab'), '{"pid"')
    },
  ],
]

for (const [name, ruin] of healing) {
  test(`${name} heals`, async (t) => {
    const { client, ruined } = await ruinedStore(t, ruin)
    const found = await (await client()).repository(Entry).get('kept')
    assert.equal(found?.data.name, 'kept')
    assert.deepEqual(
      readdirSync(ruined.runtime).filter(
        (file) => !/^(daemon\.json|daemon\.log|\w+\.sock)$/.test(file),
      ),
      [],
    )
  })
}

/** Cases in which the store itself is gone: the daemon that had it ends, and a new store takes its place. */
const losses: readonly (readonly [name: string, lose: (ruined: Ruined) => void])[] = [
  ['a store directory that is deleted', ({ store }) => rmSync(store, { recursive: true })],
  ['a store directory that is moved away', ({ store }) => renameSync(store, `${store}.moved`)],
  [
    'a store directory in whose place another is put',
    ({ store }) => {
      renameSync(store, `${store}.moved`)
      mkdirSync(store, { mode: 0o700 })
    },
  ],
  [
    'a store file that is deleted',
    ({ store }) => {
      for (const file of readdirSync(store)) {
        if (file.startsWith('store.sqlite')) rmSync(join(store, file))
      }
    },
  ],
]

for (const [name, lose] of losses) {
  test(`${name} under the daemon ends it, and the next one begins anew`, async (t) => {
    const { client, ruined } = await ruinedStore(t, lose)
    await until(() => !isAlive(ruined.pid))
    const next = await client()
    await assert.rejects(next.repository(Entry).get('kept'), { kind: 'not_found' })
    assert.equal((await next.repository(Entry).create({ name: 'new' })).version, 1)
  })
}

test('a store directory that was moved away is served where it is now, with all it had', async (t) => {
  const { client, ruined } = await ruinedStore(t, ({ store }) =>
    renameSync(store, `${store}.moved`),
  )
  const there = await client({ store: `${ruined.store}.moved` })
  assert.equal((await there.repository(Entry).get('kept'))?.data.name, 'kept')
  await there.request(ShutdownDaemon, {})
})

test('a daemon that is stopped is named with what to do, and serves when it goes on', async (t) => {
  const { client, ruined } = await ruinedStore(t, ({ pid }) => process.kill(pid, 'SIGSTOP'))
  const told = await client({ timeoutMs: 1500 }).catch((error: unknown) => error)
  process.kill(ruined.pid, 'SIGCONT')
  assert.ok(told instanceof LaunchError)
  assert.match(told.message, new RegExp(`process ${ruined.pid} owned the store`))
  assert.match(told.remedy, /SIGKILL: nothing that was answered is lost/)
  const status = await (await client()).request(DaemonStatus, {})
  assert.equal(status.pid, ruined.pid)
})

test('a clock that is set back by a year neither stops a store nor turns the order of its events', async (t) => {
  const day = 24 * 60 * 60 * 1_000_000
  const at = (micros: number): Clock => ({
    nowMicros: () => micros,
    monotonicMs: () => systemClock.monotonicMs(),
  })
  const now = systemClock.nowMicros()
  const first = await startDaemon(t, { clock: at(now) })
  const early = await first.connect()
  const before = await early.call('record/create', { type: 'Note', data: { title: 'before' } })
  await first.daemon.close()
  const { location } = first
  const second = await startDaemon(t, { location, clock: at(now - 365 * day) })
  const late = await second.connect()
  const opened = { patterns: ['Note.*'], from: before.token }
  const { subscriptionId } = await late.call('subscription/open', opened)
  const after = await late.call('record/create', { type: 'Note', data: { title: 'after' } })
  await late.call('subscription/flush', { subscriptionId })
  const { events } = await late.call('event/list', { patterns: ['Note.*'] })
  assert.deepEqual(
    events.map((event: { record: { data: { title: string } } }) => event.record.data.title),
    ['before', 'after'],
  )
  assert.ok(events[1].at >= events[0].at, `${events[0].at}, then ${events[1].at}`)
  const found = await late.call('record/get', { type: 'Note', id: after.id })
  assert.ok(found.createdAt >= events[0].at)
})

test('a socket path that is too long says so, and which variable to set', async (t) => {
  const place = makePlace(t)
  const env = { ORION_RUNTIME_DIR: join(place.directory, 'a-long-name'.repeat(12)) }
  const told = await place.orion(['get', 'OrionInsight', 'x'], { env })
  assert.equal(told.code, 6)
  assert.match(told.stderr, /socket path of at most 107 bytes/)
  assert.match(told.stderr, /ORION_RUNTIME_DIR/)
})

test('a session directory that is not there is no obstacle', async (t) => {
  const place = makePlace(t)
  const env = { ORION_RUNTIME_DIR: '', XDG_RUNTIME_DIR: join(place.directory, 'nothing') }
  const told = await place.orion(['endpoint', '--json'], { env })
  assert.deepEqual([told.code, told.stderr], [0, ''])
  const { socket } = JSON.parse(told.stdout)
  assert.match(socket, new RegExp(`^/tmp/orion-${process.getuid?.()}/[0-9a-f]{12}/`))
  assert.equal((await place.orion(['stop'], { env })).code, 0)
  rmSync(join(socket, '..'), { recursive: true })
})

const starts: readonly (readonly [name: string, mount: string, says: RegExp])[] = [
  ['a disk that is full', 'mount -t tmpfs -o size=16k,mode=0700 tmpfs "$STORE"', /full|no space/i],
  [
    'a file system that can only be read',
    'mount -t tmpfs -o ro,mode=0700 tmpfs "$STORE"',
    /read-only/,
  ],
]
for (const [name, mount, says] of starts) {
  test(`a start on ${name} says so, with what to do`, (t) => {
    const { location, env } = testPlace(t)
    mkdirSync(location.directory, { mode: 0o700 })
    const { command, args } = daemonCommand
    // In a mount namespace of its own, so that nothing is left of the mount.
    const unshare =
      process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount']
    const { status, stderr } = spawnSync(
      'unshare',
      [...unshare, 'sh', '-ec', `${mount}; exec "$@"`, 'sh', command, ...args],
      {
        encoding: 'utf8',
        env: {
          ...env,
          PATH: process.env.PATH,
          STORE: location.directory,
          ORION_STORE: location.directory,
        },
      },
    )
    assert.equal(status, 6, stderr)
    assert.match(stderr, says)
    assert.match(stderr, /what to do: \S/)
  })
}

/** A store with one record, ruined while, or after, a daemon served it that looks after itself ten times a second. */
async function ruinedStore(t: TestContext, ruin: (ruined: Ruined) => void) {
  const { client, location, runtime } = servedStore(t, { ORION_LIMIT_SELF_CHECK_EVERY_MS: '100' })
  const before = await client()
  await before.repository(Entry).create({ name: 'kept' }, { id: 'kept' })
  const { pid } = await before.request(DaemonStatus, {})
  await before.close()
  const ruined: Ruined = {
    store: location.directory,
    run: runtime.root,
    runtime: runtime.directory,
    pid,
  }
  ruin(ruined)
  return { client, ruined }
}
