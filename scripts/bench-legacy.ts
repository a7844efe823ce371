/**
 * Rows a second of a migration beside a plain copy of the same rows by better-sqlite3.
 *
 *   tsx scripts/bench-legacy.ts [ROWS] [BATCH]
 *
 * Only the ratios mean anything: of rows a second, and of processor time, which other work on the machine disturbs less. The
 * copy is made before and after, and the faster one counts. The copy reads each row and inserts it into a table of its own, 400 rows in one durable
 * transaction; the migration also decides, checks, keeps history and events, and writes down what became of the row.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inProcess } from '../daemon/in-process.ts'
import { migrate } from '../plugins/legacy/run/migrate.ts'
import { verify } from '../plugins/legacy/run/verify.ts'
import { openLegacyFile } from '../plugins/legacy/source/legacy-file.ts'
import { connect } from '../sdk/client/connect.ts'
import { makeLegacyFile, objectsTableSql } from '../test/legacy/legacy-files.ts'

/** What this module uses of better-sqlite3. */
interface Native {
  exec(sql: string): void
  pragma(text: string): unknown
  prepare(sql: string): { run(...values: unknown[]): unknown; iterate(): Iterable<object> }
  close(): void
}

const rows = Number(process.argv[2] ?? 100_000)
const batch = Number(process.argv[3] ?? 400)
const directory = mkdtempSync(join(tmpdir(), 'orion-bench-legacy-'))
const from = join(directory, 'ontology.db')
await makeLegacyFile(from, { count: rows })

const before = await copyCost('before.db')
const { migrated, verified, peakMb } = await migrationCosts()
const after = await copyCost('after.db')
console.log(`${rows} rows; peak memory ${peakMb} MB`)
tell('migrate', migrated)
tell('verify', verified)
if (before === undefined || after === undefined) {
  console.log('better-sqlite3 is not installed: npm run bench:peers')
} else {
  const copied = before.wallUs < after.wallUs ? before : after
  tell('plain copy', copied)
  const [wall, processor] = [copied.wallUs / migrated.wallUs, copied.cpuUs / migrated.cpuUs]
  console.log(
    `ratio      ${wall.toFixed(3)} of its rows a second, ${processor.toFixed(3)} by processor time`,
  )
}
rmSync(directory, { recursive: true, force: true })
process.exit(0)

async function copyCost(name: string): Promise<Cost | undefined> {
  let open: new (path: string) => Native
  try {
    open = createRequire(join(process.cwd(), 'bench/peers/package.json'))('better-sqlite3')
  } catch {
    return undefined // The peers are optional.
  }
  const source = new open(from)
  const target = new open(join(directory, name))
  target.pragma('journal_mode = WAL')
  target.pragma('synchronous = FULL')
  target.exec(objectsTableSql)
  const insert = target.prepare(
    'INSERT INTO objects (id, type, version, created_at, updated_at, data) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const select = source.prepare(
    'SELECT id, type, CAST(version AS TEXT), created_at, updated_at, data FROM objects',
  )
  const cost = await costOf(async () => {
    let count = 0
    target.exec('BEGIN')
    for (const row of select.iterate()) {
      insert.run(...Object.values(row))
      count += 1
      if (count % batch === 0) target.exec('COMMIT; BEGIN')
    }
    target.exec('COMMIT')
  })
  source.close()
  target.close()
  return cost
}

async function migrationCosts(): Promise<{ migrated: Cost; verified: Cost; peakMb: number }> {
  const store = join(directory, '.orion')
  mkdirSync(store)
  const env = { ...process.env, XDG_RUNTIME_DIR: directory, HOME: directory }
  const client = await connect({
    client: { name: 'bench' },
    store,
    env,
    daemon: 'in-process',
    inProcess: inProcess(),
  })
  const file = await openLegacyFile(from)
  let peak = 0
  const onProgress = (): void => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  const options = { dryRun: false, batchSize: batch, zone: undefined, types: undefined, onProgress }
  const migrated = await costOf(async () => void (await migrate({ file, client, options })))
  const verified = await costOf(async () => {
    const { problems } = await verify({
      file,
      client,
      options: { batchSize: batch, types: undefined, onProgress },
    })
    if (problems.length > 0)
      throw new Error(`expected no problems, got ${JSON.stringify(problems)}`)
  })
  file.close()
  await client.close()
  return { migrated, verified, peakMb: Math.round(peak / 1e6) }
}

/** What one row takes, in microseconds. */
interface Cost {
  readonly wallUs: number
  readonly cpuUs: number
}

async function costOf(work: () => Promise<void>): Promise<Cost> {
  const [startedMs, usage] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(usage)
  return {
    wallUs: ((performance.now() - startedMs) * 1000) / rows,
    cpuUs: (user + system) / rows,
  }
}

function tell(what: string, { wallUs, cpuUs }: Cost): void {
  const perSecond = Math.round(1_000_000 / wallUs)
  console.log(`${what.padEnd(10)} ${perSecond} rows/s, ${cpuUs.toFixed(0)} us of processor a row`)
}
