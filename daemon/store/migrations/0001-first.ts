/** The first format of a store: what it is, its log, its record types, and the answers it must repeat. */
import type { FormatMigration } from './migration.ts'

/** Format 1. */
export const first: FormatMigration = {
  format: 1,
  statements: [
    `CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE record_types (
       name TEXT PRIMARY KEY NOT NULL COLLATE NOCASE,
       schema_version INTEGER NOT NULL CHECK (schema_version >= 1),
       definition TEXT NOT NULL CHECK (json_valid(definition))
     ) WITHOUT ROWID`,
    `CREATE TABLE log (
       seq INTEGER PRIMARY KEY NOT NULL CHECK (seq >= 1),
       txn INTEGER NOT NULL CHECK (txn BETWEEN 1 AND seq),
       topic TEXT,
       type TEXT, id TEXT, op TEXT, version INTEGER, previous_version INTEGER,
       previous_seq INTEGER, changed_fields TEXT, lifecycle TEXT,
       created_at TEXT, created_by TEXT, updated_at TEXT, updated_by TEXT,
       at TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT, cause TEXT,
       flags INTEGER NOT NULL, data TEXT
     )`,
    // Every version names the one before it; this is for finding old ones without walking from the newest.
    `CREATE UNIQUE INDEX log_every_32nd ON log (id, type, version) WHERE version % 32 = 0`,
    `CREATE TABLE tombstones (
       type TEXT NOT NULL, id TEXT NOT NULL,
       version INTEGER NOT NULL, seq INTEGER NOT NULL,
       PRIMARY KEY (type, id)
     ) WITHOUT ROWID`,
    `CREATE TABLE positions (
       principal TEXT NOT NULL, name TEXT NOT NULL,
       epoch TEXT NOT NULL, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL,
       PRIMARY KEY (principal, name)
     ) WITHOUT ROWID`,
    `CREATE TABLE idempotency (
       write_key TEXT PRIMARY KEY NOT NULL,
       fingerprint TEXT NOT NULL, result TEXT NOT NULL, at_s INTEGER NOT NULL
     ) WITHOUT ROWID`,
  ],
}
