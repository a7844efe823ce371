/**
 * Notices a store whose file is not the one, not where, or not as new as it was when it was last opened.
 *
 * ```
 * another inode, same path ──────────────> replaced   the same store, a new epoch
 * another inode, another path ───────────> copied     a store of its own, which remembers whose copy it is
 * same inode, older or other content ────> went back  the same store, a new epoch (needs the user's memory)
 * same inode, another path ──────────────> moved      nothing changes
 * ```
 */
import { statSync } from 'node:fs'
import { OrionError } from '../../sdk/errors.ts'
import type { Connection } from './engine/engine.ts'
import type { RecallStore } from './store-memory.ts'
import {
  isRestoredBackup,
  newEpoch,
  newestPosition,
  newStore,
  pastEpochs,
  readMeta,
  removeMeta,
  writeMeta,
} from './store-meta.ts'

/** What became of a store's file since it was last opened. */
export type Placement = 'same' | 'moved' | 'replaced' | 'copied' | 'restored' | 'went back'

/**
 * Notes where the file is, and begins a new epoch when its content is not what it was, or a store of its own when the
 * file was copied elsewhere: two stores must not give the same tokens for different events. All of it happens, or
 * nothing.
 *
 * @param recall - What this user remembers of a store; without it a file that was overwritten in place is not noticed.
 * @throws OrionError `storage_failed` when the file has a second name (a hard link), at which it is the same store.
 */
export function settleInPlace(connection: Connection, recall?: RecallStore): Placement {
  const facts = placeOf(connection.path)
  refuseSecondName(connection, facts)
  connection.exec('BEGIN IMMEDIATE')
  try {
    const placement = settle(connection, facts, recall)
    connection.exec('COMMIT')
    return placement
  } catch (error) {
    if (connection.inTransaction()) connection.exec('ROLLBACK')
    throw error
  }
}

/** Whose copy a store is, as long as nobody said whether it was copied or moved. */
export interface CopiedFrom {
  readonly storeId: string
  readonly path: string
  readonly inode: string
}

/** Whose copy this store is; undefined when it is none, or the user has said. */
export function readCopiedFrom(connection: Connection): CopiedFrom | undefined {
  const text = readMeta(connection, 'copiedFrom')
  if (text === undefined) return undefined
  try {
    const { storeId, path, inode } = JSON.parse(text)
    return { storeId: String(storeId), path: String(path), inode: String(inode) }
  } catch {
    return undefined // Only we write it; one that can't be read asks no question.
  }
}

/** Whether the file that this store was copied from is still where it was. */
export function originalIsThere({ path, inode }: CopiedFrom): boolean {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found !== undefined && String(found.ino) === inode
}

/** Confirms that a copy is a store of its own: nobody is asked any more. */
export function confirmCopy(connection: Connection): void {
  removeMeta(connection, 'copiedFrom')
}

/**
 * Gives a store that was moved its old id back. It keeps the epoch that it began when it was taken for a copy: should the
 * original still live somewhere, the two give different tokens all the same.
 */
export function takeOldIdBack(connection: Connection, { storeId }: CopiedFrom): void {
  writeMeta(connection, 'storeId', storeId)
  removeMeta(connection, 'copiedFrom')
}

/** Makes the file known as being where it is: call it on a file that is about to be put in the store's place. */
export function notePlace(connection: Connection, path: string): void {
  const { inode } = placeOf(connection.path)
  writeMeta(connection, 'path', path)
  writeMeta(connection, 'inode', inode)
}

interface Place {
  readonly path: string
  readonly inode: string
  readonly links: number
}

function placeOf(path: string): Place {
  const { ino, nlink } = statSync(path, { bigint: true })
  return { path, inode: String(ino), links: Number(nlink) }
}

function settle(connection: Connection, { path, inode }: Place, recall?: RecallStore): Placement {
  const before = {
    path: readMeta(connection, 'path') ?? path,
    inode: readMeta(connection, 'inode') ?? inode,
  }
  if (readMeta(connection, 'path') !== path) writeMeta(connection, 'path', path)
  if (readMeta(connection, 'inode') !== inode) writeMeta(connection, 'inode', inode)
  if (before.inode !== inode && before.path !== path) {
    const storeId = readMeta(connection, 'storeId')
    if (storeId !== undefined) {
      writeMeta(connection, 'copiedFrom', JSON.stringify({ storeId, ...before }))
    }
    newEpoch(connection)
    newStore(connection)
    return 'copied'
  }
  if (before.inode !== inode) {
    newEpoch(connection)
    return 'replaced'
  }
  if (isRestoredBackup(connection)) {
    newEpoch(connection)
    return 'restored'
  }
  if (wentBack(connection, recall)) {
    newEpoch(connection)
    return 'went back'
  }
  return before.path === path ? 'same' : 'moved'
}

/** Whether the user remembers of this store what the file does not have. */
function wentBack(connection: Connection, recall: RecallStore = () => undefined): boolean {
  const storeId = readMeta(connection, 'storeId')
  const remembered = storeId === undefined ? undefined : recall(storeId)
  if (remembered === undefined) return false
  const { epoch, seq, at } = remembered
  if (epoch !== readMeta(connection, 'epoch')) return !pastEpochs(connection).includes(epoch)
  if (newestPosition(connection) < seq) return true
  const event = connection.prepare('SELECT at FROM log WHERE seq = ?').get([seq])
  return at !== undefined && event !== undefined && String(event.at) !== at
}

/** Two names of one file would give two daemons, each with a lock of its own, one store to write. */
function refuseSecondName(connection: Connection, { path, inode, links }: Place): void {
  const known = readMeta(connection, 'path')
  if (links < 2 || known === undefined || known === path) return
  const other = statSync(known, { bigint: true, throwIfNoEntry: false })
  if (other === undefined || String(other.ino) !== inode) return
  throw new OrionError('storage_failed', `${path} and ${known} are one file with two names`, {
    remedy: `Use the store at ${known}, or copy the file over itself (cp, not ln) to have a store of its own here.`,
  })
}
