/**
 * The table of who names whom: one row for each record, each place in it that holds references, and each record that is
 * named there. It follows from the records, and is kept in the transactions that write them.
 */
import type { JsonObject } from '../../sdk/json.ts'
import type { Token } from '../../sdk/model.ts'
import {
  type ReferencePlace,
  type ReferenceTarget,
  referencesAt,
  targetOf,
} from '../../sdk/references.ts'
import type { Connection } from './engine/engine.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import { recordTableName } from './sql.ts'
import { readMeta, writeMeta } from './store-meta.ts'
import { quoteName } from './tables.ts'

/** One reference: a place, and the record that it names. */
export interface Reference extends ReferenceTarget {
  readonly place: ReferencePlace
}

/** The references in the data of a record, each once for each place. Texts that are no record's id are none. */
export function referencesIn(
  places: readonly ReferencePlace[],
  data: JsonObject,
): Map<string, Reference> {
  const found = new Map<string, Reference>()
  for (const place of places) {
    for (const value of referencesAt(place, data)) {
      const target = targetOf(place, value)
      if (target !== undefined) {
        found.set(`${place.path}\n${target.type}\n${target.id}`, { ...target, place })
      }
    }
  }
  return found
}

const insert = `INSERT OR IGNORE INTO record_references (target_type, target_id, type, field, id)
  VALUES (?, ?, ?, ?, ?)`
const remove = `DELETE FROM record_references
  WHERE target_type = ? AND target_id = ? AND type = ? AND field = ? AND id = ?`

/** Which record names. */
export interface Referrer {
  readonly type: string
  readonly id: string
}

/** Notes that a record names another one. */
export function addReference(connection: Connection, by: Referrer, to: Reference): void {
  connection.prepare(insert).run([to.type, to.id, by.type, to.place.path, by.id])
}

/** Notes that it no longer does. */
export function removeReference(connection: Connection, by: Referrer, to: Reference): void {
  connection.prepare(remove).run([to.type, to.id, by.type, to.place.path, by.id])
}

/** Forgets everything that a record names, whatever its data say; it looks at the whole table. */
export function removeReferrer(connection: Connection, { type, id }: Referrer): void {
  connection.prepare('DELETE FROM record_references WHERE type = ? AND id = ?').run([type, id])
}

/** A value in the place of a reference that can be no record's id. */
export interface NamelessValue {
  readonly id: string
  readonly path: string
  readonly value: string
}

/** Makes the rows of a type, in place of those it had, if its places are others than they were made for. */
export function fillReferences(connection: Connection, entry: RecordTypeEntry): void {
  const filled = readMeta(connection, shapeKey(entry.definition.name))
  if (shapeOf(entry) !== (filled ?? '[]')) rebuildReferences(connection, entry)
}

/** Makes the rows of a type anew from its records. */
export function rebuildReferences(connection: Connection, entry: RecordTypeEntry): void {
  const { name: type } = entry.definition
  connection.prepare('DELETE FROM record_references WHERE type = ?').run([type])
  for (const { id, data } of recordsOf(connection, entry)) {
    for (const reference of referencesIn(entry.references, data).values()) {
      addReference(connection, { type, id }, reference)
    }
  }
  writeMeta(connection, shapeKey(type), shapeOf(entry))
}

/** Values in these places of a type that can be no record's id; the first of them. */
export function namelessValues(
  connection: Connection,
  entry: RecordTypeEntry,
  places: readonly ReferencePlace[],
): NamelessValue[] {
  const found: NamelessValue[] = []
  if (places.length === 0) return found
  for (const { id, data } of recordsOf(connection, entry)) {
    found.push(...namelessIn(places, id, data))
    if (found.length >= namelessMax) break
  }
  return found.slice(0, namelessMax)
}

/** Who names a record that is not there, by one place of a type; the first of them. */
export function danglingReferences(
  connection: Connection,
  from: { readonly type: string; readonly path: string; readonly limit: number },
  isType: (name: string) => boolean,
): { readonly id: string; readonly target: ReferenceTarget }[] {
  const { type, path, limit } = from
  const named = connection
    .prepare('SELECT DISTINCT target_type FROM record_references WHERE type = ? AND field = ?')
    .all([type, path])
    .map((row) => String(row.target_type))
  return named
    .flatMap((target) => {
      const absent = isType(target)
        ? `AND NOT EXISTS (SELECT 1 FROM ${quoteName(recordTableName(target))} AS t WHERE t.id = r.target_id)`
        : ''
      return connection
        .prepare(
          `SELECT r.id, r.target_type, r.target_id FROM record_references AS r
           WHERE r.type = ? AND r.field = ? AND r.target_type = ? ${absent} LIMIT ?`,
        )
        .all([type, path, target, limit])
    })
    .slice(0, limit)
    .map((row) => ({
      id: String(row.id),
      target: { type: String(row.target_type), id: String(row.target_id) },
    }))
}

/** Whether the table knows that a record names another one. */
export function isNamed(connection: Connection, by: Referrer, to: Reference): boolean {
  const values = [to.type, to.id, by.type, to.place.path, by.id]
  return connection.prepare(known).get(values) !== undefined
}

const known = `SELECT 1 FROM record_references
  WHERE target_type = ? AND target_id = ? AND type = ? AND field = ? AND id = ?`

/** What it takes to read the references of a type. */
export type RecordsOfType = Pick<RecordTypeEntry, 'definition' | 'references' | 'codec'>

/** All records of a type that has references, some at a time. */
export function* recordsOf(
  connection: Connection,
  entry: RecordsOfType,
): Generator<{ readonly id: string; readonly data: JsonObject }> {
  if (entry.references.length === 0) return
  const table = quoteName(recordTableName(entry.definition.name))
  const sql = `SELECT * FROM ${table} WHERE row_id > ? ORDER BY row_id LIMIT ${rowsAtOnce}`
  for (let after = -1; ; ) {
    const rows = connection.prepare(sql).all([after])
    for (const row of rows) yield entry.codec.decode(row, noToken).record
    if (rows.length < rowsAtOnce) return
    after = Number(rows.at(-1)?.row_id)
  }
}

function namelessIn(
  places: readonly ReferencePlace[],
  id: string,
  data: JsonObject,
): NamelessValue[] {
  return places.flatMap((place) =>
    referencesAt(place, data)
      .filter((value) => targetOf(place, value) === undefined)
      .map((value) => ({ id, path: place.path, value })),
  )
}

/** What the rows of a type are made for. */
function shapeOf({ references }: RecordTypeEntry): string {
  return JSON.stringify(references.map(({ path, to }) => [path, to]))
}

function shapeKey(type: string): string {
  return `references:${type}`
}

const noToken = (): Token => '' as Token
const rowsAtOnce = 500
const namelessMax = 5
