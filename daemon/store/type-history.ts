/** What happened to record types, as the store remembers it: changes, migrations, and names that are out of use. */

import type { Instant } from '../../sdk/instant.ts'
import type { MigrationMark, MigrationStep } from '../../sdk/migration-step.ts'
import type { Actor, Token } from '../../sdk/model.ts'
import type { Connection, SqlRow } from './engine/engine.ts'

/** What was done to a type. */
export type TypeChangeKind = 'defined' | 'extended' | 'migrated' | 'reverted' | 'removed'

/** What is kept of a change beside who made it and when. */
export interface TypeChangeDetail {
  readonly changes: readonly string[]
  readonly migrations?: readonly MigrationMark[]
  /** Of a migration: what was applied, so that records of before can be read as they would be now. */
  readonly steps?: readonly MigrationStep[]
  readonly records?: number
  readonly tookMs?: number
  readonly backup?: string
}

/** One change of a type. */
export interface TypeChangeRow {
  readonly type: string
  readonly schemaVersion: number
  /** The newest event at that time, its own included. What is up to here was written before. */
  readonly seq: number
  readonly at: Instant
  readonly actor: Actor
  readonly kind: TypeChangeKind
  readonly detail: TypeChangeDetail
}

/** A field, or with an empty name the whole type, that a migration has renamed or removed. */
export interface RetiredName {
  readonly type: string
  readonly field: string
  readonly now: string | undefined
  readonly migration: string
  readonly schemaVersion: number
}

/** The most changes of a type that are remembered; the oldest additions give way. */
export const typeChangesMax = 1000

/** Keeps a change, inside the open transaction. */
export function keepTypeChange(connection: Connection, change: TypeChangeRow): void {
  const { type, schemaVersion, seq, at, actor, kind, detail } = change
  connection
    .prepare(
      'INSERT INTO type_changes (type, schema_version, seq, at, actor, kind, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    .run([type, schemaVersion, seq, at, JSON.stringify(actor), kind, JSON.stringify(detail)])
  connection
    .prepare(
      `DELETE FROM type_changes WHERE type = ? AND kind = 'extended' AND change_id <= (
         SELECT change_id FROM type_changes WHERE type = ? ORDER BY change_id DESC LIMIT 1 OFFSET ?)`,
    )
    .run([type, type, typeChangesMax])
}

/** The changes of a type, or of all, oldest first. */
export function readTypeChanges(connection: Connection, type?: string): TypeChangeRow[] {
  const rows =
    type === undefined
      ? connection.prepare('SELECT * FROM type_changes ORDER BY change_id').all()
      : connection
          .prepare('SELECT * FROM type_changes WHERE type = ? ORDER BY change_id')
          .all([type])
  return rows.map(changeOf)
}

/** Tells under which schema version an event of a type was written; undefined where that is not remembered. */
export function schemaVersionsOf(
  connection: Connection,
  type: string,
): (seq: number) => number | undefined {
  const rows = connection
    .prepare('SELECT schema_version, seq FROM type_changes WHERE type = ? ORDER BY change_id DESC')
    .all([type])
  return (seq) => {
    const row = rows.find((row) => Number(row.seq) < seq)
    return row === undefined ? undefined : Number(row.schema_version)
  }
}

function changeOf(row: SqlRow): TypeChangeRow {
  return {
    type: String(row.type),
    schemaVersion: Number(row.schema_version),
    seq: Number(row.seq),
    at: String(row.at),
    actor: JSON.parse(String(row.actor)),
    kind: String(row.kind) as TypeChangeKind,
    detail: JSON.parse(String(row.detail)),
  }
}

/** A change as it is told. */
export function shownTypeChange(
  { kind, schemaVersion, at, actor, seq, detail }: TypeChangeRow,
  tokenAt: (seq: number) => Token,
) {
  const { changes, migrations, records, tookMs, backup } = detail
  return {
    kind,
    schemaVersion,
    at,
    actor: { ...actor, scopes: actor.scopes === undefined ? undefined : [...actor.scopes] },
    token: tokenAt(seq),
    changes: [...changes],
    ...(migrations === undefined ? {} : { migrations: [...migrations] }),
    ...(records === undefined ? {} : { records }),
    ...(tookMs === undefined ? {} : { tookMs }),
    ...(backup === undefined ? {} : { backup }),
  }
}

/** Puts names out of use, inside the open transaction. */
export function retireNames(connection: Connection, names: readonly RetiredName[]): void {
  const keep = connection.prepare(
    'INSERT OR REPLACE INTO retired_names (type, field, now, migration, schema_version) VALUES (?, ?, ?, ?, ?)',
  )
  for (const { type, field, now, migration, schemaVersion } of names) {
    keep.run([type, field, now ?? null, migration, schemaVersion])
  }
}

/** Takes names back into use. */
export function reviveNames(connection: Connection, type: string, fields: readonly string[]): void {
  const revive = connection.prepare('DELETE FROM retired_names WHERE type = ? AND field = ?')
  for (const field of fields) revive.run([type, field])
}

/** The names of a type that are out of use, by field; the empty one is the type itself. Case is ignored. */
export function retiredNames(connection: Connection, type: string): Map<string, RetiredName> {
  const rows = connection.prepare('SELECT * FROM retired_names WHERE type = ?').all([type])
  return new Map(
    rows.map((row) => [
      String(row.field).toLowerCase(),
      {
        type: String(row.type),
        field: String(row.field),
        now: row.now === null ? undefined : String(row.now),
        migration: String(row.migration),
        schemaVersion: Number(row.schema_version),
      },
    ]),
  )
}

/** Says what became of a name. */
export function retiredText({ type, field, now, migration }: RetiredName): string {
  const what = field === '' ? `the record type ${type}` : `field ${field}`
  const became = now === undefined ? 'removed' : `renamed to ${now}`
  return `${what} was ${became} by migration ${migration}`
}
