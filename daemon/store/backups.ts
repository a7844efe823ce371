/**
 * The backups of one open store: made on request and on a schedule, looked at before they count, and pruned.
 *
 * ```
 * every so often: has anything changed since the newest backup? ── no ──> wait
 *                         │ yes
 *                 copy ─> inspect ─> name it ─> prune the oldest of its kind
 * ```
 */
import { randomUUID } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BackupReason } from '../../sdk/backup-name.ts'
import { OrionError } from '../../sdk/errors.ts'
import { type Instant, instantFromMicros, instantMicros } from '../../sdk/instant.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import { backupStore, makeBackupDirectory, type VerifyCopy } from './backup.ts'
import { type BackupFile, backupDirectory, listBackups, pruneBackups } from './backup-files.ts'
import type { Connection } from './engine/engine.ts'
import type { EventLog } from './event-log.ts'
import type { StoreBackupsApi } from './store-api.ts'
import { readMeta, writeMeta } from './store-meta.ts'
import type { WriteQueue } from './write-queue.ts'

/** What the backups are made with. */
export interface BackupsParts {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly events: EventLog
  readonly nextInstant: () => Instant
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  readonly verify: VerifyCopy | undefined
  /** Called when one begins and when it ends. */
  readonly onChange: () => void
}

/** The newest backup that the store knows of, also one that its user put elsewhere. */
export interface LastBackup {
  readonly path: string
  readonly at: Instant
  readonly seq: number
  readonly sizeBytes: number
  readonly reason: BackupReason
}

/** Makes backups, and knows when the next one is due. */
export class Backups implements StoreBackupsApi {
  readonly #parts: BackupsParts
  readonly #startedMicros: number
  readonly #closing = new AbortController()
  #running: Promise<unknown> | undefined
  #timer: NodeJS.Timeout | undefined
  #last: LastBackup | undefined
  #problem: string | undefined
  #notBeforeMicros = 0

  constructor(parts: BackupsParts) {
    this.#parts = parts
    this.#startedMicros = parts.clock.nowMicros()
    this.#last = parseLast(readMeta(parts.connection, 'lastBackup'))
    this.#schedule()
  }

  get last(): LastBackup | undefined {
    return this.#last
  }

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  get problem(): string | undefined {
    return this.#problem
  }

  list(): readonly BackupFile[] {
    return listBackups(this.#parts.connection.path)
  }

  next(): { readonly at?: Instant; readonly because: string } {
    const due = this.#dueMicros()
    return typeof due === 'string' ? { because: due } : dueText(due, this.#parts.clock.nowMicros())
  }

  /** One after the other, so that two never copy at once. */
  async make(
    path: string | undefined,
    reason: BackupReason,
    signal?: AbortSignal,
  ): Promise<LastBackup> {
    while (this.#running !== undefined) await this.#running.catch(() => {})
    const both = signal === undefined ? [] : [signal]
    const made = this.#make(path, reason, AbortSignal.any([this.#closing.signal, ...both]))
    this.#running = made
    this.#parts.onChange()
    try {
      return await made
    } finally {
      this.#running = undefined
      this.#parts.onChange()
    }
  }

  /** The copy lies among the backups, under the name of one that is not finished. */
  async withCopy<T>(use: (path: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { connection } = this.#parts
    const directory = backupDirectory(connection.path)
    const path = join(directory, `.inspected.${randomUUID()}.tmp`)
    makeBackupDirectory(path)
    try {
      await connection.sync()
      const paced = { pagesPerStep: 128, ...(signal === undefined ? {} : { signal }) }
      await connection.backup(path, paced)
      return await use(path)
    } finally {
      rmSync(path, { force: true })
    }
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#closing.abort()
    await this.#running?.catch(() => {})
  }

  async #make(
    path: string | undefined,
    reason: BackupReason,
    signal: AbortSignal,
  ): Promise<LastBackup> {
    const { connection, queue, events, nextInstant, verify, limits, log } = this.#parts
    const at = nextInstant()
    const seq = events.durableSeq
    const made = await backupStore({ connection, queue, path, reason, at, verify, signal })
    const last: LastBackup = { ...made, at, seq, reason }
    const run = (): void => writeMeta(connection, 'lastBackup', JSON.stringify(last))
    await queue.submit({ undo: 'nothing', run }, {})
    this.#last = last
    this.#problem = undefined
    const { path: place } = connection
    const pruned = path === undefined ? pruneBackups(place, limits.backupsMax, made.path) : []
    log.info('a backup was made', { ...last, pruned: pruned.length })
    return last
  }

  #schedule(): void {
    const { clock, limits } = this.#parts
    if (limits.backupEveryMs === 0 || this.#closing.signal.aborted) return
    const due = this.#dueMicros()
    const waitMs = typeof due === 'string' ? lookEveryMs : (due - clock.nowMicros()) / 1000
    const atMost = Math.min(lookEveryMs, limits.backupEveryMs)
    this.#timer = setTimeout(() => void this.#tick(), Math.max(1, Math.min(waitMs, atMost)))
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    const { clock, log } = this.#parts
    const due = this.#dueMicros()
    if (typeof due === 'number' && due <= clock.nowMicros()) {
      try {
        await this.make(undefined, 'scheduled')
      } catch (error) {
        if (!this.#closing.signal.aborted) {
          this.#problem = error instanceof Error ? error.message : String(error)
          this.#notBeforeMicros = clock.nowMicros() + retryMs * 1000
          log.warn('the backup that was due failed', { reason: this.#problem })
        }
      }
    }
    this.#schedule()
  }

  /** When the next backup is due, in microseconds since 1970, or why none is. */
  #dueMicros(): number | string {
    const { limits, events, clock } = this.#parts
    const { backupEveryMs } = limits
    if (backupEveryMs === 0) return 'backupEveryMs is 0: none is made by itself'
    if (events.durableSeq === 0) return 'the store is empty'
    const last = this.#last !== undefined && existsSync(this.#last.path) ? this.#last : undefined
    if (last?.seq === events.durableSeq) return 'nothing has changed since the last one'
    const first = this.#startedMicros + Math.min(firstMs, backupEveryMs) * 1000
    // An instant of the future was given before the clock was set back.
    const lastMicros = Math.min(last === undefined ? 0 : instantMicros(last.at), clock.nowMicros())
    const due = last === undefined ? first : lastMicros + backupEveryMs * 1000
    return Math.max(due, this.#notBeforeMicros)
  }
}

/** A store without a backup gets its first one so long after its daemon has started. */
const firstMs = 5 * 60_000
const retryMs = 10 * 60_000
const lookEveryMs = 60_000

function dueText(dueMicros: number, nowMicros: number): { at: Instant; because: string } {
  const at = instantFromMicros(Math.max(dueMicros, nowMicros))
  return { at, because: 'something has changed since the last one' }
}

function parseLast(text: string | undefined): LastBackup | undefined {
  if (text === undefined) return undefined
  try {
    const { path, at, seq, sizeBytes, reason } = JSON.parse(text)
    return { path, at, seq, sizeBytes, reason }
  } catch {
    return undefined // Only we write it; without it the next backup is due.
  }
}

/** The error for a copy that was made and is not whole, which the store itself then is not either. */
export function damagedCopy(problem: string): OrionError {
  return new OrionError('storage_failed', `the copy of the store is damaged: ${problem}`, {
    remedy: 'The store itself may be damaged: run `orion doctor`.',
  })
}
