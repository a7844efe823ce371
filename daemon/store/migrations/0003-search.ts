/** The third format: which full-text indexes a store has. They are derived from the records, and built when it is opened. */
import type { FormatMigration } from './migration.ts'

/** Format 3. */
export const search: FormatMigration = {
  format: 3,
  statements: [
    `CREATE TABLE search_indexes (
       name TEXT PRIMARY KEY NOT NULL,
       type TEXT NOT NULL,
       module TEXT NOT NULL,
       fingerprint TEXT NOT NULL,
       fields TEXT NOT NULL CHECK (json_valid(fields)),
       state TEXT NOT NULL CHECK (state IN ('used', 'building', 'dropped')),
       -- The last row that it holds, as long as it is being built; null when it holds all.
       built_through INTEGER,
       -- Whether it still holds words of a record that was purged.
       stale INTEGER NOT NULL DEFAULT 0
     ) WITHOUT ROWID`,
  ],
}
