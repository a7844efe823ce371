import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ForeignFile, loadForeignFiles, RawText } from '../../daemon/store/engine/foreign-file.ts'
import { migrateLegacy } from '../../plugins/legacy/migrate-legacy.ts'
import { htmlReport } from '../../plugins/legacy/report/html-report.ts'
import { openLegacyFile } from '../../plugins/legacy/source/legacy-file.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { loadTestEngine } from '../support/engine.ts'
import { hardRows, makeLegacyFile, realFile, scratch } from './legacy-files.ts'

const rowsOf = { table: 't', columns: ['v'], after: undefined, rowsMax: 100, bytesMax: 1_000_000 }

test('cells come as they are stored, whatever they hold', async (t) => {
  const path = join(scratch(t), 'cells.db')
  await make(
    path,
    `CREATE TABLE t (v); INSERT INTO t VALUES (9007199254740993), (-9223372036854775808), (2.5), (NULL),
    (CAST(x'ff80' AS TEXT)), (x'00ff'), (''), (CAST(x'610062' AS TEXT)), (x'')`,
  )
  const { open } = await loadForeignFiles()
  const file = open(path)
  t.after(() => file.close())
  const text = (...bytes: number[]): RawText => new RawText(Uint8Array.from(bytes))
  assert.deepEqual(
    file.page(rowsOf).map(({ cells: [cell] }) => cell),
    [
      9007199254740993n,
      -9223372036854775808n,
      2.5,
      null,
      text(0xff, 0x80),
      Uint8Array.of(0, 255),
      text(),
      text(0x61, 0, 0x62),
      new Uint8Array(),
    ],
  )
})

test('pages go on by key, and end with the row that fills them', async (t) => {
  const path = join(scratch(t), 'pages.db')
  await make(
    path,
    `CREATE TABLE t (v); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25) SELECT zeroblob(1000) FROM n; DELETE FROM t WHERE rowid % 5 = 0`,
  )
  const { open } = await loadForeignFiles()
  const file = open(path)
  t.after(() => file.close())
  const seen: bigint[] = []
  for (let after: bigint | undefined; ; ) {
    const page = file.page({ ...rowsOf, after, bytesMax: 2_500 })
    assert.ok(page.length <= 3)
    const last = page.at(-1)
    if (last === undefined) break
    seen.push(...page.map(({ rowid }) => rowid))
    after = last.rowid
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, at) => BigInt(at + 1)).filter((id) => id % 5n !== 0n),
  )
})

test('a file that is written to while it is read is noticed, and nothing goes on', async (t) => {
  const path = join(scratch(t), 'live.db')
  await makeLegacyFile(path, { rows: hardRows.slice(0, 50), inLog: true })
  const file = await openLegacyFile(path)
  t.after(() => file.close())
  const pages = file.pages(10, undefined)
  assert.equal(pages.next().value?.rows.length, 10)
  appendFileSync(`${path}-wal`, 'x')
  assert.throws(() => pages.next(), /somebody writes to it/)
})

test('what a writer without a log leaves half-way is no damage: it is told that somebody writes', async (t) => {
  const path = join(scratch(t), 'live.db')
  await makeLegacyFile(path, { rows: hardRows.slice(0, 5), withoutLog: true })
  t.mock.method(ForeignFile.prototype, 'problem', () => {
    appendFileSync(path, 'x')
    return 'wrong # of entries in index'
  })
  await assert.rejects(openLegacyFile(path), /somebody writes to it/)
})

const bad: readonly (readonly [
  what: string,
  make: (path: string) => Promise<void> | void,
  told: RegExp,
])[] = [
  ['that is not there', () => {}, /there is no such file/],
  ['that is a directory', (path) => void mkdirSync(path), /got a directory/],
  ['that is empty', (path) => writeFileSync(path, ''), /the file is empty/],
  [
    'that is something else',
    (path) => writeFileSync(path, 'no database, but long enough to be one '.repeat(200)),
    /expected a SQLite file/,
  ],
  [
    'of another program',
    (path) => make(path, 'CREATE TABLE bookmarks (id, url)'),
    /it has the tables bookmarks/,
  ],
  [
    'whose objects lack a column',
    (path) => make(path, 'CREATE TABLE objects (id, type)'),
    /no column version/,
  ],
  ['without tables', (path) => make(path, 'PRAGMA user_version = 1'), /it has no tables/],
  [
    'that is a store of Orion',
    (path) => make(path, 'CREATE TABLE log (seq); CREATE TABLE r_OrionActionLog (id)'),
    /a store of Orion/,
  ],
  [
    'that is cut off',
    async (path) => {
      writeFileSync(path, readFileSync(realFile))
      truncateSync(path, 100_000)
    },
    /damaged/,
  ],
]
for (const [what, prepare, told] of bad) {
  test(`a file ${what} is refused with what to do, and left as it is`, async (t) => {
    const directory = scratch(t)
    const path = join(directory, 'bad.db')
    await prepare(path)
    const before = listing(directory)
    const error = await dryRun(path).catch((thrown: unknown) => thrown)
    assert.ok(isOrionError(error, 'invalid_request'), String(error))
    assert.match(error.message, told)
    assert.ok((error.data.remedy ?? '').length > 10)
    assert.deepEqual(listing(directory), before)
  })
}

test('the store itself is refused as the file to bring over', async () => {
  await assert.rejects(dryRun(realFile, { storePath: realFile }), /is the store itself/)
})

test('a report that can’t be written, or would take the place of a database, is refused at once', async (t) => {
  const directory = scratch(t)
  const from = join(directory, 'it’s old.db')
  await makeLegacyFile(from, { rows: hardRows.slice(0, 3) })
  const before = listing(directory)
  for (const [reportFile, told] of [
    [from, /is a database/],
    [directory, /got the directory/],
    [join(directory, 'none', 'report.html'), /nothing can be written/],
  ] as const) {
    await assert.rejects(dryRun(from, { reportFile }), told)
  }
  assert.deepEqual(listing(directory), before)
  const { report } = await dryRun(from)
  assert.ok(report.next.at(-1)?.includes(`--from '${from}'`), 'a shell takes the path as it is')
})

test('a zone that there is not is refused', async () => {
  await assert.rejects(
    dryRun(realFile, { zone: 'Mars/Olympus' }),
    /there is no zone "Mars\/Olympus"/,
  )
})

test('the page of a report is whole in itself and shows markup as text', async (t) => {
  const path = join(scratch(t), 'odd.db')
  await makeLegacyFile(path, { rows: hardRows })
  await edit(
    path,
    "UPDATE objects SET type = '<script>alert(1)</script>', data = '<img src=x>' WHERE rowid < 4",
  )
  const { report } = await dryRun(path)
  const page = htmlReport(report)
  assert.doesNotMatch(page, /<script|<img|https?:|@import|url\(/)
  assert.match(page, /&lt;script&gt;alert\(1\)/)
  for (const { text } of report.migration?.repairs ?? []) {
    assert.ok(page.includes(text.replaceAll("'", '&#39;')), text)
  }
})

function dryRun(
  from: string,
  more: { readonly storePath?: string; readonly zone?: string; readonly reportFile?: string } = {},
): ReturnType<typeof migrateLegacy> {
  return migrateLegacy({
    from,
    storePath: '/nowhere',
    mode: 'dry-run',
    connect: undefined,
    ...more,
  })
}

async function make(path: string, sql: string): Promise<void> {
  await edit(path, sql)
}

async function edit(path: string, sql: string): Promise<void> {
  const connection = (await loadTestEngine()).open(path, {
    syncMode: 'off',
    cacheKib: 1024,
    statementsMax: 8,
  })
  connection.exec(sql)
  connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  connection.close()
}

function listing(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).map((entry) => {
    const bytes = entry.isFile() ? readFileSync(join(directory, entry.name)) : ''
    return `${entry.name} ${createHash('sha256').update(bytes).digest('hex')}`
  })
}
