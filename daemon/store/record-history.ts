/**
 * The changes of one record, newest first.
 *
 * Each row of the log names the row before it of the same record (`previous_seq`), and the record's own row, or its
 * tombstone, names the newest. So writing needs no index of the log by record: its pages would lie scattered all over
 * the file, and every write would touch one more of them than it has to. Only every 32nd version is indexed, so that an
 * old one is found without walking from the newest.
 */
import type { SqlRow } from './engine/engine.ts'
import type { StoreContext } from './store-context.ts'

/** Which record. */
export interface RecordKey {
  readonly type: string
  readonly id: string
}

/** Versions between two that are indexed; the index in the store's format says the same number. */
export const indexedEvery = 32

/** The newest change of a record that is there or was purged; undefined when it never was. */
export function newestSeq(context: StoreContext, { type, id }: RecordKey): number | undefined {
  return context.read(context.type(type), id)?.seq ?? context.tombstone(type, id)?.seq
}

/** The rows of one record from `seq` on backwards, at most `limit` of them; rows that are compacted away end it. */
export function rowsBackFrom(
  { connection }: StoreContext,
  seq: number | undefined,
  limit: number,
): SqlRow[] {
  if (seq === undefined) return []
  return connection.prepare(walk).all([seq, limit])
}

/** Hands out the rows of one record from `seq` on backwards, until `take` wants no more. */
export function walkBackFrom(
  { connection }: StoreContext,
  seq: number | undefined,
  take: (row: SqlRow) => boolean,
): void {
  if (seq !== undefined) connection.prepare(walk).walk([seq, -1], take)
}

/** As `rowsBackFrom`, without the values: who changed which fields, when and why. */
export function changesBackFrom(
  { connection }: StoreContext,
  seq: number,
  limit: number,
): SqlRow[] {
  return connection.prepare(walkChanges).all([seq, limit])
}

/** The row of one version; undefined when there is none. */
export function rowOfVersion(
  context: StoreContext,
  key: RecordKey,
  version: number,
): SqlRow | undefined {
  const above = context.connection.prepare(nextIndexed).get([key.id, key.type, version])
  let seq = above === undefined ? newestSeq(context, key) : Number(above.seq)
  while (seq !== undefined) {
    const rows = rowsBackFrom(context, seq, indexedEvery)
    const found = rows.find((row) => Number(row.version) <= version)
    if (found !== undefined) return Number(found.version) === version ? found : undefined
    seq = rowBefore(rows.at(-1))
  }
  return undefined
}

/** The row of a record's state as of a position; undefined when it did not exist then. */
export function rowAsOf(context: StoreContext, key: RecordKey, seq: number): SqlRow | undefined {
  let at = newestSeq(context, key)
  while (at !== undefined) {
    const rows = rowsBackFrom(context, at, indexedEvery)
    const found = rows.find((row) => Number(row.seq) <= seq)
    if (found !== undefined) return found
    at = rowBefore(rows.at(-1))
  }
  return undefined
}

/** The row of a record's state before the change that has this seq; undefined when it was compacted away. */
export function rowReplacedBy({ connection }: StoreContext, seq: number): SqlRow | undefined {
  return connection.prepare(replaced).get([seq])
}

/** Erases the values of all rows of one record from `seq` on backwards; that they were there stays to be seen. */
export function eraseBackFrom({ connection }: StoreContext, seq: number): void {
  connection.prepare(erase).run([seq])
}

/** The seq of the row before one; undefined at the first. */
export function rowBefore(row: SqlRow | undefined): number | undefined {
  const seq = row?.previous_seq
  return typeof seq === 'number' && seq < Number(row?.seq) ? seq : undefined
}

const replaced = `SELECT old.* FROM log AS new JOIN log AS old ON old.seq = new.previous_seq WHERE new.seq = ?`

/** The way back only ever leads back, also through a log that was damaged: it ends. */
const erase = `UPDATE log SET data = NULL, reason = NULL, flags = flags | 2 WHERE seq IN (
    WITH RECURSIVE steps (at) AS (
      SELECT ? UNION ALL
      SELECT log.previous_seq FROM steps JOIN log ON log.seq = steps.at WHERE log.previous_seq < log.seq
    ) SELECT at FROM steps
  )`

const steps = `WITH RECURSIVE steps (at) AS (
    SELECT ?1 UNION ALL
    SELECT log.previous_seq FROM steps JOIN log ON log.seq = steps.at WHERE log.previous_seq < log.seq
    LIMIT ?2
  )`
const walk = `${steps} SELECT log.* FROM steps CROSS JOIN log ON log.seq = steps.at`
const walkChanges = `${steps} SELECT ${[
  ...['seq', 'txn', 'topic', 'type', 'id', 'op', 'version', 'previous_version', 'previous_seq'],
  ...['changed_fields', 'at', 'actor', 'reason', 'cause', 'flags'],
]
  .map((column) => `log.${column}`)
  .join(', ')} FROM steps CROSS JOIN log ON log.seq = steps.at`

const nextIndexed = `SELECT seq FROM log
  WHERE id = ? AND type = ? AND version >= ? AND version % ${indexedEvery} = 0
  ORDER BY version LIMIT 1`
