import type { Connection } from '../../../../daemon/store/engine/engine.ts'

/** How many rows the workload changes over and over. */
export const rowCount = 200

/** Made in one transaction, so that a kill leaves all of it or nothing. */
export const schema = `
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS r (id INTEGER PRIMARY KEY, version INTEGER, data TEXT, pad INTEGER);
  CREATE INDEX IF NOT EXISTS r_version ON r (version, id);
  CREATE TABLE IF NOT EXISTS e (seq INTEGER PRIMARY KEY AUTOINCREMENT, id INTEGER, data TEXT);
  CREATE INDEX IF NOT EXISTS e_data ON e (data);
  INSERT OR IGNORE INTO r
    WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${rowCount})
    SELECT i, 0, hex(randomblob(200)), 0 FROM s;
  COMMIT`

/** What the workload's invariants are about. */
export interface CrashState {
  readonly integrity: string
  readonly events: number
  readonly seq: number
  readonly versions: number
}

/** One row with the columns of `CrashState`, but for `integrity`. */
export const stateQuery = `SELECT (SELECT count(*) FROM e) AS events,
  (SELECT coalesce(max(seq), 0) FROM e) AS seq, (SELECT sum(version) FROM r) AS versions`

/** Reads what is there now. */
export function readState(connection: Connection): CrashState {
  const { events, seq, versions } = connection.prepare(stateQuery).get() ?? {}
  return {
    integrity: String(connection.prepare('PRAGMA integrity_check').get()?.integrity_check),
    events: Number(events),
    seq: Number(seq),
    versions: Number(versions),
  }
}

/**
 * What is wrong with a state; undefined if nothing is. Every event raised one version, so a
 * transaction that is there in part shows as a difference.
 */
export function problemOf(state: CrashState, acknowledged: number): string | undefined {
  const { integrity, events, seq, versions } = state
  if (integrity !== 'ok') return `integrity_check: ${integrity}`
  if (events !== seq || versions !== seq) {
    return `a part of a transaction: ${events} events, seq ${seq}, versions ${versions}`
  }
  return seq < acknowledged ? `lost: seq ${seq}, acknowledged was ${acknowledged}` : undefined
}
