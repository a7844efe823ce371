import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { arch, cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SqlRow, SqlValue, SyncMode } from '../daemon/store/engine/engine.ts'
import { type EngineName, engineNames, loadEngine } from '../daemon/store/engine/load-engine.ts'

/**
 * Each engine against better-sqlite3, both in exclusive write-ahead mode with the same settings, in
 * one process and by turns: `tsx scripts/bench-engine.ts [--quick] [--rounds N] [--slice MS]
 * [--directory DIR] [--engine NAME]`. Install the peer first: `npm run bench:peers`.
 *
 * Only ratios within one run mean anything. A ratio is the median of the ratios of all rounds, of
 * processor time (user and system) for one operation, so that what else the machine does counts
 * little; the ratio of operations a second is printed beside it. Above 1 the engine is faster.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      slice: { type: 'string' },
      directory: { type: 'string', default: tmpdir() },
      engine: { type: 'string' },
    },
  })
  const names = engineNames.filter((name) => values.engine === undefined || values.engine === name)
  if (names.length === 0) throw new Error(`expected one of ${engineNames}, got ${values.engine}`)
  const settings: Settings = {
    directory: mkdtempSync(join(values.directory, 'orion-bench-')),
    rounds: Number(values.rounds ?? (values.quick ? 5 : 11)),
    sliceMs: Number(values.slice ?? (values.quick ? 60 : 200)),
    openedMib: values.quick ? 20 : 200,
  }
  try {
    tellMachine(settings)
    let missed = 0
    for (const name of names) missed += await run(name, settings)
    console.log(missed === 0 ? '\nall targets met' : `\n${missed} targets missed`)
    process.exitCode = missed === 0 ? 0 : 1
  } finally {
    rmSync(settings.directory, { recursive: true, force: true })
  }
}

interface Settings {
  readonly directory: string
  readonly rounds: number
  readonly sliceMs: number
  readonly openedMib: number
}

const recordCount = 20_000
const cacheKib = 16_000

async function run(engineName: EngineName, settings: Settings): Promise<number> {
  const engine = await loadEngine(engineName)
  const native = loadNative()
  const pathOf = (name: string): string => join(settings.directory, `${engineName}-${name}`)
  const openOurs = (name: string, syncMode: SyncMode): Subject =>
    engine.open(pathOf(name), { syncMode, cacheKib, statementsMax: 32 })
  console.log(`\nengine ${engine.name}, SQLite ${engine.sqliteVersion}; peer ${native.name}`)
  console.log(columns('', 'cpu us/op', 'peer', 'cpu ratio', 'spread', 'ops ratio', 'target'))
  let missed = 0
  const ours = prepareRecords(openOurs('ours.db', 'full'))
  const theirs = prepareRecords(native.open(pathOf('theirs.db')))
  for (const { title, target, operation } of measurements) {
    const pair = { ours: () => operation(ours), theirs: () => operation(theirs) }
    if (!report(title, target, await compare(pair, settings))) missed += 1
  }
  const grouped = prepareRecords(openOurs('grouped.db', 'grouped'))
  for (const size of [1, 100]) {
    const pair = {
      ours: () => writeGroup(grouped, size),
      theirs: () => writeFull(theirs, size),
    }
    report(`groups of ${size}, async fdatasync`, undefined, await compare(pair, settings))
  }
  for (const { subject } of [ours, theirs, grouped]) subject.close()
  if (!measureOpening(settings, { path: pathOf('opened.db'), open: openOurs })) missed += 1
  return missed
}

/** What both sides offer. */
interface Subject {
  exec(sql: string): unknown
  prepare(sql: string): {
    run(values: readonly SqlValue[]): unknown
    get(values: readonly SqlValue[]): SqlRow | undefined
    all(values: readonly SqlValue[]): SqlRow[]
  }
  sync?(): Promise<void>
  walPages?(): number
  checkpoint?(): Promise<void>
  close(): unknown
}

type Records = ReturnType<typeof prepareRecords>

const measurements: readonly {
  readonly title: string
  readonly target: number
  /** Does some operations and tells how many. */
  readonly operation: (records: Records) => number
}[] = [
  { title: 'point read', target: 0.8, operation: readPoints },
  { title: '100 rows as objects', target: 0.8, operation: readRange },
  { title: 'full scan, 20,000 rows', target: 0.65, operation: scan },
  { title: 'durable, 1 in a transaction', target: 0.8, operation: (r) => writeFull(r, 1) },
  { title: 'durable, 10 in a transaction', target: 0.8, operation: (r) => writeFull(r, 10) },
  { title: 'durable, 100 in a transaction', target: 0.8, operation: (r) => writeFull(r, 100) },
  { title: 'durable, 1000 in a transaction', target: 0.8, operation: (r) => writeFull(r, 1000) },
]

function prepareRecords(subject: Subject) {
  subject.exec(`CREATE TABLE records (id TEXT PRIMARY KEY, type TEXT, version INT, data TEXT,
      updated_at INT, updated_by TEXT);
    CREATE INDEX records_type ON records (type, updated_at);
    CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, record_id TEXT, version INT,
      at INT, patch TEXT)`)
  const insert = subject.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)')
  subject.exec('BEGIN')
  for (let i = 0; i < recordCount; i += 1) {
    insert.run([idOf(i), `type${i % 20}`, 1, bodyOf(i, 1), timeOf(i), `user${i % 97}`])
  }
  subject.exec('COMMIT')
  const all = 'SELECT id, type, version, data, updated_at, updated_by FROM records'
  return {
    subject,
    versions: new Int32Array(recordCount).fill(1),
    point: subject.prepare(`${all} WHERE id = ?`),
    range: subject.prepare(
      `${all} WHERE type = ? AND updated_at >= ? ORDER BY updated_at LIMIT 100`,
    ),
    scan: subject.prepare(
      'SELECT count(*) AS n, sum(version) AS s FROM records WHERE length(data) > 10',
    ),
    update: subject.prepare(
      'UPDATE records SET version = version + 1, data = ?, updated_at = ? WHERE id = ? AND version = ?',
    ),
    event: subject.prepare(
      'INSERT INTO events (record_id, version, at, patch) VALUES (?, ?, ?, ?)',
    ),
    begin: subject.prepare('BEGIN IMMEDIATE'),
    commit: subject.prepare('COMMIT'),
  }
}

function readPoints({ point }: Records): number {
  for (let i = 0; i < 50; i += 1) {
    if (point.get([idOf(randomIndex())]) === undefined) throw new Error('a record is missing')
  }
  return 50
}

function readRange({ range }: Records): number {
  const rows = range.all([`type${randomIndex() % 20}`, timeOf(randomIndex() % 9000)])
  if (rows.length !== 100) throw new Error(`${rows.length} rows instead of 100`)
  return 1
}

function scan(records: Records): number {
  records.scan.get([])
  return 1
}

/** A group of compare-and-swaps, each with its event, in one transaction that syncs at its commit. */
function writeFull(records: Records, size: number): number {
  records.begin.run([])
  for (let i = 0; i < size; i += 1) {
    const index = randomIndex()
    const version = records.versions[index] ?? 0
    records.versions[index] = version + 1
    const at = timeOf(recordCount + index)
    records.update.run([bodyOf(index, version + 1), at, idOf(index), version])
    records.event.run([idOf(index), version + 1, at, `{"v":${version + 1},"title":"changed"}`])
  }
  records.commit.run([])
  return size
}

/** The same as the store does it: the sync off the thread, and a checkpoint now and then. */
async function writeGroup(records: Records, size: number): Promise<number> {
  writeFull(records, size)
  await records.subject.sync?.()
  if ((records.subject.walPages?.() ?? 0) > 1000) await records.subject.checkpoint?.()
  return size
}

interface Slice {
  readonly cpuUs: number
  readonly perSecond: number
}

interface Comparison {
  readonly cpuUs: number
  readonly peerCpuUs: number
  readonly cpuRatios: readonly number[]
  readonly speedRatio: number
}

type Operation = () => number | Promise<number>

async function compare(
  { ours, theirs }: { readonly ours: Operation; readonly theirs: Operation },
  { rounds, sliceMs }: Settings,
): Promise<Comparison> {
  for (const operation of [ours, theirs]) await slice(operation, 2 * sliceMs)
  const pairs: { readonly ours: Slice; readonly theirs: Slice }[] = []
  for (let round = 0; round < rounds; round += 1) {
    // By turns who goes first, so that neither always finds the caches warm.
    const first = await slice(round % 2 === 0 ? ours : theirs, sliceMs)
    const second = await slice(round % 2 === 0 ? theirs : ours, sliceMs)
    pairs.push(round % 2 === 0 ? { ours: first, theirs: second } : { ours: second, theirs: first })
  }
  return {
    cpuUs: median(pairs.map((pair) => pair.ours.cpuUs)),
    peerCpuUs: median(pairs.map((pair) => pair.theirs.cpuUs)),
    cpuRatios: pairs.map((pair) => pair.theirs.cpuUs / pair.ours.cpuUs),
    speedRatio: median(pairs.map((pair) => pair.ours.perSecond / pair.theirs.perSecond)),
  }
}

async function slice(operation: Operation, ms: number): Promise<Slice> {
  let done = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  let elapsed = 0
  while (elapsed < ms) {
    const count = operation()
    done += typeof count === 'number' ? count : await count
    elapsed = performance.now() - start
  }
  const { user, system } = process.cpuUsage(cpu)
  return { cpuUs: (user + system) / done, perSecond: (1000 * done) / elapsed }
}

/** Prints a line; false if the target is missed. */
function report(title: string, target: number | undefined, comparison: Comparison): boolean {
  const { cpuUs, peerCpuUs, cpuRatios, speedRatio } = comparison
  const ratio = median(cpuRatios)
  const isMet = target === undefined || ratio >= target
  const spread = `${Math.min(...cpuRatios).toFixed(2)}-${Math.max(...cpuRatios).toFixed(2)}`
  const goal = target === undefined ? '' : `>= ${target} ${isMet ? 'met' : 'MISSED'}`
  const numbers = [cpuUs.toFixed(1), peerCpuUs.toFixed(1), ratio.toFixed(2), spread]
  console.log(columns(title, ...numbers, speedRatio.toFixed(2), goal))
  return isMet
}

/** Opening an existing file of some size, with a log to recover and without. */
function measureOpening(
  { openedMib, rounds }: Settings,
  {
    path,
    open,
  }: {
    readonly path: string
    readonly open: (name: string, syncMode: SyncMode) => Subject
  },
): boolean {
  const filled = open('opened.db', 'grouped')
  filled.exec(`CREATE TABLE t (v); BEGIN;
    WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${openedMib})
    INSERT INTO t SELECT zeroblob(1048576) FROM s; COMMIT`)
  filled.close()
  const timesMs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const start = performance.now()
    const opened = open('opened.db', 'grouped')
    opened.prepare('SELECT length(v) FROM t LIMIT 1').get([])
    timesMs.push(performance.now() - start)
    opened.close()
  }
  rmSync(path)
  const [openMs, targetMs] = [median(timesMs), 25]
  const isMet = openMs <= targetMs
  const spread = `${Math.min(...timesMs).toFixed(1)}-${Math.max(...timesMs).toFixed(1)}`
  console.log(
    `open ${openedMib} MiB and read: ${openMs.toFixed(1)} ms (${spread}), ` +
      `target <= ${targetMs} ${isMet ? 'met' : 'MISSED'}`,
  )
  return isMet
}

function tellMachine({ directory, rounds, sliceMs }: Settings): void {
  const cores = cpus()
  const load = loadavg().map((value) => value.toFixed(1))
  console.log(
    `${cores.length} x ${cores[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  )
  console.log(`${process.platform} ${release()} ${arch()}, node ${process.version}`)
  console.log(`load ${load.join(' ')}; ${directory}: fdatasync of 8 KiB ${syncUs(directory)} us`)
  console.log(`${rounds} rounds of ${sliceMs} ms by turns; ${recordCount} records, 482 bytes`)
  console.log(`exclusive WAL, synchronous FULL, cache ${cacheKib} KiB, pages of 4096 bytes`)
}

/** The median time of an fdatasync after an overwrite, which is most of a durable commit. */
function syncUs(directory: string): number {
  const file = join(directory, 'sync-probe')
  writeFileSync(file, Buffer.alloc(8192))
  const fd = openSync(file, 'r+')
  const times: number[] = []
  for (let i = 0; i < 50; i += 1) {
    writeSync(fd, Buffer.alloc(8192, i), 0, 8192, 0)
    const start = performance.now()
    fdatasyncSync(fd)
    times.push(1000 * (performance.now() - start))
  }
  closeSync(fd)
  return Math.round(median(times))
}

/** better-sqlite3 with the engine's own settings. */
function loadNative(): { readonly name: string; readonly open: (path: string) => Subject } {
  const require = createRequire(new URL('../bench/peers/package.json', import.meta.url))
  try {
    const Database = parseNative(require('better-sqlite3'))
    const { version }: { version: string } = require('better-sqlite3/package.json')
    const open = (path: string): Subject => {
      const database = new Database(path)
      database.exec(`PRAGMA page_size = 4096; PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${cacheKib};
        PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON`)
      return database
    }
    return { name: `better-sqlite3 ${version}`, open }
  } catch (cause) {
    throw new Error('better-sqlite3 is not there; run `npm run bench:peers` first', { cause })
  }
}

function parseNative(loaded: unknown): new (path: string) => Subject {
  if (typeof loaded !== 'function') throw new Error('expected better-sqlite3 to be a class')
  return loaded as new (
    path: string,
  ) => Subject
}

function columns(title: string, ...numbers: readonly string[]): string {
  return title.padEnd(32) + numbers.map((text) => text.padStart(11)).join('')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function randomIndex(): number {
  return Math.floor(Math.random() * recordCount)
}

function idOf(index: number): string {
  return `rec_${String(index).padStart(10, '0')}`
}

function timeOf(index: number): number {
  return 1_795_000_000_000 + 1000 * index
}

function bodyOf(index: number, version: number): string {
  const body = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor '
  const tags = ['alpha', 'beta', `t${index % 31}`]
  const title = `Record number ${index}`
  return JSON.stringify({
    v: version,
    title,
    tags,
    n: index * 3.5,
    body: body.repeat(5).slice(0, 380),
  })
}

await main()
