import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../../daemon/store/engine/engine.ts'
import { nodeHostIo } from '../../../daemon/store/engine/host-io.ts'
import { groupedOptions, rejectsKind, throwsKind } from '../../conformance/engine-suite.ts'
import { loadTestEngine } from '../../support/engine.ts'
import { alteredIo, failing, hostError } from './altered-io.ts'
import { temporaryDirectory } from './temporary-directory.ts'

test('a disk that is full at the commit takes the transaction back, and work goes on later', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)')
  altered.write = failing('ENOSPC')
  throwsKind('full', () => connection.exec('COMMIT'), /database or disk is full: ENOSPC/)
  assertRolledBack(connection, [1])
  delete altered.write
  connection.exec('INSERT INTO t VALUES (3)')
  await connection.sync()
  assertRows(connection, [1, 3])
})

test('a write that returns a row is not answered with it if its commit fails', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v)')
  const insert = connection.prepare('INSERT INTO t VALUES (1) RETURNING v')
  altered.write = failing('ENOSPC')
  throwsKind('full', () => insert.get())
  throwsKind('full', () => insert.all())
  delete altered.write
  assertRolledBack(connection, [])
  assert.deepEqual(insert.get(), { v: 1 })
})

test('a disk that fills up in the middle of a large transaction takes all of it back', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1); BEGIN')
  let room = 40
  altered.write = (fd, bytes, position) => {
    room -= 1
    if (room < 0) throw hostError('ENOSPC')
    return nodeHostIo.write(fd, bytes, position)
  }
  const insert = connection.prepare('INSERT INTO t VALUES (hex(randomblob(900000)))')
  throwsKind('full', () => {
    for (let i = 0; i < 400; i += 1) insert.run()
    connection.exec('COMMIT')
  })
  assertRolledBack(connection, [1])
  delete altered.write
  connection.exec('INSERT INTO t VALUES (3)')
  await connection.sync()
  await connection.checkpoint()
  assertRows(connection, [1, 3])
  assert.equal(connection.fault, undefined)
})

test('a quota, and a write of no bytes, count as a full disk', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v)')
  altered.write = failing('EDQUOT')
  throwsKind('full', () => connection.exec('INSERT INTO t VALUES (1)'))
  altered.write = () => 0
  throwsKind('full', () => connection.exec('INSERT INTO t VALUES (1)'))
  delete altered.write
  assertRolledBack(connection, [])
})

test('a checkpoint on a full disk fails alone', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  await connection.sync()
  altered.write = failing('ENOSPC')
  await rejectsKind('full', connection.checkpoint(), /ENOSPC/)
  delete altered.write
  assert.equal(connection.fault, undefined)
  assert.ok(connection.walPages() > 0)
  connection.exec('INSERT INTO t VALUES (2)')
  await connection.checkpoint()
  assert.equal(connection.walPages(), 0)
  assertRows(connection, [1, 2])
})

test('a real disk that is full behaves no other way', async (t) => {
  const mount = join(temporaryDirectory(t), 'small')
  mkdirSync(mount)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount])
  if (mounted.status !== 0) return t.skip('only root can mount a small disk')
  try {
    await workOnSmallDisk(mount)
  } finally {
    spawnSync('umount', ['-l', mount])
  }
})

test('reads and writes that the host cuts short are completed', async (t) => {
  const { connection, altered, reopen } = await openAltered(t)
  let turn = 0
  const cut = (bytes: Uint8Array, most: number): Uint8Array => {
    turn = (turn * 31 + 7) % 1009
    return bytes.subarray(0, 1 + (turn % most))
  }
  altered.read = (fd, bytes, position) => nodeHostIo.read(fd, cut(bytes, 300), position)
  altered.write = (fd, bytes, position) => nodeHostIo.write(fd, cut(bytes, 700), position)
  connection.exec('CREATE TABLE t (v); CREATE INDEX i ON t (v)')
  const insert = connection.prepare('INSERT INTO t VALUES (?)')
  for (let i = 0; i < 100; i += 1) insert.run([i])
  await connection.checkpoint()
  for (let i = 100; i < 200; i += 1) insert.run([i])
  const again = reopen()
  assert.deepEqual(again.prepare('SELECT count(*) AS n, sum(v) AS s FROM t').get(), {
    n: 200,
    s: (199 * 200) / 2,
  })
  assert.deepEqual(again.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
})

test('a failed read is told as io, with the reason, and does not poison', async (t) => {
  const { connection, altered, reopen } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  const again = reopen()
  altered.read = failing('EIO')
  throwsKind('io', () => again.exec('SELECT * FROM t'), /EIO: injected/)
  delete altered.read
  assertRows(again, [1])
  assert.equal(again.fault, undefined)
})

test('a file that may only be read is refused for writing', async (t) => {
  const { connection, altered, reopen } = await openAltered(t)
  connection.exec('CREATE TABLE t (v)')
  connection.close()
  altered.open = (path, flags, mode) => {
    if ((flags & 3) !== 0) throw hostError('EROFS')
    return nodeHostIo.open(path, flags, mode)
  }
  throwsKind('read-only', reopen, /can't be written to/)
})

test('a file that was cut off is corrupt', async (t) => {
  const { connection, reopen } = await openAltered(t)
  connection.exec('CREATE TABLE t (v)')
  for (let i = 0; i < 20; i += 1) connection.exec('INSERT INTO t VALUES (hex(randomblob(2000)))')
  connection.close()
  truncateSync(connection.path, 8192)
  throwsKind('corrupt', () => reopen().prepare('SELECT sum(length(v)) FROM t').get())
})

test('a backup that finds no room leaves nothing behind', async (t) => {
  const { connection, altered } = await openAltered(t)
  connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
  const directory = temporaryDirectory(t)
  altered.write = failing('ENOSPC')
  const target = join(directory, 'copy.db')
  await rejectsKind('full', connection.backup(target, { pagesPerStep: 1 }), /ENOSPC/)
  delete altered.write
  altered.rename = failing('EIO')
  await rejectsKind('io', connection.backup(target, { pagesPerStep: 1 }), /EIO/)
  assert.deepEqual(readdirSync(directory), [])
  connection.exec('INSERT INTO t VALUES (2)')
  assertRows(connection, [1, 2])
})

async function openAltered(t: TestContext) {
  const { io, altered } = alteredIo()
  const engine = await loadTestEngine({ io })
  const path = join(temporaryDirectory(t), 'test.db')
  const open = (): Connection => {
    const connection = engine.open(path, { ...groupedOptions, cacheKib: 256 })
    t.after(() => connection.close())
    return connection
  }
  const connection = open()
  const reopen = (): Connection => {
    connection.close()
    return open()
  }
  return { connection, altered, reopen }
}

function assertRolledBack(connection: Connection, values: readonly number[]): void {
  if (connection.inTransaction()) connection.exec('ROLLBACK')
  assertRows(connection, values)
  assert.deepEqual(connection.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
}

function assertRows(connection: Connection, values: readonly number[]): void {
  const rows = connection.prepare('SELECT v FROM t ORDER BY rowid').all()
  assert.deepEqual(
    rows.map(({ v }) => v),
    values,
  )
}

/** Fills the disk with commits, makes room, and goes on. */
async function workOnSmallDisk(mount: string): Promise<void> {
  const connection = (await loadTestEngine()).open(join(mount, 'test.db'), groupedOptions)
  connection.exec('CREATE TABLE t (v)')
  writeFileSync(join(mount, 'ballast'), Buffer.alloc(1 << 19))
  const insert = connection.prepare('INSERT INTO t VALUES (?)')
  let committed = 0
  throwsKind('full', () => {
    for (;;) {
      connection.exec('BEGIN')
      for (const half of [1, 2]) insert.run([`${half}`.repeat(20_000)])
      connection.exec('COMMIT')
      committed += 2
    }
  })
  if (connection.inTransaction()) connection.exec('ROLLBACK')
  assert.deepEqual(connection.prepare('SELECT count(*) AS n FROM t').get(), { n: committed })
  rmSync(join(mount, 'ballast'))
  insert.run(['room again'])
  await connection.sync()
  assert.deepEqual(connection.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
  connection.close()
}
