import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { nodeHostIo } from '../../../daemon/store/engine/host-io.ts'
import { groupedOptions } from '../../conformance/engine-suite.ts'
import { loadTestEngine } from '../../support/engine.ts'
import { alteredIo } from './altered-io.ts'
import { temporaryDirectory } from './temporary-directory.ts'

test('a checkpoint syncs the log before it copies, and the main file after', async (t) => {
  const { connection, calls } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  calls.length = 0
  await connection.checkpoint()
  const kinds = calls.filter((call, index) => call !== calls[index - 1])
  assert.deepEqual(kinds, ['sync log', 'write main', 'sync main'])
})

test('a checkpoint blocks on nothing', async (t) => {
  const { connection, altered } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  altered.syncData = () => assert.fail('a blocking sync')
  await connection.checkpoint()
  assert.equal(connection.walPages(), 0)
})

test('a commit that would overwrite the log waits for the main file to be on disk', async (t) => {
  const { connection, calls, holdMainSync } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  const held = holdMainSync()
  const checkpoint = connection.checkpoint()
  await held.started
  calls.length = 0
  connection.exec('INSERT INTO t VALUES (2)') // Starts the log anew, against the caller's duty.
  assert.deepEqual(calls.slice(0, 2), ['sync main', 'write log'])
  held.release()
  await checkpoint
})

test('a close that would delete the log waits for the main file to be on disk', async (t) => {
  const { connection, calls, holdMainSync } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  const held = holdMainSync()
  const checkpoint = connection.checkpoint()
  await held.started
  calls.length = 0
  connection.close()
  assert.deepEqual(calls, ['sync main', 'delete log'])
  held.release()
  await checkpoint
})

test('a descriptor is not closed under a sync that is on its way', async (t) => {
  const { connection, altered, holdMainSync } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  const held = holdMainSync()
  const checkpoint = connection.checkpoint()
  const fd = await held.started
  const closed: number[] = []
  altered.close = (other) => {
    closed.push(other)
    nodeHostIo.close(other)
  }
  connection.close()
  assert.equal(closed.includes(fd), false)
  held.release()
  await checkpoint
  assert.equal(closed.includes(fd), true)
})

test('a sync with nothing to sync does not go to the disk', async (t) => {
  const { connection, calls } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v)')
  await connection.sync()
  calls.length = 0
  await connection.sync()
  connection.prepare('SELECT * FROM t').all()
  await connection.sync()
  assert.deepEqual(calls, [])
})

test('the log of a predecessor that was killed is synced before anybody reads it', async (t) => {
  const { connection } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  const directory = temporaryDirectory(t)
  const { openFile, calls } = await recorded(t)
  for (const suffix of ['', '-wal']) {
    writeFileSync(join(directory, `left.db${suffix}`), readFileSync(connection.path + suffix))
  }
  const again = openFile(join(directory, 'left.db'))
  assert.deepEqual(calls, ['sync log', 'sync directory'])
  assert.deepEqual(again.prepare('SELECT v FROM t').get(), { v: 1 })
})

test('a commit is one write to the log', async (t) => {
  const { connection, calls } = await openRecorded(t)
  connection.exec('CREATE TABLE t (v); CREATE INDEX i ON t (v)')
  connection.exec('BEGIN')
  for (let i = 0; i < 100; i += 1) connection.exec('INSERT INTO t VALUES (hex(randomblob(500)))')
  calls.length = 0
  connection.exec('COMMIT')
  assert.deepEqual(calls, ['write log'])
})

/** What goes to the host, in order: `write log`, `sync main` and so on. */
async function recorded(t: TestContext) {
  const { io, altered } = alteredIo()
  const names = new Map<number, string>()
  const calls: string[] = []
  const note = (what: string, fd: number): void => {
    calls.push(`${what} ${names.get(fd) ?? 'unknown'}`)
  }
  altered.open = (path, flags, mode) => {
    const fd = nodeHostIo.open(path, flags, mode)
    const role = path.endsWith('-wal') ? 'log' : path.endsWith('-journal') ? 'journal' : 'main'
    names.set(fd, nodeHostIo.describe(fd).isFile ? role : 'directory')
    return fd
  }
  altered.write = (fd, bytes, position) => {
    note('write', fd)
    return nodeHostIo.write(fd, bytes, position)
  }
  altered.sync = (fd) => note('sync', fd)
  altered.syncData = (fd) => note('sync', fd)
  altered.syncDataAsync = async (fd) => note('sync', fd)
  altered.unlink = (path) => {
    calls.push(path.endsWith('-wal') ? 'delete log' : 'delete journal')
    nodeHostIo.unlink(path)
  }
  const holdMainSync = () => {
    const started = deferred<number>()
    const end = deferred<void>()
    altered.syncDataAsync = (fd) => {
      if (names.get(fd) !== 'main') return Promise.resolve()
      started.resolve(fd)
      return end.promise
    }
    return { started: started.promise, release: () => end.resolve() }
  }
  const engine = await loadTestEngine({ io })
  const openFile = (path: string) => {
    const connection = engine.open(path, groupedOptions)
    t.after(() => connection.close())
    return connection
  }
  return { altered, calls, holdMainSync, openFile }
}

async function openRecorded(t: TestContext) {
  const recording = await recorded(t)
  const connection = recording.openFile(join(temporaryDirectory(t), 'test.db'))
  return { ...recording, connection }
}

function deferred<Value>() {
  let resolve: (value: Value) => void = () => undefined
  const promise = new Promise<Value>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
