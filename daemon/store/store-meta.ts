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

/** What is kept under a name; undefined when nothing is. */
export function readMeta(connection: Connection, key: string): string | undefined {
  const row = connection.prepare('SELECT value FROM meta WHERE key = ?').get([key])
  return row === undefined ? undefined : String(row.value)
}

function keepMeta(connection: Connection, key: string, value: string): string {
  connection.prepare('INSERT INTO meta (key, value) VALUES (?, ?)').run([key, value])
  return value
}

/** Lower-case letters and digits; 12 of them hold 62 bits. */
function randomName(length: number): string {
  return Array.from({ length }, () => randomInt(36).toString(36)).join('')
}

/** The instant of the newest event in microseconds; 0 without one. */
export function newestInstant(connection: Connection): number {
  const row = connection.prepare('SELECT at FROM log ORDER BY seq DESC LIMIT 1').get()
  return row === undefined ? 0 : instantMicros(String(row.at))
}
