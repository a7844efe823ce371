/** Kills a real daemon at random moments while it is written to, and checks after each start that nothing was lost. */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { systemClock } from '../../../daemon/clock.ts'
import { inspectFile } from '../../../daemon/store/inspect-file.ts'
import { loadTestEngine } from '../../support/engine.ts'
import { PlainConnection, Refused } from '../plain-connection.ts'
import { preparations, WriteLedger, writeUntilCut } from './crash-writer.ts'
import {
  effectProblems,
  type LoggedEvent,
  loggedEvent,
  logProblems,
  recordKey,
  recordProblems,
  repeatProblems,
} from './history.ts'
import { type Life, startLife, storeDirectory } from './mortal-daemon.ts'

/** What to run. */
export interface CrashSettings {
  /** Empty, with a short path; the store and the run-time files are made in it. */
  readonly directory: string
  readonly kills: number
  /** Makes the moments and the writes repeatable, as far as the machine is. */
  readonly seed: number
  /** Done to the store after each kill, while nobody has it open; to see the checks fail. */
  readonly sabotage?: (directory: string) => void
  readonly onLife?: (report: CrashReport) => void
}

/** What was found. */
export interface CrashReport {
  readonly kills: number
  /** Kills while the daemon was starting. */
  readonly killsWhileStarting: number
  readonly acknowledged: number
  readonly refused: number
  /** Attempts that were cut off, and repeated with their key in the next life. */
  readonly cut: number
  /** Those of them that had happened before the kill. */
  readonly cutButKept: number
  readonly events: number
  /** Size of the database without its write-ahead log: more than a page once a checkpoint was made. */
  readonly sizeBytes: number
  /** What `PRAGMA integrity_check` said about a backup; undefined without `sqlite3`. */
  readonly integrity: string | undefined
  readonly problems: readonly string[]
}

/** Runs so many lives, and one more to look at what the last one left; ends early with the first problems. */
export async function runCrashes(settings: CrashSettings): Promise<CrashReport> {
  const run = new CrashRun(settings)
  try {
    while (run.report.kills < settings.kills && run.report.problems.length === 0) {
      await run.liveAndDie()
      settings.onLife?.(run.report)
    }
    if (run.report.problems.length === 0) await run.lookBack()
    return run.report
  } finally {
    await run.close()
  }
}

const connections = 4
const writersPerConnection = 4
const soonMs = 300
const lateMs = 2500
const killWhileStartingWithinMs = 1500
const killWhileStartingShare = 0.25
const repeatedPerLife = 40
const pageSize = 1000

/** With these, checkpoints and readings of the log from disk are often under way when the kill comes. */
const narrow = {
  ORION_LIMIT_CHECKPOINT_PAGES: '20',
  ORION_LIMIT_PAGE_CACHE_KIB: '64',
  ORION_LIMIT_LOG_TAIL_MAX_EVENTS: '16',
}

class CrashRun {
  readonly #settings: CrashSettings
  readonly #random: () => number
  readonly #ledger = new WriteLedger()
  readonly #events: LoggedEvent[] = []
  readonly #problems: string[] = []
  #token: string | undefined
  #life: Life | undefined
  #lives = 0
  #kills = 0
  #killsWhileStarting = 0
  #cut = 0
  #cutButKept = 0
  #integrity: string | undefined

  constructor(settings: CrashSettings) {
    this.#settings = settings
    this.#random = seeded(settings.seed)
  }

  get report(): CrashReport {
    return {
      kills: this.#kills,
      killsWhileStarting: this.#killsWhileStarting,
      acknowledged: this.#ledger.of('acknowledged').length,
      refused: this.#ledger.of('refused').length,
      cut: this.#cut,
      cutButKept: this.#cutButKept,
      events: this.#events.length,
      sizeBytes: sizeOf(join(storeDirectory(this.#settings.directory), 'store.sqlite')),
      integrity: this.#integrity,
      problems: this.#problems,
    }
  }

  /** Starts a daemon, checks what the ones before it left, writes, kills. */
  async liveAndDie(): Promise<void> {
    const path = await this.#start()
    const connection = await PlainConnection.open(path, 'checks')
    const life = ++this.#lives
    await this.#check(connection, `life ${life}`)
    if (this.#problems.length > 0) return
    for (const attempt of preparations(life)) await this.#ledger.send(connection, attempt)
    connection.close()
    const clients = Array.from({ length: connections }, (_, number) =>
      writeUntilCut({
        ledger: this.#ledger,
        path,
        name: `life-${life}-client-${number}`,
        life,
        writers: writersPerConnection,
        random: this.#random,
      }),
    )
    await sleep(this.#random() * (this.#random() < 0.5 ? soonMs : lateMs))
    await this.#kill()
    await Promise.all(clients)
    if (this.#random() < killWhileStartingShare) await this.#dieWhileStarting()
  }

  /** Starts once more, and holds the whole log, every record and a backup against all that was written. */
  async lookBack(): Promise<void> {
    const connection = await PlainConnection.open(await this.#start(), 'checks')
    await this.#check(connection, 'the end')
    const whole = await eventsAfter(connection, undefined)
    if (JSON.stringify(whole.events) !== JSON.stringify(this.#events)) {
      this.#problems.push('the log from its beginning is not what was read of it over the lives')
    }
    const keys = new Map(this.#events.map((event) => [recordKey(event), event]))
    this.#problems.push(...recordProblems(this.#events, await recordsOf(connection, keys)))
    this.#problems.push(...(await referenceProblems(connection)))
    this.#integrity = await this.#checkBackup(connection)
    if (this.#integrity !== undefined && this.#integrity !== 'ok') {
      this.#problems.push(`a backup is not sound: ${this.#integrity}`)
    }
    connection.close()
  }

  async close(): Promise<void> {
    await this.#life?.kill()
  }

  async #start(): Promise<string> {
    const { directory, sabotage } = this.#settings
    // What is sabotaged has to hold something: with the usual limits no checkpoint empties the log so soon.
    const isNarrow = sabotage === undefined && this.#random() < 0.5
    this.#life = startLife(directory, isNarrow ? narrow : {})
    const path = await this.#life.socket
    if (path === undefined) throw new Error('expected a daemon, got one that was killed')
    return path
  }

  async #kill(): Promise<void> {
    await this.#life?.kill()
    this.#life = undefined
    this.#kills += 1
    this.#settings.sabotage?.(this.#settings.directory)
  }

  async #dieWhileStarting(): Promise<void> {
    this.#life = startLife(this.#settings.directory)
    // It may be ready sooner, or may have been killed before it was.
    await Promise.race([sleep(this.#random() * killWhileStartingWithinMs), this.#life.socket])
    await this.#kill()
    this.#killsWhileStarting += 1
  }

  async #check(connection: PlainConnection, when: string): Promise<void> {
    const found = await this.#look(connection).catch((error: unknown) => {
      // Such as a position that the daemon does not know any more.
      if (error instanceof Refused) return [error.message]
      throw error
    })
    this.#problems.push(...found.slice(0, 10).map((problem) => `${when}: ${problem}`))
  }

  async #look(connection: PlainConnection): Promise<string[]> {
    const found = await this.#repeat(connection)
    const { events, token } = await eventsAfter(connection, this.#token)
    this.#events.push(...events)
    this.#token = token
    found.push(...logProblems(this.#events), ...effectProblems(this.#ledger, this.#events))
    const keys = new Map(events.map((event) => [recordKey(event), event]))
    found.push(...recordProblems(this.#events, await recordsOf(connection, keys)))
    return found
  }

  /** What was cut off is sent again with its key, and so is some of what was acknowledged. */
  async #repeat(connection: PlainConnection): Promise<string[]> {
    const problems: string[] = []
    const cut = this.#ledger.of('unknown')
    this.#cut += cut.length
    for (const attempt of cut) {
      const outcome = await this.#ledger.send(connection, attempt)
      const kept = outcome.tag === 'acknowledged' && outcome.results.some((one) => one.replayed)
      if (kept) this.#cutButKept += 1
      if (outcome.tag === 'unknown') problems.push(`${attempt.key} got no answer`)
    }
    for (const attempt of this.#ledger.of('acknowledged').slice(-repeatedPerLife)) {
      const first = this.#ledger.get(attempt.key)?.outcome ?? { tag: 'unknown' }
      const again = await this.#ledger.send(connection, attempt)
      problems.push(...repeatProblems(first, again).map((what) => `${attempt.key} ${what}`))
    }
    return problems
  }

  /** The rows, the log and the full-text indexes agree. */
  async #inspect(path: string): Promise<void> {
    const nowMicros = systemClock.nowMicros()
    const report = inspectFile(await loadTestEngine(), path, { depth: 'everything', nowMicros })
    const faults = report.findings.filter(({ level }) => level === 'fail')
    this.#problems.push(...faults.map(({ message }) => `a backup does not agree: ${message}`))
    const searched = report.findings.some(({ check }) => check === 'search')
    if (!searched) this.#problems.push('the search indexes of a backup were not looked at')
  }

  async #checkBackup(connection: PlainConnection): Promise<string | undefined> {
    const path = join(this.#settings.directory, 'backup.sqlite')
    await connection.call('daemon/backup', { path })
    await this.#inspect(path)
    const { status, stdout, error } = spawnSync(
      'sqlite3',
      ['-batch', path, 'PRAGMA integrity_check'],
      { encoding: 'utf8' },
    )
    return error === undefined && status === 0 ? stdout.trim() : undefined
  }
}

const eventPage = z.object({ events: z.array(loggedEvent), token: z.string() })

/** The log after a position, or all of it, and the position after that. */
export async function eventsAfter(
  connection: PlainConnection,
  after: string | undefined,
): Promise<{ readonly events: LoggedEvent[]; readonly token: string | undefined }> {
  const events: LoggedEvent[] = []
  let token = after
  for (;;) {
    const params = {
      patterns: ['*'],
      limit: pageSize,
      ...(token === undefined ? {} : { after: token }),
    }
    const page = eventPage.parse(await connection.call('event/list', params))
    events.push(...page.events)
    token = page.token
    if (page.events.length === 0) return { events, token }
  }
}

const recordPage = z.object({ records: z.array(loggedEvent.shape.record.nullable()) })

/** The records that these events are about, as they are now. */
export async function recordsOf(
  connection: PlainConnection,
  named: ReadonlyMap<string, LoggedEvent>,
): Promise<Map<string, LoggedEvent['record'] | null>> {
  const records = new Map<string, LoggedEvent['record'] | null>()
  const entries = [...named]
  while (entries.length > 0) {
    const part = entries.splice(0, 200)
    const keys = part.map(([, { topic, id = '' }]) => ({ type: topic.split('.')[0] ?? '', id }))
    const page = recordPage.parse(await connection.call('record/getMany', { keys }))
    for (const [index, [key]] of part.entries()) records.set(key, page.records[index] ?? null)
  }
  return records
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** A small generator of numbers from 0 to 1 that a seed repeats (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Who names whom has to be what the records say. */
async function referenceProblems(connection: PlainConnection): Promise<string[]> {
  const { findings } = checkAnswer.parse(await connection.call('daemon/check', {}))
  const about = findings.filter(({ check }) => check === 'references')
  if (about.length === 0) return ['nobody looked at the table of who names whom']
  return about.flatMap(({ level, message }) => (level === 'ok' ? [] : [message]))
}

const checkAnswer = z.object({
  findings: z.array(z.object({ check: z.string(), level: z.string(), message: z.string() })),
})
