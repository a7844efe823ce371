/** The few facts that a store keeps about itself. */
import { randomInt } from 'node:crypto'
import { instantMicros } from '../../sdk/instant.ts'
import type { Connection } from './engine/engine.ts'
import type { StoreIdentity } from './store-context.ts'

/** The ids of this store and of the present life of its log; a fresh file is given some. */
export function loadIdentity(connection: Connection): StoreIdentity {
  const storeId = readMeta(connection, 'storeId') ?? keepMeta(connection, 'storeId', randomName(12))
  const epoch = readMeta(connection, 'epoch') ?? keepMeta(connection, 'epoch', randomName(8))
  return { storeId, epoch }
}

/**
 * Begins a new life of the log in an open file: tokens given before are of another epoch from now on. For a store that
 * went back to an earlier state; call it before anything is served.
 */
export function newEpoch(connection: Connection): void {
  const before = readMeta(connection, 'epoch')
  if (before !== undefined) {
    const past = [before, ...pastEpochs(connection)].slice(0, pastEpochsMax)
    writeMeta(connection, 'pastEpochs', past.join(' '))
  }
  writeMeta(connection, 'epoch', randomName(8))
  connection.prepare('DELETE FROM meta WHERE key >= ? AND key < ?').run(backupKeys)
}

/** The epochs that this file has had before the present one, newest first. */
export function pastEpochs(connection: Connection): readonly string[] {
  return (readMeta(connection, 'pastEpochs') ?? '').split(' ').filter((epoch) => epoch !== '')
}

/** Far more than a store has in its life; each is a word of the file. */
const pastEpochsMax = 100

/** Makes an open file a store of its own, which no token of the store it was copied from fits. */
export function newStore(connection: Connection): void {
  writeMeta(connection, 'storeId', randomName(12))
}

/**
 * Whether the file is a copy that a backup made. While a backup copies, the store holds a mark, which is in the copy
 * therefore and not in the store afterwards. A store that crashed during a backup has it too: the new epoch it gets
 * costs its subscribers a snapshot.
 */
export function isRestoredBackup(connection: Connection): boolean {
  const marked = 'SELECT key FROM meta WHERE key >= ? AND key < ? LIMIT 1'
  return connection.prepare(marked).get(backupKeys) !== undefined
}

/** Makes the mark of one backup; see `isRestoredBackup`. */
export function backupMark(): string {
  return `backup:${randomName(12)}`
}

/** From the first name of a mark up to the first name after all of them. */
const backupKeys = ['backup:', 'backup;']

/** What is kept under a name; undefined when nothing is. */
export function readMeta(connection: Connection, key: string): string | undefined {
  const row = connection.prepare('SELECT value FROM meta WHERE key = ?').get([key])
  return row === undefined ? undefined : String(row.value)
}

/** Keeps a value under a name, in place of the one that was there. */
export function writeMeta(connection: Connection, key: string, value: string): void {
  connection.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run([key, value])
}

/** Forgets what is kept under a name. */
export function removeMeta(connection: Connection, key: string): void {
  connection.prepare('DELETE FROM meta WHERE key = ?').run([key])
}

function keepMeta(connection: Connection, key: string, value: string): string {
  connection.prepare('INSERT INTO meta (key, value) VALUES (?, ?)').run([key, value])
  return value
}

/** Lower-case letters and digits; 12 of them hold 62 bits. */
function randomName(length: number): string {
  return Array.from({ length }, () => randomInt(36).toString(36)).join('')
}

/** The seq of the newest event, also when compaction has taken it; 0 without one. */
export function newestPosition(connection: Connection): number {
  const newest = connection.prepare('SELECT max(seq) AS seq FROM log').get()?.seq
  return Math.max(Number(newest ?? 0), Number(readMeta(connection, 'floorSeq') ?? 0))
}

/** The instant of the newest event in microseconds; 0 without one. */
export function newestInstant(connection: Connection): number {
  const row = connection.prepare('SELECT at FROM log ORDER BY seq DESC LIMIT 1').get()
  return row === undefined ? 0 : instantMicros(String(row.at))
}
