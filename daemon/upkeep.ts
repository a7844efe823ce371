/** The upkeep of a store: its backups, going back to one, looking for faults, mending what can be mended. */

import { chmodSync, lstatSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../sdk/launch/launch-error.ts'
import type { Finding } from '../sdk/protocol/upkeep.ts'
import type { InspectFile } from './file-inspector.ts'
import type { Log } from './log.ts'
import type { OpenedStore } from './opened-store.ts'
import type { StoreUpkeep } from './session/services.ts'
import { leftoverCopies } from './store/backup-files.ts'
import type { Engine } from './store/engine/engine.ts'
import type { Finding as StoreFinding } from './store/finding.ts'
import { type FileReport, isSound } from './store/inspect-file.ts'
import { decideRestore, removeLeftovers } from './store/restore.ts'
import type { Backup } from './store/store-api.ts'

/** What upkeep is made of. */
export interface UpkeepParts {
  readonly databasePath: string
  readonly opened: OpenedStore
  readonly engine: Engine
  readonly inspect: InspectFile
  readonly log: Log
  /** Ends this daemon so that the next one opens the store anew. */
  readonly reopen: (reason: string) => void
}

/** The upkeep of one store. A restore and a check never run at once. */
export class Upkeep implements StoreUpkeep {
  readonly #parts: UpkeepParts
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  backups(): ReturnType<StoreUpkeep['backups']> {
    return { backups: [...this.#parts.opened.store.backups.list()] }
  }

  restore(params: Parameters<StoreUpkeep['restore']>[0]): ReturnType<StoreUpkeep['restore']> {
    return this.#alone(() => this.#restore(params))
  }

  check(
    params: Parameters<StoreUpkeep['check']>[0],
    signal: AbortSignal,
  ): ReturnType<StoreUpkeep['check']> {
    return this.#alone(() => this.#check(params?.repair ?? false, signal))
  }

  async settle({
    as,
    force,
  }: Parameters<StoreUpkeep['settle']>[0]): ReturnType<StoreUpkeep['settle']> {
    const { opened, reopen } = this.#parts
    const { storeId, reopen: anew } = await opened.store.identity.settle(as, { force })
    if (anew) reopen('the store was moved and gets its old id back')
    return { storeId }
  }

  async #alone<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#last.then(run)
    this.#last = done.catch(() => {})
    return await done
  }

  async #restore({
    path,
    force = false,
  }: Parameters<StoreUpkeep['restore']>[0]): ReturnType<StoreUpkeep['restore']> {
    const { opened, databasePath, engine, inspect, log, reopen } = this.#parts
    const { store, maintenance } = opened
    const { storeId } = store
    const decided = await decideRestore({
      databasePath,
      backupPath: path,
      force,
      current: maintenance === undefined ? { storeId, seq: store.log.durableSeq } : undefined,
      engine,
      inspect: (copy) => inspect(copy, 'whole'),
    })
    log.warn('the store goes back to a backup', { path, ...decided })
    reopen(`the store goes back to ${path}`)
    return { path, ...decided }
  }

  async #check(repair: boolean, signal: AbortSignal): ReturnType<StoreUpkeep['check']> {
    const { opened, databasePath } = this.#parts
    let content = await this.#inspect(signal)
    const indexes = content.flatMap(({ reindex = [] }) => reindex)
    let rebuilt: Finding[] = []
    if (repair && indexes.length > 0 && opened.maintenance === undefined) {
      await opened.store.rebuildIndexes(indexes)
      const repaired = `built ${indexes.join(', ')} anew`
      content = await this.#inspect(signal)
      rebuilt = [{ check: 'indexes', level: 'ok', message: 'the indexes were wrong', repaired }]
    }
    const { findings, goodBackup } = await this.#backupFindings(signal)
    return {
      findings: [
        ...content.map(({ reindex: _, ...finding }) => finding),
        ...rebuilt,
        ...this.#fileFindings(repair),
        await spaceFinding(databasePath),
        ...findings,
      ],
      ...(goodBackup === undefined ? {} : { goodBackup }),
    }
  }

  /** Of an open store a copy is inspected; one that can't be read is written by nobody. */
  async #inspect(signal: AbortSignal): Promise<readonly StoreFinding[]> {
    const { opened, databasePath, inspect } = this.#parts
    try {
      const report =
        opened.maintenance === undefined
          ? await opened.store.backups.withCopy(
              (path) => inspect(path, 'everything', signal),
              signal,
            )
          : await inspect(databasePath, 'everything', signal)
      return findingsOf(report)
    } catch (error) {
      signal.throwIfAborted()
      const level = isDamage(error) ? 'fail' : 'warn'
      const message = `the store could not be inspected: ${messageOf(error)}`
      const remedy =
        level === 'fail'
          ? '`orion doctor --repair` goes back to the newest good backup and keeps this file aside.'
          : 'Free some space or memory: a check needs room for a copy of the store.'
      return [{ check: 'integrity', level, message, remedy }]
    }
  }

  #fileFindings(repair: boolean): Finding[] {
    const { databasePath, opened } = this.#parts
    const leftovers = opened.store.backups.isRunning ? [] : leftoverCopies(databasePath)
    if (repair) removeLeftovers(databasePath)
    const left: Finding =
      leftovers.length === 0
        ? { check: 'leftovers', level: 'ok', message: 'no unfinished copies' }
        : {
            check: 'leftovers',
            level: 'warn',
            message: `${leftovers.length} unfinished copies take room: ${leftovers[0]}`,
            ...(repair
              ? { repaired: 'removed them' }
              : { remedy: '`orion doctor --repair` removes them.' }),
          }
    return [left, ...permissionFindings(databasePath, repair)]
  }

  /** Looks at backups, the newest first, until one is sound. */
  async #backupFindings(
    signal: AbortSignal,
  ): Promise<{ findings: Finding[]; goodBackup?: Backup }> {
    const { opened, inspect } = this.#parts
    const all = opened.store.backups.list()
    const bad: string[] = []
    for (const backup of all) {
      let report: FileReport
      try {
        report = await inspect(backup.path, 'whole', signal)
      } catch (error) {
        signal.throwIfAborted()
        const message = messageOf(error)
        return { findings: [{ check: 'backups', level: 'warn', message }] }
      }
      if (!isSound(report) || report.storeId === undefined) {
        bad.push(backup.path)
        continue
      }
      return {
        goodBackup: { ...backup, ...(report.seq === undefined ? {} : { seq: report.seq }) },
        findings: [
          backupFinding(bad, `${all.length} backups; the newest good one is ${backup.path}`),
        ],
      }
    }
    const none = all.length === 0 ? 'there is no backup yet' : 'no backup can be read'
    return { findings: [backupFinding(bad, none, all.length === 0 ? 'warn' : 'fail')] }
  }
}

function backupFinding(
  bad: readonly string[],
  message: string,
  level: Finding['level'] = 'ok',
): Finding {
  const check = 'backups'
  if (bad.length === 0) {
    return level === 'ok'
      ? { check, level, message }
      : { check, level, message, remedy: '`orion backup` makes one now.' }
  }
  return {
    check,
    level: level === 'ok' ? 'warn' : level,
    message: `${message}; newer ones can't be used: ${bad.join(', ')}`,
    remedy: 'Remove those that can’t be used, and make one now: `orion backup`.',
  }
}

function findingsOf({ problem, findings }: FileReport): readonly StoreFinding[] {
  if (problem === undefined) return findings
  return [{ check: 'integrity', level: 'fail', ...problem }]
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'corrupt'
}

/** Nobody but the owner may enter the directory or read the file. */
function permissionFindings(databasePath: string, repair: boolean): Finding[] {
  const uid = process.getuid?.()
  if (uid === undefined) return []
  const faults: string[] = []
  const foreign: string[] = []
  const mend = [
    { path: dirname(databasePath), mode: 0o700 },
    { path: databasePath, mode: 0o600 },
  ].filter(({ path }) => {
    const found = lstatSync(path, { throwIfNoEntry: false })
    if (found === undefined) return false
    if (found.uid !== uid) foreign.push(`${path} is of user ${found.uid}`)
    if ((found.mode & 0o077) === 0) return false
    faults.push(`${path} has mode 0${(found.mode & 0o777).toString(8)}`)
    return found.uid === uid && !found.isSymbolicLink()
  })
  const check = 'permissions'
  const all = [...faults, ...foreign]
  if (all.length === 0) return [{ check, level: 'ok', message: 'the store is its owner’s alone' }]
  if (repair) for (const { path, mode } of mend) chmodSync(path, mode)
  const mended = repair && foreign.length === 0 && mend.length === faults.length
  return [
    {
      check,
      level: 'warn',
      message: `others may read the store: ${all.join('; ')}`,
      ...(mended
        ? { repaired: 'took the rights of others away' }
        : { remedy: '`orion doctor --repair` takes them away; a foreign owner needs chown.' }),
    },
  ]
}

async function spaceFinding(databasePath: string): Promise<Finding> {
  const check = 'disk'
  try {
    const { bavail, bsize } = await statfs(dirname(databasePath))
    const freeBytes = bavail * bsize
    const sizeBytes = lstatSync(databasePath, { throwIfNoEntry: false })?.size ?? 0
    const neededBytes = 2 * sizeBytes + spareBytes
    const free = `${Math.floor(freeBytes / 1024 / 1024)} MiB free`
    if (freeBytes >= neededBytes) return { check, level: 'ok', message: free }
    return {
      check,
      level: 'warn',
      message: `${free}, less than backups and a restore may need (${Math.ceil(neededBytes / 1024 / 1024)} MiB)`,
      remedy: 'Free some space. Writes are refused, and nothing is lost, when there is none left.',
    }
  } catch (error) {
    return { check, level: 'warn', message: `the free space is not known: ${messageOf(error)}` }
  }
}

const spareBytes = 64 * 1024 * 1024
