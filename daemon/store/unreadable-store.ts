/** What stands in the place of a store that can't be read, while the daemon serves only what mends it. */
import { isOrionError, type OrionError } from '../../sdk/errors.ts'
import { formatToken, type Token } from '../../sdk/model.ts'
import { type BackupFile, listBackups } from './backup-files.ts'
import { EngineError } from './engine/engine.ts'
import type { StoreApi, StoreStatus } from './store-api.ts'

/** Whether opening failed because of what is in the file, which a backup can mend. */
export function isUnreadable(error: unknown): error is OrionError<'storage_failed'> {
  if (!isOrionError(error, 'storage_failed') || !(error.cause instanceof EngineError)) return false
  return error.cause.kind === 'corrupt' || error.cause.kind === 'not-a-database'
}

/** What is known of an unreadable store. */
export interface UnreadableParts {
  readonly path: string
  readonly sizeBytes: number
  readonly problem: OrionError<'storage_failed'>
  readonly engine: { readonly name: string; readonly sqliteVersion: string }
  readonly backupsMax: number
}

/** A store of which everything but its status is refused with the reason. Its token is of no store. */
export function unreadableStore(parts: UnreadableParts): StoreApi {
  const { path, problem } = parts
  const refuse = (): never => {
    throw problem
  }
  const refused = (): Promise<never> => Promise.reject(problem)
  const nothing = { dispose: () => {} }
  const tokenAt = (seq: number): Token => formatToken({ storeId: none, epoch: none, seq })
  return {
    storeId: none,
    epoch: none,
    log: {
      durableSeq: 0,
      floorSeq: 0,
      readEvents: () => [],
      onDurable: () => nothing,
      holdFloor: () => nothing,
    },
    positions: { find: () => undefined, keep: refused, use: refuse },
    identity: { copiedFrom: undefined, settle: refused },
    backups: {
      last: undefined,
      isRunning: false,
      problem: undefined,
      list: (): readonly BackupFile[] => listBackups(path),
      next: () => ({ because: inMaintenance }),
      withCopy: refused,
    },
    token: () => tokenAt(0),
    floor: () => tokenAt(0),
    tokenAt,
    seqOf: refuse,
    waitFor: refused,
    ...{ get: refused, getMany: refused, list: refused, count: refused, history: refused },
    ...{ blame: refused, explain: refused, search: refused, referrers: refused },
    ...{ create: refused, update: refused, delete: refused, restore: refused, archive: refused },
    ...{ purge: refused, transact: refused, import: refused, publish: refused },
    ...{ manage: refused, tryOut: refused, migrateType: refused, typeHistory: refused },
    ...{ defineType: refused, listTypes: refused, compact: refused, backup: refused },
    getType: refuse,
    typeDefinition: () => undefined,
    typeNames: () => [],
    recordFilter: refuse,
    readSnapshot: refuse,
    rebuild: refused,
    status: () => statusOf(parts),
    close: async () => {},
  }
}

/** The form of an id, and the id of no store. */
const none = 'unreadable'
const inMaintenance = 'the store can’t be read: go back to a backup first'

function statusOf({ path, sizeBytes, problem, engine, backupsMax }: UnreadableParts): StoreStatus {
  return {
    store: {
      path,
      storeId: none,
      epoch: none,
      sizeBytes,
      logPages: 0,
      state: 'unreadable',
      problem: problem.message,
      ...(problem.data.remedy === undefined ? {} : { remedy: problem.data.remedy }),
    },
    engine: { ...engine, durability: 'nothing is written' },
    queue: { waiting: 0, limit: 0, batches: 0, writes: 0 },
    log: { seq: 0, floorSeq: 0, events: 0 },
    positions: [],
    backups: { everyMs: 0, kept: backupsMax, running: false, next: { because: inMaintenance } },
  }
}
