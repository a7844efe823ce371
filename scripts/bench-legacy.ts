/**
 * Rows a second of a migration beside a plain copy of the same rows by better-sqlite3.
 *
 *   tsx scripts/bench-legacy.ts [ROWS]
 *
 * Only the ratio means anything. The copy reads each row and inserts it into a table of its own, 400 rows in one durable
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

const copied = copyRate()
const { migrated, verified, peakMb } = await migrationRates()
console.log(`${rows} rows; peak memory ${peakMb} MB`)
console.log(`migrate    ${Math.round(migrated)} rows/s`)
console.log(`verify     ${Math.round(verified)} rows/s`)
if (copied === undefined) console.log('better-sqlite3 is not installed: npm run bench:peers')
else {
  console.log(`plain copy ${Math.round(copied)} rows/s (better-sqlite3)`)
  console.log(`ratio      ${(migrated / copied).toFixed(3)} of the plain copy`)
}
rmSync(directory, { recursive: true, force: true })
process.exit(0)

function copyRate(): number | undefined {
  let open: new (path: string) => Native
  try {
    open = createRequire(join(process.cwd(), 'bench/peers/package.json'))('better-sqlite3')
  } catch {
    return undefined // The peers are optional.
  }
  const source = new open(from)
  const target = new open(join(directory, 'copy.db'))
  target.pragma('journal_mode = WAL')
  target.pragma('synchronous = FULL')
  target.exec(objectsTableSql)
  const insert = target.prepare(
    'INSERT INTO objects (id, type, version, created_at, updated_at, data) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const startedMs = performance.now()
  let count = 0
  target.exec('BEGIN')
  const select = source.prepare(
    'SELECT id, type, CAST(version AS TEXT), created_at, updated_at, data FROM objects',
  )
  for (const row of select.iterate()) {
    insert.run(...Object.values(row))
    count += 1
    if (count % batch === 0) target.exec('COMMIT; BEGIN')
  }
  target.exec('COMMIT')
  const rate = (count / (performance.now() - startedMs)) * 1000
  source.close()
  target.close()
  return rate
}

async function migrationRates(): Promise<{ migrated: number; verified: number; peakMb: number }> {
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
  const migrated = await timed(async () => void (await migrate({ file, client, options })))
  const verified = await timed(async () => {
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

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return (rows / (performance.now() - startedMs)) * 1000
}
