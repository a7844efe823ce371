/** What happens to record types is remembered: who changed one, when, and which names are not in use any more. */
import type { FormatMigration } from './migration.ts'

/** Format 4. */
export const typeChanges: FormatMigration = {
  format: 4,
  statements: [
    `CREATE TABLE type_changes (
       change_id INTEGER PRIMARY KEY NOT NULL,
       type TEXT NOT NULL,
       schema_version INTEGER NOT NULL,
       seq INTEGER NOT NULL,
       at TEXT NOT NULL, actor TEXT NOT NULL,
       kind TEXT NOT NULL,
       detail TEXT NOT NULL CHECK (json_valid(detail))
     )`,
    `CREATE INDEX type_changes_by_type ON type_changes (type, change_id)`,
    `CREATE TABLE retired_names (
       type TEXT NOT NULL COLLATE NOCASE, field TEXT NOT NULL COLLATE NOCASE,
       now TEXT, migration TEXT NOT NULL, schema_version INTEGER NOT NULL,
       PRIMARY KEY (type, field)
     ) WITHOUT ROWID`,
  ],
}
