/** The upkeep of a store: its backups, going back to one, looking for faults, mending what can be mended. */

import { chmodSync, lstatSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { counted } from '../sdk/counted.ts'
import { OrionError } from '../sdk/errors.ts'
import { LaunchError, messageOf } from '../sdk/launch/launch-error.ts'
import type { Finding } from '../sdk/protocol/upkeep.ts'
import { loadConfig } from './config.ts'
import type { InspectFile } from './file-inspector.ts'
import type { Log } from './log.ts'
import type { OpenedStore } from './opened-store.ts'
import type { StoreUpkeep } from './session/services.ts'
import { type BackupFile, leftoverCopies } from './store/backup-files.ts'
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
  /** Checks and restores that run or wait. */
  #asked = 0
  /** Whether the store goes back to a backup: one that was asked for behind it would undo what was answered. */
  #isDecided = false

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
    return this.#alone(async () => {
      try {
        signal.throwIfAborted()
        return await this.#check(params?.repair ?? false, signal)
      } catch (error) {
        if (!signal.aborted) throw error
        throw new OrionError('cancelled', 'nobody waits for the check any more', {})
      }
    })
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

  /** Each takes a process and a copy of the store, so that few may wait. */
  async #alone<T>(run: () => Promise<T>): Promise<T> {
    if (this.#asked >= askedMax) {
      throw new OrionError('overloaded', `${askedMax} checks and restores are under way already`, {
        retryAfterMs: 2000,
        remedy: 'wait until they have ended',
      })
    }
    this.#asked++
    const done = this.#last.then(run).finally(() => this.#asked--)
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
    if (this.#isDecided) {
      const message = 'the store goes back to another backup already'
      throw new OrionError('draining', message, { retryAfterMs: 1000 })
    }
    const decided = await decideRestore({
      databasePath,
      backupPath: path,
      force,
      current: maintenance === undefined ? { storeId, seq: store.log.durableSeq } : undefined,
      engine,
      inspect: (copy) => inspect(copy, 'whole'),
    })
    this.#isDecided = true
    log.warn('the store goes back to a backup', { path, ...decided })
    reopen(`the store goes back to ${path}`)
    return { path, ...decided }
  }

  async #check(repair: boolean, signal: AbortSignal): ReturnType<StoreUpkeep['check']> {
    const { opened, databasePath } = this.#parts
    let content = await this.#inspect(signal)
    const indexes = content.flatMap(({ reindex = [] }) => reindex)
    const references = content.flatMap((finding) => finding.references ?? [])
    let rebuilt: Finding[] = []
    if (repair && indexes.length + references.length > 0 && opened.maintenance === undefined) {
      await opened.store.rebuild({ indexes, references })
      content = await this.#inspect(signal)
      rebuilt = rebuiltFindings(indexes, references)
    }
    const { findings, goodBackup } = await this.#backupFindings(signal)
    return {
      findings: [
        ...content.map(({ reindex: _, references: __, ...finding }) =>
          goodBackup === undefined ? withoutBackup(finding, databasePath) : finding,
        ),
        ...rebuilt,
        ...this.#fileFindings(repair),
        settingsFinding(dirname(databasePath)),
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
            message: `${leftovers.length === 1 ? '1 unfinished copy takes' : `${leftovers.length} unfinished copies take`} room: ${leftovers[0]}`,
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
    const { store, maintenance } = opened
    const all = inOrderOfTrust(store.backups.list())
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
        // A damaged store that was kept aside is meant to be there.
        if (backup.reason !== 'before-restore') bad.push(backup.path)
        continue
      }
      const { seq = 0 } = report
      const isLost = maintenance === undefined && store.log.durableSeq === 0 && seq > 0
      return {
        goodBackup: { ...backup, seq },
        findings: [isLost ? emptied(backup.path, seq) : goodBackupFinding(backup, all.length, bad)],
      }
    }
    return { findings: [noBackupFinding(bad, maintenance === undefined)] }
  }
}

function rebuiltFindings(indexes: readonly string[], references: readonly string[]): Finding[] {
  const finding = (check: string, message: string, repaired: string): Finding[] => [
    { check, level: 'ok', message, repaired },
  ]
  return [
    ...(indexes.length === 0
      ? []
      : finding('indexes', 'the indexes were wrong', `built ${indexes.join(', ')} anew`)),
    ...(references.length === 0
      ? []
      : finding(
          'references',
          'the table of who names whom was wrong',
          `built it anew for ${references.join(', ')}`,
        )),
  ]
}

/** Checks and restores that may run or wait at once. */
const askedMax = 4

/** What a restore has replaced comes last: somebody has decided against it. */
function inOrderOfTrust(all: readonly BackupFile[]): readonly BackupFile[] {
  const isReplaced = ({ reason }: BackupFile): boolean => reason === 'before-restore'
  return [...all.filter((backup) => !isReplaced(backup)), ...all.filter(isReplaced)]
}

function goodBackupFinding({ path }: BackupFile, count: number, bad: readonly string[]): Finding {
  const check = 'backups'
  const message = `${count} ${count === 1 ? 'backup' : 'backups'}; the newest good one is ${path}`
  if (bad.length === 0) return { check, level: 'ok', message }
  return {
    check,
    level: 'warn',
    message: `${message}; newer ones can't be used: ${bad.join(', ')}`,
    remedy: 'Remove those that can’t be used, and make one now: `orion backup`.',
  }
}

function noBackupFinding(bad: readonly string[], canMakeOne: boolean): Finding {
  const makeOne = canMakeOne ? { remedy: '`orion backup` makes one now.' } : {}
  const check = 'backups'
  return bad.length === 0
    ? { check, level: 'warn', message: 'there is no backup yet', ...makeOne }
    : { check, level: 'fail', message: `no backup can be read: ${bad.join(', ')}`, ...makeOne }
}

/** Somebody has deleted or emptied the file: a new store was begun in its place, and nobody complained. */
function emptied(path: string, seq: number): Finding {
  return {
    check: 'backups',
    level: 'warn',
    message: `the store is empty, and there is a backup with ${counted(seq, 'event')}: ${path}`,
    remedy: `If the store was lost, go back: \`orion backup restore ${path}\`.`,
  }
}

/** What can be done about a damaged file when nothing is there to go back to. */
function withoutBackup(finding: Finding, databasePath: string): Finding {
  if (finding.check !== 'integrity' || finding.level !== 'fail') return finding
  const remedy = `There is no good backup beside the store. If you have one elsewhere: \`orion backup restore FILE\`. Else run \`orion stop\`, move ${databasePath} away, with its -wal if there is one, to begin an empty store, and see what \`sqlite3 FILE .recover\` gets out of it.`
  return { ...finding, remedy }
}

/** A file that was changed since the daemon started keeps the next one from starting. */
function settingsFinding(storeDirectory: string): Finding {
  const check = 'settings'
  try {
    loadConfig({ storeDirectory, env: {} })
    return { check, level: 'ok', message: 'they can be read' }
  } catch (error) {
    const remedy = error instanceof LaunchError ? error.remedy : 'Correct or remove the setting.'
    const message = `the next daemon can't start: ${messageOf(error)}`
    return { check, level: 'fail', message, remedy }
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
