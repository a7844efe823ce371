/** Changes what the schema says of a table where its rows and pages stay as they are. */
import { OrionError } from '../../sdk/errors.ts'
import type { Connection } from './engine/engine.ts'
import { quoteName, type TextChange } from './tables.ts'

/**
 * Replaces parts of the text that made a table, inside the open transaction. The rows are not touched, so that it may
 * only be done where every row that fitted fits: SQLite's documentation of ALTER TABLE names this way for taking CHECK
 * and NOT NULL away.
 *
 * @throws OrionError `migration_required` when the text is not what this version of Orion would have written.
 */
export function changeTableText(
  connection: Connection,
  table: string,
  changes: readonly TextChange[],
): void {
  if (changes.length === 0) return
  const row = connection
    .prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .get([table])
  let text = String(row?.sql ?? '')
  for (const { field, from, to } of changes) {
    const parts = text.split(from)
    if (parts.length !== 2) throw otherText(field)
    text = parts.join(to)
  }
  changeSchema(connection, () => {
    connection
      .prepare("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?")
      .run([text, table])
  })
}

/**
 * Gives the indexes of a table other names, inside the open transaction. Queries name the index that they want, so that the
 * indexes of a table that takes another one's place have to be called as those were.
 */
export function renameIndexes(
  connection: Connection,
  table: string,
  rename: (name: string) => string,
): void {
  const indexes = connection
    .prepare(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
    )
    .all([table])
  changeSchema(connection, () => {
    for (const { name, sql } of indexes) {
      const [before, after] = [String(name), rename(String(name))]
      const text = String(sql).replace(quoteName(before), () => quoteName(after))
      connection
        .prepare("UPDATE sqlite_schema SET name = ?, sql = ? WHERE type = 'index' AND name = ?")
        .run([after, text, before])
    }
  })
}

/** Lets something write the schema itself, and has everybody read it anew. */
function changeSchema(connection: Connection, change: () => void): void {
  const schemaVersion = Number(connection.prepare('PRAGMA schema_version').get()?.schema_version)
  connection.exec('PRAGMA writable_schema = ON')
  try {
    change()
    connection.exec(`PRAGMA schema_version = ${schemaVersion + 1}`)
  } finally {
    connection.exec('PRAGMA writable_schema = OFF')
  }
}

function otherText(field: string): OrionError {
  const plan = [`field ${field} can't be widened in place, because its table is of another make`]
  return new OrionError('migration_required', plan[0] ?? '', {
    plan,
    remedy: `Ship a migration that changes ${field}: that builds the table anew.`,
  })
}
