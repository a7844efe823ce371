/**
 * Kysely as the typed compiler of the store's SQL: a statement is built once, kept as text, and run on the
 * engine's cached prepared statements, with its values in the order in which the builder was given them.
 */
import {
  DummyDriver,
  type Generated,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

/** One committed fact. `data` is the record's data as of the event, or the payload of a client's own event. */
export interface LogTable {
  seq: number
  txn: number
  /** Null for a change of a record: then it is `{type}.{op}`. */
  topic: string | null
  type: string | null
  id: string | null
  op: string | null
  version: number | null
  previous_version: number | null
  /** The row of the same record before this one; null at its first. */
  previous_seq: number | null
  /** JSON list of field names. */
  changed_fields: string | null
  lifecycle: string | null
  created_at: string | null
  created_by: string | null
  /** Null when it is `at`. */
  updated_at: string | null
  /** Null when it is the principal of `actor`. */
  updated_by: string | null
  at: string
  /** JSON: principal, client, claims. */
  actor: string
  reason: string | null
  cause: string | null
  /** Sum of `logFlags`. */
  flags: number
  data: string | null
}

/** The envelope columns of every record table; the type's own fields are columns of their own names. */
export interface RecordTable {
  row_id: Generated<number>
  id: string
  version: number
  created_at: string
  created_by: string
  updated_at: string
  updated_by: string
  lifecycle: string
  /** The event that last changed the record. */
  seq: number
  [field: string]: unknown
}

/** The tables of a store. */
export interface StoreTables {
  meta: { key: string; value: string }
  record_types: { name: string; schema_version: number; definition: string }
  log: LogTable
  tombstones: { type: string; id: string; version: number; seq: number }
  idempotency: {
    /** Method, principal and key, a line each. */
    write_key: string
    fingerprint: string
    result: string
    /** Seconds since 1970. */
    at_s: number
  }
  [recordTable: `r_${string}`]: RecordTable
}

/** The compiler; it never runs anything. */
export type SqlCompiler = Kysely<StoreTables>

/** Makes a compiler of SQLite's dialect. */
export function createSqlCompiler(): SqlCompiler {
  return new Kysely<StoreTables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

/** The table of a record type. */
export function recordTableName(typeName: string): `r_${string}` {
  return `r_${typeName}`
}
