/** Kills a real daemon, or who asked it, at random moments of a restore, and checks what is there afterwards. */

import { existsSync, watch } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { leftoverCopies, listBackups } from '../../../daemon/store/backup-files.ts'
import type { Engine } from '../../../daemon/store/engine/engine.ts'
import { inspectFile, isSound } from '../../../daemon/store/inspect-file.ts'
import { isAlive } from '../../cli/orion-process.ts'
import { loadTestEngine } from '../../support/engine.ts'
import { seeded } from '../../support/seeded.ts'
import { PlainConnection, Refused, Unanswered } from '../plain-connection.ts'
import { recordKey } from './history.ts'
import {
  type Life,
  livingDaemon,
  startLife,
  startProgram,
  storeDirectory,
} from './mortal-daemon.ts'
import { eventsAfter, recordsOf } from './read-log.ts'
import { type RestoredState, restoreProblems, type StoreState } from './restore-history.ts'

/** What to run. */
export interface RestoreKillSettings {
  /** Empty, with a short path; the store and the run-time files are made in it. */
  readonly directory: string
  readonly kills: number
  /** Makes the moments repeatable, as far as the machine is. */
  readonly seed: number
  /** Every so many rounds the command line asks, and may be killed itself; a plain connection does in the others. */
  readonly programEvery: number
  /** Done to the store after each kill of a daemon, while nobody has it open; to see the checks fail. */
  readonly sabotage?: (databasePath: string) => void
  readonly onRound?: (report: RestoreKillReport) => void
}

/** What was found. */
export interface RestoreKillReport {
  readonly kills: number
  /** Kills of the program that asked, while the daemon lived on. */
  readonly killsOfProgram: number
  /** How often the store was the old one, and the restored one, after a kill that followed each moment. */
  readonly outcomes: Readonly<Record<Moment, { old: number; restored: number }>>
  /** Writes that were answered while a restore was under way. */
  readonly acknowledged: number
  readonly problems: readonly string[]
}

/** What a kill follows, some random time later. */
const moments = ['asked', 'copied', 'decided', 'finished'] as const
type Moment = (typeof moments)[number]

/** The longest time between the moment and the kill, about as long as what comes after it takes. */
const afterMaxMs: Readonly<Record<Moment, number>> = {
  asked: 1500,
  copied: 800,
  decided: 60,
  finished: 120,
}

/** Runs so many kills, and one restore to its end; ends early with the first problems. */
export async function runRestoreKills(settings: RestoreKillSettings): Promise<RestoreKillReport> {
  const run = new RestoreRun(settings, await loadTestEngine())
  try {
    await run.prepare()
    while (run.report.kills < settings.kills && run.report.problems.length === 0) {
      await run.round()
      settings.onRound?.(run.report)
    }
    if (run.report.problems.length === 0) await run.restoreOnceMore()
    return run.report
  } finally {
    await run.close()
  }
}

const recordsAtFirst = 60

class RestoreRun {
  readonly #settings: RestoreKillSettings
  readonly #engine: Engine
  readonly #random: () => number
  readonly #databasePath: string
  readonly #backupPath: string
  readonly #problems: string[] = []
  readonly #epochs = new Set<string>()
  readonly #outcomes = Object.fromEntries(
    moments.map((moment) => [moment, { old: 0, restored: 0 }]),
  ) as Record<Moment, { old: number; restored: number }>
  #backup: StoreState | undefined
  #life: Life | undefined
  #rounds = 0
  #killsOfProgram = 0
  #acknowledged = 0

  constructor(settings: RestoreKillSettings, engine: Engine) {
    this.#settings = settings
    this.#engine = engine
    this.#random = seeded(settings.seed)
    this.#databasePath = join(storeDirectory(settings.directory), 'store.sqlite')
    this.#backupPath = join(settings.directory, 'backup.sqlite')
  }

  get report(): RestoreKillReport {
    return {
      kills: this.#rounds,
      killsOfProgram: this.#killsOfProgram,
      outcomes: this.#outcomes,
      acknowledged: this.#acknowledged,
      problems: this.#problems,
    }
  }

  /** A store, and a backup of it that everything after goes back to. */
  async prepare(): Promise<void> {
    const connection = await this.#connect()
    for (let at = 0; at < recordsAtFirst; at++)
      await connection.call('record/create', insight(`at first ${at}`))
    await connection.call('daemon/backup', { path: this.#backupPath })
    this.#backup = await stateOf(connection)
    this.#epochs.add(this.#backup.epoch)
    connection.close()
  }

  /** One restore with a kill in it, and a look at what is there then. */
  async round(): Promise<void> {
    const round = ++this.#rounds
    const { programEvery } = this.#settings
    const byProgram = round % programEvery === 0
    // Each of the two goes through all the moments in turn.
    const turn = Math.floor(round / programEvery)
    const moment = moments[(byProgram ? turn : round - turn) % moments.length] ?? 'asked'
    const afterMs = this.#random() * afterMaxMs[moment]
    const killProgram = byProgram && this.#random() < 0.3
    const connection = await this.#connect()
    await connection.call('record/create', insight(`before ${round}`))
    const before = await stateOf(connection)
    const written = { acknowledged: new Set<string>(), attempted: new Set<string>() }
    const writing = write(connection, `meanwhile ${round}`, written)
    const asked = byProgram ? this.#askByProgram() : this.#askByConnection()
    await momentOf(moment, storeDirectory(this.#settings.directory), asked.over)
    await sleep(afterMs)
    if (killProgram) asked.kill()
    else await this.#killDaemon()
    const wasAnswered = await asked.over
    if (killProgram) await this.#settled()
    connection.close()
    await writing
    this.#killsOfProgram += killProgram ? 1 : 0
    this.#acknowledged += written.acknowledged.size
    const found = await this.#check({ before, wasAnswered, ...written })
    const what = killProgram ? 'the program' : 'the daemon'
    const when = `round ${round}, ${what} killed ${afterMs.toFixed(1)} ms after ${moment}`
    this.#problems.push(...found.problems.slice(0, 10).map((problem) => `${when}: ${problem}`))
    this.#outcomes[moment][found.restored ? 'restored' : 'old'] += 1
  }

  /** What was cut off can be repeated. */
  async restoreOnceMore(): Promise<void> {
    const before = await this.#state()
    const wasAnswered = await this.#askByConnection().over
    await this.#settled()
    const nothing = { acknowledged: new Set<string>(), attempted: new Set<string>() }
    const { restored, problems } = await this.#check({ before, wasAnswered, ...nothing })
    this.#problems.push(...problems)
    if (!restored || !wasAnswered)
      this.#problems.push('a restore that nobody cut off did not happen')
  }

  async close(): Promise<void> {
    await this.#life?.kill()
    await livingDaemon(this.#settings.directory)?.kill()
  }

  async #check(round: {
    readonly before: StoreState
    readonly wasAnswered: boolean
    readonly acknowledged: ReadonlySet<string>
    readonly attempted: ReadonlySet<string>
  }): Promise<{ restored: boolean; problems: string[] }> {
    const after = await this.#state()
    const restored = after.epoch !== round.before.epoch
    const { backup } = { backup: this.#backup ?? after }
    const found: RestoredState = { ...round, after, backup, epochs: this.#epochs }
    const problems = [...restoreProblems(found), ...this.#fileProblems(restored, round)]
    this.#epochs.add(after.epoch)
    return { restored, problems }
  }

  /** What lies about, and whether what was replaced is kept. */
  #fileProblems(
    restored: boolean,
    {
      before,
      acknowledged,
    }: { readonly before: StoreState; readonly acknowledged: ReadonlySet<string> },
  ): string[] {
    const problems = leftoverCopies(this.#databasePath).map((path) => `${path} was left`)
    if (existsSync(`${this.#databasePath}-restored`)) problems.push('a decision was left')
    if (!restored) return problems
    const [kept] = listBackups(this.#databasePath).filter(
      ({ reason }) => reason === 'before-restore',
    )
    if (kept === undefined) return [...problems, 'what was replaced is not kept']
    const report = inspectFile(this.#engine, kept.path, {
      depth: 'whole',
      nowMicros: Date.now() * 1000,
    })
    if (!isSound(report))
      return [...problems, `what was kept is not sound: ${JSON.stringify(report)}`]
    const seq = before.events.length + acknowledged.size
    return (report.seq ?? 0) >= seq
      ? problems
      : [...problems, `kept ${report.seq} events, had ${seq}`]
  }

  async #state(): Promise<StoreState> {
    const connection = await this.#connect()
    try {
      return await stateOf(connection)
    } finally {
      connection.close()
    }
  }

  /** To whatever daemon serves now, or one that is started. */
  async #connect(): Promise<PlainConnection> {
    const { directory } = this.#settings
    for (;;) {
      const living = livingDaemon(directory)
      if (living === undefined && this.#life !== undefined && isAlive(this.#life.pid)) {
        await sleep(20) // Between two lives in one process none is published.
        continue
      }
      const life = living ?? startLife(directory)
      this.#life = life
      const path = await life.socket
      if (path === undefined) continue
      try {
        return await PlainConnection.open(path, 'checks')
      } catch {
        await sleep(20) // It has just withdrawn.
      }
    }
  }

  async #killDaemon(): Promise<void> {
    await this.#life?.kill()
    this.#life = undefined
    this.#settings.sabotage?.(this.#databasePath)
  }

  #askByProgram(): Asked {
    const args = ['backup', 'restore', this.#backupPath, '--json']
    const { kill, ended } = startProgram(this.#settings.directory, args)
    return { kill, over: ended.then(({ code }) => code === 0) }
  }

  #askByConnection(): Asked {
    const ask = async (): Promise<boolean> => {
      const connection = await this.#connect()
      try {
        await connection.call('daemon/restore', { path: this.#backupPath })
        return true
      } catch (error) {
        if (error instanceof Unanswered) return false
        throw error
      } finally {
        connection.close()
      }
    }
    return { kill: () => {}, over: ask() }
  }

  /** Waits until a daemon that lives on has done what it was asked, and serves. */
  async #settled(): Promise<void> {
    for (;;) {
      const connection = await this.#connect()
      try {
        const { connections } = statusForm.parse(await connection.call('daemon/status'))
        // Restores are one after the other: this one, of nothing, comes after what is under way.
        if (!connections.some(({ client }) => client.startsWith('orion-cli'))) {
          await connection.call('daemon/restore', {
            path: join(this.#settings.directory, 'nothing'),
          })
        }
      } catch (error) {
        if (error instanceof Refused && /there is no file/.test(error.message)) return
        if (!(error instanceof Unanswered || error instanceof Refused)) throw error
      } finally {
        connection.close()
      }
      await sleep(20)
    }
  }
}

/** A restore that somebody waits for. */
interface Asked {
  kill(): void
  /** Whether it was answered that it is done. */
  readonly over: Promise<boolean>
}

/** Waits until a moment has come; if it never does, until the restore is over. */
async function momentOf(moment: Moment, directory: string, over: Promise<unknown>): Promise<void> {
  if (moment === 'asked') return
  const decision = join(directory, 'store.sqlite-restored')
  let decided = false
  let watcher: ReturnType<typeof watch> | undefined
  const came = new Promise<void>((resolve) => {
    watcher = watch(directory, (_, name) => {
      if (moment === 'copied' && name?.endsWith('.tmp')) resolve()
      if (name !== basename(decision)) return
      decided ||= existsSync(decision)
      if (decided && (moment === 'decided' || !existsSync(decision))) resolve()
    })
  })
  await Promise.race([came, over])
  watcher?.close()
}

/** Writes one record after the other until the connection ends. */
async function write(
  connection: PlainConnection,
  name: string,
  written: { readonly acknowledged: Set<string>; readonly attempted: Set<string> },
): Promise<void> {
  for (let at = 0; ; at++) {
    const id = `${name} ${at}`
    written.attempted.add(id)
    try {
      await connection.call('record/create', insight(id))
      written.acknowledged.add(id)
    } catch (error) {
      if (error instanceof Unanswered || error instanceof Refused) return
      throw error
    }
    await sleep(5)
  }
}

function insight(id: string) {
  return { type: 'OrionInsight', id, reason: id, data: { summary: id, domain: 'restore' } }
}

async function stateOf(connection: PlainConnection): Promise<StoreState> {
  const { store } = statusForm.parse(await connection.call('daemon/status'))
  const { events } = await eventsAfter(connection, undefined)
  const named = new Map(events.map((event) => [recordKey(event), event]))
  return { ...store, events, records: await recordsOf(connection, named) }
}

const statusForm = z.object({
  store: z.object({ storeId: z.string(), epoch: z.string() }),
  connections: z.array(z.object({ client: z.string() })),
})
