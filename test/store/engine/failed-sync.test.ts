import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Connection, SyncMode } from '../../../daemon/store/engine/engine.ts'
import { groupedOptions, rejectsKind, throwsKind } from '../../conformance/engine-suite.ts'
import { loadTestEngine } from '../../support/engine.ts'
import { alteredIo, failing, hostError } from './altered-io.ts'
import { temporaryDirectory } from './temporary-directory.ts'

test('a failed sync of the log means unknown: the connection refuses writes until it is reopened', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  await connection.sync()
  connection.exec('INSERT INTO t VALUES (2)')
  altered.syncDataAsync = () => Promise.reject(hostError('EIO'))
  await rejectsKind('io', connection.sync(), /outcome of unsynced commits is unknown: EIO/)
  delete altered.syncDataAsync
  await assertPoisoned(connection, /EIO/)
  await assertReopens(connection, [1, 2])
})

test('a failed sync that blocks poisons as one that does not', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  connection.syncBlocking()
  connection.exec('INSERT INTO t VALUES (2)')
  altered.syncData = failing('EIO')
  throwsKind('io', () => connection.syncBlocking(), /outcome of unsynced commits is unknown: EIO/)
  delete altered.syncData
  await assertPoisoned(connection, /EIO/)
  await assertReopens(connection, [1, 2])
})

test('of two overlapping syncs the one that failed poisons the other', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v)')
  const endings: { resolve: () => void; reject: (error: Error) => void }[] = []
  altered.syncDataAsync = () =>
    new Promise((resolve, reject) => {
      endings.push({ resolve, reject })
    })
  connection.exec('INSERT INTO t VALUES (1)')
  const first = connection.sync()
  connection.exec('INSERT INTO t VALUES (2)')
  const second = connection.sync()
  endings[0]?.reject(hostError('EIO'))
  await rejectsKind('io', first)
  endings[1]?.resolve()
  await rejectsKind('io', second)
})

test('in full mode a commit whose sync fails is refused, and so is all after it', async (t) => {
  const { connection, altered } = await openAltered(t, 'full')
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  altered.syncData = failing('EIO')
  throwsKind('io', () => connection.exec('INSERT INTO t VALUES (2)'), /EIO/)
  delete altered.syncData
  await assertPoisoned(connection, /EIO/)
  await assertReopens(connection, [1, 2])
})

test('a checkpoint whose sync of the main file fails poisons, and the log is kept', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  await connection.sync()
  altered.syncDataAsync = () => Promise.reject(hostError('EIO'))
  await rejectsKind('io', connection.checkpoint(), /EIO/)
  delete altered.syncDataAsync
  await assertPoisoned(connection, /EIO/)
  await assertReopens(connection, [1])
})

test('a directory that can not be synced is noticed before anything is answered', async (t) => {
  const { io, altered } = alteredIo()
  altered.sync = failing('EIO')
  const engine = await loadTestEngine({ io })
  const path = join(temporaryDirectory(t), 'new.db')
  throwsKind('io', () => engine.open(path, groupedOptions), /EIO/)
  delete altered.sync
  engine.open(path, groupedOptions).close()
})

for (const [what, suffix] of [
  ['log', '-wal'],
  ['main file', ''],
] as const) {
  test(`a ${what} that was replaced behind the process is noticed a moment later`, async (t) => {
    const { connection, later } = await openAltered(t)
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    await connection.sync()
    const other = join(temporaryDirectory(t), 'other')
    writeFileSync(other, 'restored from somewhere')
    renameSync(other, connection.path + suffix)
    later()
    connection.exec('INSERT INTO t VALUES (2)')
    await rejectsKind('io', connection.sync(), /was replaced behind this process/)
    await assertPoisoned(connection, /replaced/)
  })
}

test('a log that was deleted behind the process is noticed at the very next sync', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  await connection.sync()
  const nowMs = performance.now()
  altered.monotonicMs = () => nowMs // No time passes, so nothing is looked at now and then.
  rmSync(`${connection.path}-wal`)
  connection.exec('INSERT INTO t VALUES (2)')
  await rejectsKind('io', connection.sync(), /was deleted behind this process/)
  await assertPoisoned(connection, /deleted/)
})

test('a main file that was deleted behind the process is noticed a moment later', async (t) => {
  const { connection, later } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  await connection.sync()
  rmSync(connection.path)
  later()
  connection.exec('INSERT INTO t VALUES (2)')
  await rejectsKind('io', connection.sync(), /was deleted behind this process/)
  await assertPoisoned(connection, /deleted/)
})

test('a sqlite3 shell on the live file costs the next commit, never one that was synced', async (t) => {
  const { connection } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  await connection.sync()
  const shell = spawnSync('sqlite3', [connection.path, 'SELECT v FROM t'], { encoding: 'utf8' })
  if (shell.error !== undefined) return t.skip('there is no sqlite3 here')
  assert.equal(shell.stdout, '1\n')
  connection.exec('INSERT INTO t VALUES (2)')
  await rejectsKind('io', connection.sync(), /deleted behind this process/)
  await assertReopens(connection, [1])
})

async function openAltered(t: TestContext, syncMode: SyncMode = 'grouped') {
  const { io, altered } = alteredIo()
  const engine = await loadTestEngine({ io })
  const path = join(temporaryDirectory(t), 'test.db')
  const connection = engine.open(path, { ...groupedOptions, syncMode })
  t.after(() => connection.close())
  const later = (): void => {
    altered.monotonicMs = () => performance.now() + 1000
  }
  return { connection, altered, later }
}

async function assertPoisoned(connection: Connection, reason: RegExp): Promise<void> {
  assert.match(String(connection.fault), reason)
  throwsKind('io', () => connection.exec('INSERT INTO t VALUES (99)'), reason)
  assert.ok(connection.prepare('SELECT count(*) AS n FROM t').get(), 'reads go on')
  await rejectsKind('io', connection.sync(), reason)
  await rejectsKind('io', connection.checkpoint(), reason)
}

/** What was synced must be there; what was not may be, but nothing else. */
async function assertReopens(connection: Connection, values: readonly number[]): Promise<void> {
  connection.close()
  const again = (await loadTestEngine()).open(connection.path, groupedOptions)
  try {
    const found = again.prepare('SELECT v FROM t ORDER BY v').all()
    assert.deepEqual(
      found.map(({ v }) => v),
      values,
    )
    assert.deepEqual(again.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
  } finally {
    again.close()
  }
}
