/** Kills migrations at random moments, lets a last one end, and says what the store holds then. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { inProcess } from '../../daemon/in-process.ts'
import { migrateLegacy } from '../../plugins/legacy/migrate-legacy.ts'
import { legacyRecordTypes } from '../../plugins/legacy/record-types.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import type { Client } from '../../sdk/client/client.ts'
import { connect } from '../../sdk/client/connect.ts'
import { canonicalJson } from '../../sdk/json.ts'
import { ListRecords } from '../../sdk/protocol/records.ts'

const program = fileURLToPath(new URL('migrating-process.ts', import.meta.url))

/** What is to be killed, and how often. */
export interface CrashRun {
  readonly from: string
  /** A directory of the run's own. */
  readonly directory: string
  readonly rows: number
  readonly kills: number
  readonly batchSize: number
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number
}

/** How it went. */
export interface CrashOutcome {
  /** Kills that hit a migration before its end. */
  readonly hits: number
  /** Whether the run that was let alone verified every row. */
  readonly succeeded: boolean
  /** Digest of every record of every type, but for its position in the log. */
  readonly digest: string
  readonly records: number
}

/** Starts migrations and kills each when it has come to a random row; the last one runs to its end. */
export async function crashRun(run: CrashRun): Promise<CrashOutcome> {
  const store = join(run.directory, '.orion')
  mkdirSync(store, { recursive: true })
  let hits = 0
  for (let kill = 0; kill < run.kills; kill += 1) {
    // Both halves of a run are hit: bringing over, and reading back.
    const at = Math.floor(run.random() * run.rows * 2)
    const { signal } = await migrateUntil(run, store, at)
    if (signal === 'SIGKILL') hits += 1
  }
  return { hits, ...(await migrateHere(store, run)) }
}

interface Ended {
  readonly signal: NodeJS.Signals | null
}

async function migrateUntil(run: CrashRun, store: string, at: number): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx/esm', program, run.from, store, String(run.batchSize)],
    {
      env: { ...process.env, XDG_RUNTIME_DIR: run.directory, HOME: run.directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => {
    const [step, rows] = line.split(' ')
    const done = (step === 'verify' ? run.rows : 0) + Number(rows)
    // The page that was told is being written now.
    if (done >= at) killSoon(child, run.random())
  })
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (_, signal) => resolve({ signal }))
  })
}

/** Some turns of the loop later, so that it hits the page at any moment of its import. */
function killSoon(child: ChildProcess, random: number): void {
  let turns = Math.floor(random * 40)
  const step = (): void => {
    if (turns === 0) child.kill('SIGKILL')
    else setImmediate(step)
    turns -= 1
  }
  step()
}

/** The last run, in this process. */
async function migrateHere(
  store: string,
  { directory, from, batchSize }: CrashRun,
): Promise<Omit<CrashOutcome, 'hits'>> {
  const env = { ...process.env, XDG_RUNTIME_DIR: directory, HOME: directory }
  const open = async (): Promise<Client> =>
    await connect({
      client: { name: 'last' },
      store,
      env,
      daemon: 'in-process',
      inProcess: inProcess(),
    })
  const { succeeded } = await migrateLegacy({
    from,
    storePath: join(store, 'store.sqlite'),
    mode: 'migrate',
    batchSize,
    connect: open,
  })
  const client = await open()
  const content = await contentOf(client)
  await client.close()
  return { succeeded, ...content }
}

async function contentOf(client: Client): Promise<{ digest: string; records: number }> {
  const hash = createHash('sha256')
  let count = 0
  for (const { name } of [...orionRecordTypes, ...legacyRecordTypes]) {
    if (name === 'LegacyVerification') continue
    let after: string | undefined
    do {
      const { records, next } = await client.request(ListRecords, {
        type: name,
        lifecycle: ['active', 'archived', 'deleted'],
        orderBy: [{ field: 'id' }],
        limit: 1000,
        ...(after === undefined ? {} : { after }),
      })
      for (const { token: _, ...record } of records) {
        // When a row was noted down is the one thing that differs from run to run.
        const { createdAt, updatedAt, ...rest } = record
        const instants = name.startsWith('LegacyRow') ? {} : { createdAt, updatedAt }
        hash.update(`${canonicalJson({ ...rest, ...instants })}\n`)
        count += 1
      }
      after = next
    } while (after !== undefined)
  }
  return { digest: hash.digest('hex'), records: count }
}
