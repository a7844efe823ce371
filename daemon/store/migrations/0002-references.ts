/** Which records name which. The rows of types that declared references before are made when the store is opened. */
import type { FormatMigration } from './migration.ts'

/** Format 2. */
export const references: FormatMigration = {
  format: 2,
  statements: [
    // In this order, so that one look-up finds who names a record, of a type and by a field if these are asked for.
    `CREATE TABLE record_references (
       target_type TEXT NOT NULL, target_id TEXT NOT NULL,
       type TEXT NOT NULL, field TEXT NOT NULL, id TEXT NOT NULL,
       PRIMARY KEY (target_type, target_id, type, field, id)
     ) WITHOUT ROWID`,
  ],
}
