import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineErrorKind, SqlValue } from '../../daemon/store/engine/engine.ts'
import { type EngineSuite, throwsKind } from './engine-suite.ts'

/** What goes in comes out. */
export function valueTests({ open }: EngineSuite): void {
  const cases: readonly {
    readonly what: string
    readonly value: SqlValue
    readonly type: string
  }[] = [
    { what: 'an empty text', value: '', type: 'text' },
    { what: 'a text with NUL in it', value: 'a\0b\0', type: 'text' },
    { what: 'emoji, accents and Korean', value: '👩‍🚀 naïve 저장소', type: 'text' },
    { what: 'a text of one million characters', value: 'xyzé'.repeat(250_000), type: 'text' },
    { what: 'zero', value: 0, type: 'integer' },
    { what: 'the largest 32-bit integer', value: 2 ** 31 - 1, type: 'integer' },
    { what: 'the smallest 32-bit integer', value: -(2 ** 31), type: 'integer' },
    { what: 'one beyond 32 bits', value: 2 ** 31, type: 'integer' },
    { what: 'an instant in milliseconds', value: 1_795_000_000_000, type: 'integer' },
    { what: 'the largest safe integer', value: Number.MAX_SAFE_INTEGER, type: 'integer' },
    { what: 'the smallest safe integer', value: Number.MIN_SAFE_INTEGER, type: 'integer' },
    { what: 'a fraction', value: 0.1, type: 'real' },
    { what: 'the smallest positive number', value: 5e-324, type: 'real' },
    { what: 'the largest number', value: Number.MAX_VALUE, type: 'real' },
    { what: 'infinity', value: Number.NEGATIVE_INFINITY, type: 'real' },
    { what: 'null', value: null, type: 'null' },
    { what: 'an empty blob', value: new Uint8Array(0), type: 'blob' },
    { what: 'every byte', value: Uint8Array.from({ length: 256 }, (_, i) => i), type: 'blob' },
    { what: 'a blob of one megabyte', value: new Uint8Array(1 << 20).fill(7), type: 'blob' },
  ]
  for (const { what, value, type } of cases) {
    test(`${what} comes back as it was stored`, async (t) => {
      const connection = await open(t)
      connection.exec('CREATE TABLE t (v INTEGER)') // INTEGER affinity leaves all but numbers alone.
      assert.equal(connection.prepare('INSERT INTO t VALUES (?)').run([value]), 1)
      const row = connection.prepare('SELECT v, typeof(v) AS type FROM t').get()
      assert.deepEqual(row, { v: value, type })
    })
  }

  test('negative zero becomes zero, as SQLite stores it', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v REAL)')
    connection.prepare('INSERT INTO t VALUES (?)').run([-0])
    assert.ok(Object.is(connection.prepare('SELECT v FROM t').get()?.v, 0))
  })

  test('a value that SQLite has no type for is refused', async (t) => {
    const connection = await open(t)
    const echo = connection.prepare('SELECT ? AS v')
    const strangers: readonly unknown[] = [undefined, 1n, true, {}, Number.NaN, Symbol('s')]
    for (const stranger of strangers) {
      throwsKind('misuse', () => echo.get([stranger as SqlValue]))
    }
    assert.deepEqual(echo.get(['sound']), { v: 'sound' })
  })

  test('a text that is not well-formed is stored with replacement characters', async (t) => {
    const connection = await open(t)
    assert.deepEqual(connection.prepare('SELECT ? AS v').get(['a\ud800b']), { v: 'a\ufffdb' })
  })
}

/** Running statements and reading their rows. */
export function statementTests({ open }: EngineSuite): void {
  test('run tells how many rows changed, and zero for what changes none', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    assert.equal(connection.prepare('INSERT INTO t VALUES (1), (2), (3)').run(), 3)
    assert.equal(connection.prepare('UPDATE t SET v = 0 WHERE v > ?').run([1]), 2)
    assert.equal(connection.prepare('UPDATE t SET v = 0 WHERE v > 99').run(), 0)
    assert.equal(connection.prepare('WITH x AS (SELECT 0) DELETE FROM t WHERE v = 1').run(), 1)
    assert.equal(connection.prepare('CREATE INDEX i ON t (v)').run(), 0)
    assert.equal(connection.prepare('SELECT * FROM t').run(), 0)
    assert.equal(connection.prepare('/* all */ -- of it\n DELETE FROM t').run(), 2)
  })

  test('run goes through all rows of a statement that returns some', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    assert.equal(connection.prepare('INSERT INTO t VALUES (1), (2) RETURNING v').run(), 2)
    assert.deepEqual(connection.prepare('SELECT count(*) AS n FROM t').get(), { n: 2 })
  })

  test('get on a write that returns rows does the whole write', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    const row = connection.prepare('INSERT INTO t VALUES (1), (2) RETURNING v').get()
    assert.deepEqual(row, { v: 1 })
    assert.equal(connection.inTransaction(), false)
    assert.deepEqual(connection.prepare('SELECT count(*) AS n FROM t').get(), { n: 2 })
  })

  test('get without a row is undefined, all without a row is empty', async (t) => {
    const connection = await open(t)
    const none = connection.prepare('SELECT 1 WHERE 0')
    assert.equal(none.get(), undefined)
    assert.deepEqual(none.all(), [])
  })

  test('a walk ends where its taker wants no more, or throws, and leaves the statement reset', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v INTEGER); INSERT INTO t VALUES (1), (2), (3)')
    const numbers = connection.prepare('SELECT v FROM t WHERE v > ? ORDER BY v')
    const taken: unknown[] = []
    numbers.walk([0], (row) => taken.push(row.v) < 2)
    numbers.walk([3], (row) => taken.push(row.v) > 0)
    assert.deepEqual(taken, [1, 2])
    const thrown = (): never => {
      throw new Error('enough')
    }
    assert.throws(() => numbers.walk([0], thrown), /enough/)
    assert.equal(numbers.all([0]).length, 3)
    connection.exec('DROP TABLE t')
  })

  test('a statement that asks for the time ends when it is over, and the next one goes on', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (n INTEGER PRIMARY KEY)')
    connection.exec(
      'INSERT INTO t WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 5000) SELECT n FROM c',
    )
    const statement = connection.prepare(
      'SELECT count(*) AS c FROM t WHERE in_time(n) AND n % 2 = ?',
    )
    let counted: unknown
    const count = (): void => {
      counted = statement.get([0])?.c
    }
    assert.equal(connection.runUntil(performance.now() - 1, count), false)
    assert.equal(counted, undefined)
    assert.equal(connection.runUntil(performance.now() + 60_000, count), true)
    assert.equal(counted, 2500)
    assert.equal(statement.get([1])?.c, 2500, 'without a bound it takes its time')
    const fails = (): void => connection.exec('SELECT nothing')
    assert.throws(() => connection.runUntil(performance.now() - 1, fails), { kind: 'sql' })
    let looks = 0
    const take = (): boolean => {
      looks += 1
      return true
    }
    const walk = (): void =>
      connection.prepare('SELECT n FROM t WHERE in_time(n) ORDER BY n').walk([], take)
    assert.equal(connection.runUntil(performance.now() - 1, walk), false)
    assert.ok(looks < 100, `${looks} rows after the end`)
    connection.exec('INSERT INTO t VALUES (6000)')
  })

  test('a row has its columns in order, and no column can reach its prototype', async (t) => {
    const connection = await open(t)
    const statement = connection.prepare('SELECT 1 AS b, 2 AS "__proto__", 3 AS a, 4 AS "1 x"')
    assert.deepEqual(statement.columns, ['b', '__proto__', 'a', '1 x'])
    const row = statement.all()[0] ?? {}
    assert.deepEqual(Object.entries(row), [
      ['b', 1],
      ['__proto__', 2],
      ['a', 3],
      ['1 x', 4],
    ])
    assert.equal(Object.getPrototypeOf(row), Object.prototype)
  })

  test('a statement takes exactly as many values as it names', async (t) => {
    const connection = await open(t)
    const statement = connection.prepare('SELECT ?1 + ?2 AS sum')
    assert.deepEqual(statement.get([1, 2]), { sum: 3 })
    throwsKind('misuse', () => statement.get([1]))
    throwsKind('misuse', () => statement.get([1, 2, 3]))
    throwsKind('misuse', () => statement.get())
    assert.deepEqual(statement.get([2, 2]), { sum: 4 })
  })

  test('prepare takes one statement, exec any number', async (t) => {
    const connection = await open(t)
    throwsKind('misuse', () => connection.prepare('SELECT 1; SELECT 2'))
    throwsKind('misuse', () => connection.prepare('SELECT 1; nonsense'))
    throwsKind('misuse', () => connection.prepare(' -- nothing'))
    throwsKind('misuse', () => connection.prepare('SELECT 1 \0 FROM t'))
    assert.deepEqual(connection.prepare('SELECT 1 AS v; -- the end').get(), { v: 1 })
    connection.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1); -- done')
    connection.exec('')
    assert.deepEqual(connection.prepare('SELECT v FROM t').get(), { v: 1 })
  })
}

/** Statements by their text, a bounded number of them prepared. */
export function statementCacheTests({ open }: EngineSuite): void {
  test('the same text gives the same statement', async (t) => {
    const connection = await open(t)
    assert.equal(connection.prepare('SELECT 1'), connection.prepare('SELECT 1'))
  })

  test('a statement that had to make room works on, with its neighbours', async (t) => {
    const connection = await open(t, { statementsMax: 3 })
    const statements = Array.from({ length: 10 }, (_, i) =>
      connection.prepare(`SELECT ${i} AS i, ? AS v`),
    )
    for (let round = 0; round < 3; round += 1) {
      for (const [i, statement] of statements.entries()) {
        assert.deepEqual(statement.get([round]), { i, v: round })
      }
    }
    const again = connection.prepare('SELECT 0 AS i, ? AS v')
    assert.deepEqual(again.get(['x']), { i: 0, v: 'x' })
    assert.deepEqual(statements[0]?.get(['y']), { i: 0, v: 'y' })
  })

  test('a statement follows the schema', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const statement = connection.prepare('SELECT * FROM t')
    assert.deepEqual(statement.all(), [{ a: 1 }])
    connection.exec("ALTER TABLE t ADD COLUMN b DEFAULT 'new'")
    assert.deepEqual(statement.all(), [{ a: 1, b: 'new' }])
    connection.exec('ALTER TABLE t RENAME COLUMN a TO c')
    assert.deepEqual(statement.get(), { c: 1, b: 'new' })
    assert.deepEqual(statement.columns, ['c', 'b'])
    connection.exec('BEGIN; ALTER TABLE t DROP COLUMN b')
    assert.deepEqual(statement.get(), { c: 1 })
    connection.exec('ROLLBACK')
    assert.deepEqual(statement.get(), { c: 1, b: 'new' })
    connection.exec('DROP TABLE t')
    throwsKind('sql', () => statement.get())
  })
}

/** Every failure has its kind and SQLite's message, and harms nothing else. */
export function errorTests({ open }: EngineSuite): void {
  const schema = 'CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE NOT NULL, b CHECK (b > 0))'
  const cases: readonly {
    readonly sql: string
    readonly kind: EngineErrorKind
    readonly message: RegExp
  }[] = [
    {
      sql: 'INSERT INTO t VALUES (2, 1, 1)',
      kind: 'constraint',
      message: /^UNIQUE constraint failed: t\.a$/,
    },
    {
      sql: 'INSERT INTO t VALUES (1, 2, 1)',
      kind: 'constraint',
      message: /^UNIQUE constraint failed: t\.id$/,
    },
    {
      sql: 'INSERT INTO t VALUES (2, NULL, 1)',
      kind: 'constraint',
      message: /^NOT NULL constraint failed: t\.a$/,
    },
    {
      sql: 'INSERT INTO t VALUES (2, 2, 0)',
      kind: 'constraint',
      message: /^CHECK constraint failed: b > 0$/,
    },
    { sql: "INSERT INTO t VALUES ('x', 2, 1)", kind: 'constraint', message: /datatype mismatch/ },
    {
      sql: 'INSERT INTO c VALUES (9)',
      kind: 'constraint',
      message: /^FOREIGN KEY constraint failed$/,
    },
    { sql: 'SELECT nobody', kind: 'sql', message: /no such column: nobody/ },
    { sql: 'SELEC 1', kind: 'sql', message: /near "SELEC": syntax error/ },
    { sql: 'SELECT zeroblob(2000000000)', kind: 'too-big', message: /too big/ },
  ]
  for (const { sql, kind, message } of cases) {
    test(`"${sql}" fails as ${kind}, with SQLite's message`, async (t) => {
      const connection = await open(t)
      connection.exec(`${schema}; CREATE TABLE c (t REFERENCES t); INSERT INTO t VALUES (1, 1, 1)`)
      throwsKind(kind, () => connection.prepare(sql).run(), message)
      throwsKind(kind, () => connection.exec(sql), message)
      assert.deepEqual(connection.prepare('SELECT count(*) AS n FROM t').get(), { n: 1 })
      assert.equal(connection.inTransaction(), false)
    })
  }

  test('a statement works again after it has failed', async (t) => {
    const connection = await open(t)
    connection.exec(schema)
    const insert = connection.prepare('INSERT INTO t VALUES (?, ?, ?)')
    for (const id of [1, 2]) {
      throwsKind('constraint', () => insert.run([id, id, 0]))
      assert.equal(insert.run([id, id, 1]), 1)
    }
  })
}

/** Transactions, and knowing whether one is open. */
export function transactionTests({ open }: EngineSuite): void {
  test('a rollback undoes, a commit keeps, and the connection says which is open', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v)')
    assert.equal(connection.inTransaction(), false)
    connection.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (1)')
    assert.equal(connection.inTransaction(), true)
    connection.exec('ROLLBACK')
    assert.equal(connection.inTransaction(), false)
    connection.exec('BEGIN; INSERT INTO t VALUES (2)')
    assert.equal(connection.inTransaction(), true)
    connection.exec('COMMIT')
    assert.equal(connection.inTransaction(), false)
    assert.deepEqual(connection.prepare('SELECT v FROM t').all(), [{ v: 2 }])
  })

  test('a failed statement leaves its transaction open', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v UNIQUE); BEGIN; INSERT INTO t VALUES (1)')
    throwsKind('constraint', () => connection.exec('INSERT INTO t VALUES (1)'))
    assert.equal(connection.inTransaction(), true)
    throwsKind('constraint', () => connection.exec('INSERT OR ROLLBACK INTO t VALUES (1)'))
    assert.equal(connection.inTransaction(), false)
    assert.deepEqual(connection.prepare('SELECT * FROM t').all(), [])
  })

  test('a savepoint counts as a transaction and can be taken back alone', async (t) => {
    const connection = await open(t)
    connection.exec('CREATE TABLE t (v); SAVEPOINT one')
    assert.equal(connection.inTransaction(), true)
    connection.exec('INSERT INTO t VALUES (1); SAVEPOINT two; INSERT INTO t VALUES (2)')
    connection.exec('ROLLBACK TO two; RELEASE one')
    assert.equal(connection.inTransaction(), false)
    assert.deepEqual(connection.prepare('SELECT v FROM t').all(), [{ v: 1 }])
  })

  test('a transaction larger than the cache holds together', async (t) => {
    const connection = await open(t, { cacheKib: 64 })
    connection.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, v)')
    const insert = connection.prepare('INSERT INTO t (v) VALUES (?)')
    for (const end of ['ROLLBACK', 'COMMIT']) {
      connection.exec('BEGIN')
      for (let i = 0; i < 400; i += 1) insert.run(['x'.repeat(3000)])
      connection.exec('UPDATE t SET v = v || 1')
      connection.exec(end)
    }
    const row = connection.prepare('SELECT count(*) AS n, sum(length(v)) AS bytes FROM t').get()
    assert.deepEqual(row, { n: 400, bytes: 400 * 3001 })
    assert.deepEqual(connection.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
  })
}
