import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Connection } from '../../daemon/store/engine/engine.ts'
import { temporaryDirectory } from '../store/engine/temporary-directory.ts'
import { type EngineSuite, groupedOptions, rejectsKind, throwsKind } from './engine-suite.ts'

const readOnlyOptions = { ...groupedOptions, readOnly: true }

/** What may be opened, what not, and what is said then. */
export function openingTests({ engine, open }: EngineSuite): void {
  test('a new file is in write-ahead mode, with foreign keys and pages of 4096 bytes', async (t) => {
    const connection = await open(t, { cacheKib: 777 })
    const settings = ['journal_mode', 'locking_mode', 'foreign_keys', 'page_size', 'cache_size']
    const found = settings.map(
      (name) => Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0],
    )
    assert.deepEqual(found, ['wal', 'exclusive', 1, 4096, -777])
  })

  for (const [syncMode, level] of [
    ['full', 2],
    ['grouped', 1],
    ['off', 0],
  ] as const) {
    test(`sync mode ${syncMode} is synchronous level ${level}`, async (t) => {
      const connection = await open(t, { syncMode })
      assert.deepEqual(connection.prepare('PRAGMA synchronous').get(), { synchronous: level })
    })
  }

  test('what was committed is there when the file is opened again', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    connection.close()
    const again = (await engine()).open(connection.path, groupedOptions)
    t.after(() => again.close())
    assert.deepEqual(again.prepare('SELECT v FROM t').get(), { v: 1 })
  })

  test('a log that a crash left is recovered', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    const crashed = join(temporaryDirectory(t), 'crashed.db')
    for (const suffix of ['', '-wal']) copyFileSync(connection.path + suffix, crashed + suffix)
    const recovered = (await engine()).open(crashed, groupedOptions)
    t.after(() => recovered.close())
    assert.deepEqual(recovered.prepare('SELECT v FROM t').get(), { v: 1 })
    assert.equal(recovered.walPages(), connection.walPages())
  })

  test('a rollback journal that a crash left is rolled back, but not by a reader', async (t) => {
    const connection = await open(t, { cacheKib: 16 })
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    connection.exec('PRAGMA journal_mode = DELETE; BEGIN; UPDATE t SET v = 2')
    fill(connection, 100) // More than the cache holds, so the file is half changed now.
    const directory = temporaryDirectory(t)
    const crashed = join(directory, 'crashed.db')
    for (const suffix of ['', '-journal']) copyFileSync(connection.path + suffix, crashed + suffix)
    const loaded = await engine()
    const before = snapshot(directory)
    throwsKind('read-only', () => loaded.open(crashed, readOnlyOptions))
    assert.deepEqual(snapshot(directory), before)
    const recovered = loaded.open(crashed, groupedOptions)
    t.after(() => recovered.close())
    assert.deepEqual(recovered.prepare('SELECT v FROM t').all(), [{ v: 1 }])
    assert.deepEqual(recovered.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
  })

  test('a long path with spaces, quotes and other scripts is opened', async (t) => {
    const directory = join(temporaryDirectory(t), 'x'.repeat(200), 'y'.repeat(200), 'ü 저장소')
    mkdirSync(directory, { recursive: true })
    const path = join(directory, `it's "a" store?mode=memory#${'z'.repeat(100)}.db`)
    const connection = (await engine()).open(path, groupedOptions)
    t.after(() => connection.close())
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    connection.close()
    assert.equal(readFileSync(path).subarray(0, 15).toString(), 'SQLite format 3')
  })

  test('a file that is not SQLite is refused and stays as it is', async (t) => {
    const path = join(temporaryDirectory(t), 'notes.txt')
    const text = 'These are notes. '.repeat(1000)
    writeFileSync(path, text)
    const sqlJs = await engine()
    throwsKind('not-a-database', () => sqlJs.open(path, groupedOptions))
    throwsKind('not-a-database', () => sqlJs.open(path, readOnlyOptions))
    assert.equal(readFileSync(path, 'utf8'), text)
    assert.deepEqual(readdirSync(dirname(path)), ['notes.txt'])
  })

  test('a missing directory, a directory, and a path that is not absolute are refused', async (t) => {
    const directory = temporaryDirectory(t)
    const loaded = await engine()
    const refused = (path: string): unknown => loaded.open(path, groupedOptions)
    throwsKind('cannot-open', () => refused(join(directory, 'no', 'x.db')), /ENOENT: no such file/)
    throwsKind('cannot-open', () => refused(directory), /EISDIR/)
    throwsKind('misuse', () => refused('x.db'), /expected an absolute path, got x\.db/)
    throwsKind('misuse', () => refused(`${directory}/x\0.db`))
  })

  test('settings without sense are refused', async (t) => {
    const path = join(temporaryDirectory(t), 'x.db')
    const loaded = await engine()
    for (const wrong of [{ cacheKib: 0 }, { cacheKib: Number.NaN }, { statementsMax: 0 }]) {
      throwsKind('misuse', () => loaded.open(path, { ...groupedOptions, ...wrong }))
    }
  })

  test('a file that is open already is refused, also by another name', async (t) => {
    const connection = await open(t)
    const link = join(dirname(connection.path), 'link.db')
    symlinkSync(connection.path, link)
    const loaded = await engine()
    for (const path of [connection.path, link]) {
      throwsKind(
        'cannot-open',
        () => loaded.open(path, groupedOptions),
        /already open in this process/,
      )
    }
    connection.exec('CREATE TABLE t (v)')
    connection.close()
    loaded.open(link, groupedOptions).close()
  })

  test('two files are open side by side', async (t) => {
    const [one, two] = [await open(t), await open(t)]
    one.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    two.exec('CREATE TABLE t (v); INSERT INTO t VALUES (2)')
    one.close()
    assert.deepEqual(two.prepare('SELECT v FROM t').get(), { v: 2 })
  })
}

/** Reading a file that must not be touched. */
export function readOnlyTests({ engine, open }: EngineSuite): void {
  test('a file is read without leaving a trace, with or without a log beside it', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    const directory = temporaryDirectory(t)
    const withLog = join(directory, 'with-log.db')
    for (const suffix of ['', '-wal']) copyFileSync(connection.path + suffix, withLog + suffix)
    connection.close()
    copyFileSync(connection.path, join(directory, 'closed.db'))
    const before = snapshot(directory)
    for (const name of ['with-log.db', 'closed.db']) {
      const reader = (await engine()).open(join(directory, name), readOnlyOptions)
      assert.deepEqual(reader.prepare('SELECT v FROM t').get(), { v: 1 })
      throwsKind('read-only', () => reader.exec('INSERT INTO t VALUES (2)'))
      await reader.sync()
      assert.equal(reader.walPages(), 0)
      reader.close()
    }
    assert.deepEqual(snapshot(directory), before)
  })

  test('a file that is not there is not made', async (t) => {
    const directory = temporaryDirectory(t)
    const loaded = await engine()
    throwsKind('cannot-open', () => loaded.open(join(directory, 'x.db'), readOnlyOptions), /ENOENT/)
    assert.deepEqual(readdirSync(directory), [])
  })

  test('a file with a rollback journal mode is read as it is', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    const copy = join(dirname(connection.path), 'copy.db')
    await connection.backup(copy, { pagesPerStep: 10 })
    const reader = (await engine()).open(copy, readOnlyOptions)
    t.after(() => reader.close())
    assert.deepEqual(reader.prepare('PRAGMA journal_mode').get(), { journal_mode: 'delete' })
    assert.deepEqual(reader.prepare('SELECT v FROM t').get(), { v: 1 })
  })
}

/** Syncing the write-ahead log and copying it back. */
export function logTests({ open }: EngineSuite): void {
  test('the log grows with commits and is empty after a checkpoint', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    const afterOne = connection.walPages()
    assert.ok(afterOne > 0)
    fill(connection, 100)
    assert.ok(connection.walPages() > afterOne + 50)
    await connection.sync()
    await connection.checkpoint()
    assert.equal(connection.walPages(), 0)
    connection.exec('INSERT INTO t VALUES (1)')
    assert.equal(connection.walPages(), 1)
    assert.deepEqual(connection.prepare('SELECT count(*) AS n FROM t').get(), { n: 101 })
  })

  test('pages of a transaction that is still open do not count', async (t) => {
    const connection = await open(t, { cacheKib: 64 })
    connection.exec('CREATE TABLE t (v)')
    const before = connection.walPages()
    connection.exec('BEGIN')
    fill(connection, 200)
    assert.equal(connection.walPages(), before)
    connection.exec('ROLLBACK')
    assert.equal(connection.walPages(), before)
  })

  test('syncs may overlap, with each other and with writes', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    const syncs: Promise<void>[] = []
    for (let i = 0; i < 20; i += 1) {
      connection.prepare('INSERT INTO t VALUES (?)').run([i])
      syncs.push(connection.sync())
    }
    await Promise.all(syncs)
    assert.equal(connection.fault, undefined)
  })

  test('a checkpoint within a transaction is refused and harms nothing', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); BEGIN; INSERT INTO t VALUES (1)')
    await rejectsKind('misuse', connection.checkpoint(), /locked/)
    connection.exec('COMMIT')
    await connection.checkpoint()
    assert.equal(connection.walPages(), 0)
  })

  test('after sync the file as it lies there holds every commit', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    fill(connection, 50)
    await connection.sync()
    const copy = join(temporaryDirectory(t), 'copy.db')
    for (const suffix of ['', '-wal']) copyFileSync(connection.path + suffix, copy + suffix)
    assertBySystemShell(copy, 'SELECT count(*) FROM t; PRAGMA integrity_check', '50\nok\n')
  })
}

/** Copies of a database that is in use. */
export function backupTests({ engine, open }: EngineSuite): void {
  test('a backup made while others write is whole, and one file', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    fill(connection, 300)
    const target = join(temporaryDirectory(t), 'copy.db')
    const seen: number[] = []
    await connection.backup(target, {
      pagesPerStep: 20,
      onProgress({ pages, total }) {
        seen.push(pages / total)
        if (seen.length < 6) fill(connection, 10)
      },
    })
    assert.ok(seen.length > 10)
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
    assert.equal(seen.at(-1), 1)
    assert.deepEqual(readdirSync(dirname(target)), ['copy.db'])
    assertBySystemShell(target, 'SELECT count(*) FROM t; PRAGMA integrity_check', '350\nok\n')
    const copy = (await engine()).open(target, groupedOptions)
    t.after(() => copy.close())
    const all = 'SELECT v FROM t ORDER BY rowid'
    assert.deepEqual(copy.prepare(all).all(), connection.prepare(all).all())
  })

  test('a backup replaces an earlier one', async (t) => {
    const connection = await open(t)
    const target = join(temporaryDirectory(t), 'copy.db')
    await connection.backup(target, { pagesPerStep: 10 })
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1)')
    await connection.backup(target, { pagesPerStep: 10 })
    assertBySystemShell(target, 'SELECT v FROM t', '1\n')
  })

  test('a backup waits for a transaction to end', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); BEGIN; INSERT INTO t VALUES (1)')
    const target = join(temporaryDirectory(t), 'copy.db')
    let steps = 0
    await connection.backup(target, {
      pagesPerStep: 10,
      onProgress() {
        steps += 1
        if (steps === 3) connection.exec('COMMIT')
      },
    })
    assertBySystemShell(target, 'SELECT v FROM t', '1\n')
  })

  test('a backup that is aborted, or whose caller throws, leaves nothing behind', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    fill(connection, 100)
    const directory = temporaryDirectory(t)
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const target = join(directory, 'copy.db')
    const aborted = connection.backup(target, {
      pagesPerStep: 5,
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    })
    await assert.rejects(aborted, reason)
    await assert.rejects(
      connection.backup(target, {
        pagesPerStep: 5,
        onProgress() {
          throw reason
        },
      }),
      reason,
    )
    await assert.rejects(
      connection.backup(target, { pagesPerStep: 5, signal: abort.signal }),
      reason,
    )
    assert.deepEqual(readdirSync(directory), [])
    fill(connection, 1)
  })

  test('a backup is refused over the database itself, beside a foreign log, and where it can not be', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    const directory = temporaryDirectory(t)
    const options = { pagesPerStep: 5 }
    await rejectsKind('misuse', connection.backup(connection.path, options), /the database itself/)
    await rejectsKind('misuse', connection.backup('copy.db', options), /absolute path/)
    await rejectsKind(
      'cannot-open',
      connection.backup(join(directory, 'no', 'x.db'), options),
      /ENOENT/,
    )
    writeFileSync(join(directory, 'x.db-wal'), 'log of another')
    await rejectsKind(
      'cannot-open',
      connection.backup(join(directory, 'x.db'), options),
      /x\.db-wal/,
    )
    assert.deepEqual(readdirSync(directory), ['x.db-wal'])
  })
}

/** The end of a connection. */
export function closingTests({ engine, open }: EngineSuite): void {
  test('closing twice is no error, and what is used afterwards says so', async (t) => {
    const connection = await open(t)
    const statement = connection.prepare('SELECT 1')
    connection.close()
    connection.close()
    for (const use of [
      () => statement.get(),
      () => connection.prepare('SELECT 2'),
      () => connection.exec('SELECT 1'),
      () => connection.inTransaction(),
      () => connection.walPages(),
    ]) {
      throwsKind('misuse', use, /closed/)
    }
    await rejectsKind('misuse', connection.sync(), /closed/)
    await rejectsKind('misuse', connection.checkpoint(), /closed/)
    await rejectsKind('misuse', connection.backup('/x', { pagesPerStep: 1 }), /closed/)
  })

  test('an open transaction is rolled back', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); BEGIN; INSERT INTO t VALUES (1)')
    connection.close()
    const again = (await engine()).open(connection.path, groupedOptions)
    t.after(() => again.close())
    assert.deepEqual(again.prepare('SELECT count(*) AS n FROM t').get(), { n: 0 })
  })

  test('a sync and a backup on their way end, one way or the other', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    fill(connection, 100)
    const directory = temporaryDirectory(t)
    const sync = connection.sync()
    const backup = connection.backup(join(directory, 'copy.db'), { pagesPerStep: 1 })
    // Waited for from now on, because either of the two may end first.
    const refused = rejectsKind('misuse', backup, /closed/)
    connection.close()
    await Promise.all([sync, refused])
    assert.deepEqual(readdirSync(directory), [])
    const again = (await engine()).open(connection.path, groupedOptions)
    t.after(() => again.close())
    assert.deepEqual(again.prepare('SELECT count(*) AS n FROM t').get(), { n: 100 })
  })
}

/** Adds rows that take about a page each, in one transaction unless one is open. */
function fill(connection: Connection, rows: number): void {
  const count = connection.prepare(
    'INSERT INTO t WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ?)' +
      ' SELECT hex(randomblob(1800)) FROM s',
  )
  assert.equal(count.run([rows]), rows)
}

function snapshot(directory: string): readonly (readonly [string, string])[] {
  const names = readdirSync(directory).toSorted()
  return names.map((name) => [name, readFileSync(join(directory, name)).toString('base64')])
}

/** Compares with what the `sqlite3` of the system reads, where there is one. */
function assertBySystemShell(path: string, sql: string, expected: string): void {
  const shell = spawnSync('sqlite3', [path, sql], { encoding: 'utf8' })
  if (shell.error !== undefined) return
  assert.equal(shell.stderr, '')
  assert.equal(shell.stdout, expected)
}
