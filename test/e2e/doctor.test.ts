/** `orion doctor` through the command line, over real stores, real daemons and real damage. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import type { Client } from '../../sdk/client/client.ts'
import { connect } from '../../sdk/client/connect.ts'
import { integer, text } from '../../sdk/field.ts'
import { BackupStore, DaemonStatus, ShutdownDaemon } from '../../sdk/protocol/daemon.ts'
import { finding } from '../../sdk/protocol/upkeep.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { isAlive, makePlace, type Place, until } from '../cli/orion-process.ts'
import { daemonCommand } from '../support/served-store.ts'

const Entry = defineRecordType('Entry', {
  fields: { name: text(), count: integer({ default: 0 }) },
})

const report = z.object({ ok: z.boolean(), findings: z.array(finding) })

test('doctor finds a store sound, and names a daemon that is stopped at once', async (t) => {
  const place = makePlace(t)
  const { pid } = await seeded(t, place)
  const { code, ok, of } = await doctor(place, [])
  assert.deepEqual([code, ok], [0, true])
  assert.equal(of('daemon').message, `process ${pid} answers`)
  for (const check of ['place', 'run-time directory', 'integrity', 'log', 'records', 'settings']) {
    assert.equal(of(check).level, 'ok', check)
  }
  assert.match(of('backups').message, /1 backup; the newest good one is /)

  process.kill(pid, 'SIGSTOP')
  const told = await place.orion(['doctor'])
  process.kill(pid, 'SIGCONT')
  assert.equal(told.code, 1)
  assert.match(told.stdout, new RegExp(`FAIL  daemon .*process ${pid}.* is stopped`))
  assert.match(told.stdout, new RegExp(`kill -CONT ${pid}`))
})

test('doctor names rights of others, leftovers and wrong settings, and --repair mends what it can', async (t) => {
  const place = makePlace(t)
  // A directory with a name of its user's own is left as it is when a daemon starts.
  const store = join(place.directory, 'data')
  mkdirSync(store)
  writeFileSync(join(store, 'of the user'), '')
  await seeded(t, place, store)
  rmSync(join(store, 'backups'), { recursive: true })
  const leftover = join(store, '.store.sqlite.0b7e9a52-6f0e-4c86-9d3a-0a1b2c3d4e5f.tmp')
  writeFileSync(leftover, 'half of a copy')
  chmodSync(store, 0o755)
  chmodSync(join(store, 'store.sqlite'), 0o644)
  writeFileSync(join(store, 'config.json'), '{"limits":{"recordsMax":1}}')

  const before = await doctor(place, ['--store', store])
  assert.equal(before.code, 1)
  assert.match(
    before.of('permissions').message,
    /data has mode 0755; .*store\.sqlite has mode 0644/,
  )
  assert.match(before.of('leftovers').message, /^1 unfinished copy takes room: /)
  assert.match(before.of('settings').message, /config\.json .*recordsMax/)
  assert.ok(before.of('settings').remedy)

  rmSync(join(store, 'config.json'))
  const after = await doctor(place, ['--store', store, '--repair'])
  assert.deepEqual([after.code, after.ok], [0, true])
  assert.ok(after.of('permissions').repaired && after.of('leftovers').repaired)
  const modes = [store, join(store, 'store.sqlite')].map((path) => statSync(path).mode & 0o777)
  assert.deepEqual(modes, [0o700, 0o600])
  assert.deepEqual(
    readdirSync(store).filter((name) => name.endsWith('.tmp') || name === 'of the user'),
    ['of the user'],
  )
})

/** What happens to a store's file while no daemon serves it. */
const damages: readonly (readonly [name: string, damage: (path: string) => void])[] = [
  ['overwritten in the middle', overwriteMiddle],
  ['cut to half', (path) => truncateSync(path, statSync(path).size / 2)],
  ['no SQLite file at all', (path) => writeFileSync(path, 'not a database. '.repeat(2000))],
]

/** Each takes a dozen programs: the short form has the first. */
const damagesHere = process.env.ORION_LONG === '1' ? damages : damages.slice(0, 1)

for (const [name, damage] of damagesHere) {
  test(`a store whose file is ${name} goes back to its newest good backup`, async (t) => {
    const place = makePlace(t)
    const { epoch } = await seeded(t, place)
    await stopped(place)
    const path = join(place.store, 'store.sqlite')
    damage(path)
    const damaged = readFileSync(path)
    const told = await place.orion(['doctor', '--repair', '--yes'])
    assert.equal(told.code, 0, told.stdout + told.stderr)
    assert.match(told.stdout, /repaired: went back to /)

    const client = await clientOf(t, place)
    const entries = client.repository(Entry)
    assert.equal((await entries.get('kept'))?.data.name, 'kept')
    await assert.rejects(entries.get('late'), { kind: 'not_found' })
    assert.equal((await entries.create({ name: 'new' })).version, 1)
    const status = await client.request(DaemonStatus, {})
    assert.notEqual(status.store.epoch, epoch)
    const [aside = ''] = backupsOf(place).filter((file) => file.endsWith('before-restore.sqlite'))
    assert.deepEqual(readFileSync(join(place.store, 'backups', aside)), damaged)
  })
}

test('a damaged store is left as it is until somebody agrees, and a damaged backup is passed over', async (t) => {
  const place = makePlace(t)
  const { backup } = await seeded(t, place)
  await stopped(place)
  const path = join(place.store, 'store.sqlite')
  truncateSync(path, 50_000)
  const damaged = readFileSync(path)
  const newer = backup.replace(/\d{4}(?=\d{4}T)/, (year) => String(Number(year) + 1))
  writeFileSync(newer, damaged)

  const told = await doctor(place, ['--repair'])
  assert.deepEqual([told.code, told.ok], [1, false])
  assert.equal(told.of('integrity').level, 'fail')
  assert.match(told.of('integrity').remedy ?? '', /orion doctor --repair/)
  assert.ok(told.of('restore').message.includes(`not restored from ${backup}`))
  assert.match(told.of('restore').remedy ?? '', /--yes/)
  assert.ok(told.of('backups').message.endsWith(`newer ones can't be used: ${newer}`))
  assert.deepEqual(readFileSync(path), damaged)
})

test('without a backup doctor says what can be done, and a backup from elsewhere mends it', async (t) => {
  const place = makePlace(t)
  const { backup } = await seeded(t, place)
  await stopped(place)
  const elsewhere = join(place.directory, 'elsewhere.sqlite')
  renameSync(backup, elsewhere)
  const path = join(place.store, 'store.sqlite')
  writeFileSync(path, 'not a database. '.repeat(2000))

  const told = await doctor(place, ['--repair', '--yes'])
  assert.deepEqual([told.code, told.ok], [1, false])
  const { remedy = '' } = told.of('integrity')
  assert.match(remedy, /orion backup restore FILE/)
  assert.ok(remedy.includes(`move ${path} away`) && !remedy.includes('doctor'), remedy)
  assert.equal(told.of('backups').remedy, undefined, 'none can be made of such a store')
  const restored = await place.orion(['backup', 'restore', elsewhere])
  assert.equal(restored.code, 0, restored.stderr)
  const client = await clientOf(t, place)
  assert.equal((await client.repository(Entry).get('kept'))?.data.name, 'kept')
})

test('a store that was emptied while no daemon ran is not passed over when there is a backup', async (t) => {
  const place = makePlace(t)
  const { backup } = await seeded(t, place)
  await stopped(place)
  truncateSync(join(place.store, 'store.sqlite'), 0)
  const told = await place.orion(['doctor'])
  assert.equal(told.code, 0, 'an empty store is a sound one')
  assert.match(told.stdout, /daemon +process \d+ started to look at the store/)
  assert.match(
    told.stdout,
    /warn +backups +the store is empty, and there is a backup with \d+ event/,
  )
  assert.ok(told.stdout.includes(`orion backup restore ${backup}`))
})

test('doctor takes the word of its user for it that a store was copied, or moved', async (t) => {
  const place = makePlace(t)
  const { storeId } = await seeded(t, place)
  await stopped(place)
  rmSync(join(place.store, 'backups'), { recursive: true })
  const copy = join(place.directory, 'copy')
  cpSync(place.store, copy, { recursive: true })

  // The original is still there: whoever says it was moved is told.
  const wrong = await doctor(place, ['--store', copy, '--moved'])
  assert.deepEqual([wrong.code, wrong.of('identity').level], [1, 'fail'])
  assert.match(wrong.of('identity').message, /is still there, so this store was copied/)
  assert.equal(wrong.of('integrity').level, 'ok', 'the other checks are made all the same')
  const copied = await doctor(place, ['--store', copy, '--copied'])
  assert.deepEqual([copied.code, copied.all('identity').length], [0, 1])
  assert.ok(!copied.of('identity').message.includes(storeId), 'it has an id of its own')

  // As `mv` does it to another file system.
  const moved = join(place.directory, 'moved')
  cpSync(place.store, moved, { recursive: true })
  rmSync(place.store, { recursive: true })
  const said = await doctor(place, ['--store', moved, '--moved'])
  assert.equal(said.code, 0)
  assert.deepEqual(
    said.all('identity').map(({ level, message }) => [level, message]),
    [['ok', `the store was moved: it is ${storeId}`]],
  )
  const client = await clientOf(t, place, moved)
  assert.equal((await client.request(DaemonStatus, {})).store.storeId, storeId)
  assert.equal((await client.repository(Entry).get('late'))?.data.name, 'late')
})

test('settings that make no sense are named when they keep a daemon from starting', async (t) => {
  const place = makePlace(t)
  writeFileSync(join(place.store, 'config.json'), '{"limits":')
  const told = await doctor(place, [])
  assert.equal(told.code, 1)
  assert.match(told.of('daemon').message, /config\.json/)
  assert.match(told.of('daemon').remedy ?? '', /setting/)
})

/** A store with `kept`, a backup, and `late`, which the backup does not have; its daemon serves. */
async function seeded(t: TestContext, place: Place, store = place.store) {
  const client = await clientOf(t, place, store)
  const entries = client.repository(Entry)
  // Enough for pages in the middle of the file that are in use.
  for (let at = 0; at < 40; at++) await entries.create({ name: 'x'.repeat(2000) })
  await entries.create({ name: 'kept' }, { id: 'kept' })
  const { path: backup } = await client.request(BackupStore, {})
  await entries.create({ name: 'late' }, { id: 'late' })
  const status = await client.request(DaemonStatus, {})
  await client.close()
  const { storeId, epoch } = status.store
  return { backup, pid: status.pid, storeId, epoch }
}

async function clientOf(t: TestContext, place: Place, store = place.store): Promise<Client> {
  const { env } = place
  const client = await connect({
    client: { name: 'test' },
    store,
    env,
    daemonCommand,
    timeoutMs: 60_000,
  })
  t.after(() => client.close())
  return client
}

/** Ends the daemon cleanly, so that the file is all there is. */
async function stopped(place: Place): Promise<void> {
  const [pid = 0] = place.daemons()
  const { env, store } = place
  const client = await connect({ client: { name: 'test' }, store, env, daemon: 'join-only' })
  await client.request(ShutdownDaemon, {})
  await client.close()
  await until(() => !isAlive(pid))
}

async function doctor(place: Place, args: readonly string[]) {
  const { code, stdout, stderr } = await place.orion(['doctor', '--json', ...args])
  assert.equal(stderr, '')
  const { ok, findings } = report.parse(JSON.parse(stdout))
  const all = (check: string) => findings.filter((one) => one.check === check)
  const of = (check: string) => {
    const [found] = all(check)
    assert.ok(found, `nothing is said about ${check}: ${stdout}`)
    return found
  }
  return { code, ok, all, of }
}

function backupsOf({ store }: Place): string[] {
  return readdirSync(join(store, 'backups'))
}

function overwriteMiddle(path: string): void {
  const third = Math.floor(statSync(path).size / 3)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(third, 0x55), 0, third, third)
  closeSync(file)
}
