/** Backups that are made by themselves, looked at, and pruned; and those that are made before the format changes. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../daemon/clock.ts'
import { leftoverCopies, listBackups, pruneBackups } from '../../daemon/store/backup-files.ts'
import { formatMigrations } from '../../daemon/store/format.ts'
import { type FileReport, inspectFile, isSound } from '../../daemon/store/inspect-file.ts'
import { VERSION } from '../../sdk/version.ts'
import { until } from '../cli/orion-process.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const note = { type: 'Note', data: { title: 'a' } }

async function inspect(path: string): Promise<FileReport> {
  const nowMicros = systemClock.nowMicros()
  return inspectFile(await loadTestEngine(), path, { depth: 'everything', nowMicros })
}

test('a backup is made by itself when something has changed, and not otherwise; the oldest go', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const limits = { backupEveryMs: 30, backupsMax: 2 }
  const store = await openTestStore(t, { path, limits })
  // A type was defined, but no event is in the log.
  assert.deepEqual(store.backups.next(), { because: 'the store is empty' })
  for (let seq = 1; seq <= 4; seq++) {
    await store.create(note, caller())
    await until(() => store.backups.last?.seq === seq)
  }
  await until(() => !store.backups.isRunning)
  assert.deepEqual(store.backups.next(), { because: 'nothing has changed since the last one' })
  const kept = store.backups.list()
  assert.equal(kept.length, 2)
  assert.equal(kept[0]?.path, store.backups.last?.path)
  for (const { path: made, reason } of kept) {
    assert.equal(reason, 'scheduled')
    assert.ok(isSound(await inspect(made)))
  }
  await store.close()
  const again = await openTestStore(t, { path, limits: { ...limits, backupEveryMs: 86_400_000 } })
  assert.deepEqual(again.backups.last?.path, kept[0]?.path, 'it is remembered')
  await again.create(note, caller())
  const { at } = again.backups.next()
  assert.ok(at !== undefined && at > (kept[0]?.at ?? ''), 'the next one is due a day after it')
})

test('none is made by itself when backupEveryMs is 0', async (t) => {
  const store = await openTestStore(t, { limits: { backupEveryMs: 0 } })
  await store.create(note, caller())
  assert.match(store.backups.next().because, /backupEveryMs is 0/)
})

test('a copy that is not whole gets no name, and the failure is told', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const looked: string[] = []
  const verifyCopy = async (copy: string): Promise<void> => {
    looked.push(copy)
    assert.ok(existsSync(copy))
    throw new Error('page 7 is gone')
  }
  const store = await openTestStore(t, { path, verifyCopy, limits: { backupEveryMs: 10 } })
  await store.create(note, caller())
  await until(() => store.backups.problem !== undefined)
  assert.match(store.backups.problem ?? '', /page 7 is gone/)
  await assert.rejects(store.backup(undefined), { kind: 'storage_failed', message: /page 7/ })
  assert.deepEqual(listBackups(path), [])
  assert.deepEqual(leftoverCopies(path), [])
  assert.ok(looked.every((copy) => !existsSync(copy)))
  // A mark that is not of any backup would be taken for a restored one.
  const { epoch } = store
  await store.close()
  assert.equal((await openTestStore(t, { path })).epoch, epoch)
})

test('pruning leaves the newest of each reason, and every file with another name', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  const store = await openTestStore(t, { path })
  await store.backup(undefined)
  const backups = join(directory, 'backups')
  const names = [1, 2, 3].flatMap((day) => [
    `2020010${day}T000000.000000Z-scheduled.sqlite`,
    `2020010${day}T000000.000000Z-before-restore.sqlite`,
  ])
  for (const name of [...names, 'mine.sqlite', '20200101T000000.000000Z-mine.sqlite']) {
    writeFileSync(join(backups, name), 'x')
  }
  writeFileSync(join(backups, `${names[1]}-wal`), 'x')
  assert.equal(pruneBackups(path, 2).length, 2)
  const left = readdirSync(backups).sort()
  assert.ok(!left.some((name) => name.startsWith('20200101') && !name.includes('mine')))
  assert.equal(left.length, 7)
  const elsewhere = join(directory, 'kept.sqlite')
  await store.backup(elsewhere)
  pruneBackups(path, 0)
  assert.ok(existsSync(elsewhere))
})

test('the one just made stays although the clock was ahead when the others were made', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const store = await openTestStore(t, { path, limits: { backupsMax: 2 } })
  for (const year of ['2091', '2092']) {
    await store.create(note, caller())
    const { path: made } = await store.backup(undefined)
    renameSync(made, join(dirname(made), basename(made).replace(/^\d{4}/, year)))
  }
  await store.create(note, caller())
  const { path: newest } = await store.backup(undefined)
  assert.ok(existsSync(newest))
  assert.ok(listBackups(path).length === 2)
})

test('a backup replaces an earlier one, and no file that is none', async (t) => {
  const directory = temporaryDirectory(t)
  const store = await openTestStore(t, { path: join(directory, 'store.db') })
  await store.create(note, caller())
  for (const [name, text] of [
    ['config.json', '{}'],
    ['tokens.json', 'SQLite format 3'],
    ['notes.txt', 'x'.repeat(100)],
  ] as const) {
    const other = join(directory, name)
    writeFileSync(other, text)
    await assert.rejects(store.backup(other), { kind: 'invalid_request' })
    assert.equal(readFileSync(other, 'utf8'), text)
  }
  const place = join(directory, 'copy.db')
  for (let twice = 0; twice < 2; twice++) await store.backup(place)
  assert.ok(isSound(await inspect(place)))
})

test('before the format changes a backup of the old one is made; a newer one names the version needed', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const older = await openTestStore(t, { path })
  await older.create({ ...note, id: 'n' }, caller())
  await older.close()
  const next = {
    format: formatMigrations.length + 1,
    statements: ['CREATE TABLE of_the_future (a INTEGER)'],
  }
  const migrations = [...formatMigrations, next]
  const failing = [...formatMigrations, { ...next, statements: ['CREATE TABLE log (a)'] }]
  await assert.rejects(openTestStore(t, { path, migrations: failing }))
  assert.equal((await inspect(path)).format, formatMigrations.length, 'all of it, or nothing')
  const store = await openTestStore(t, { path, migrations })
  assert.equal((await store.get({ type: 'Note', id: 'n' }, caller())).version, 1)
  const [backup] = store.backups.list()
  assert.equal(backup?.reason, 'before-migration')
  const report = await inspect(backup?.path ?? '')
  assert.deepEqual([report.format, report.seq, isSound(report)], [formatMigrations.length, 1, true])
  await store.close()
  const before = readFileSync(path)
  await assert.rejects(openTestStore(t, { path }), (error: Error & { data?: unknown }) => {
    const needed = `Use Orion ${VERSION} or newer. Nothing in the store was touched.`
    assert.deepEqual(error.data, { remedy: needed })
    assert.ok(error.message.includes(`has format ${next.format}, written by Orion`))
    return true
  })
  assert.ok(readFileSync(path).equals(before))
})

test('a format is not changed without a backup of the old one', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'store.db')
  await (await openTestStore(t, { path })).close()
  writeFileSync(join(directory, 'backups'), 'in the way')
  const next = { format: formatMigrations.length + 1, statements: ['CREATE TABLE later (a)'] }
  const migrations = [...formatMigrations, next]
  await assert.rejects(openTestStore(t, { path, migrations }), { kind: 'storage_failed' })
  await (await openTestStore(t, { path })).close()
})
