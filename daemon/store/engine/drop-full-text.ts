import type { Connection, FullTextModule } from './engine.ts'

/**
 * Drops a full-text table, also one that another engine made.
 *
 * No engine has both modules, and SQLite refuses to drop a table whose module is not there. Such a table is nothing but
 * its line in the schema and some ordinary tables that its module kept, so these are removed one by one. Does nothing if
 * there is no table of that name.
 *
 * To be called within a transaction, so that a crash leaves all of it or nothing.
 *
 * @param own - The module that the connection's engine has.
 */
export function dropFullTextTable(
  connection: Connection,
  { name, own }: { readonly name: string; readonly own: FullTextModule },
): void {
  const line = connection
    .prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .get([name])
  const made = /\bUSING\s+(fts[45])\b/i.exec(String(line?.sql ?? ''))?.[1]?.toLowerCase()
  if (made === undefined) return
  if (made === own) {
    connection.exec(`DROP TABLE ${quoted(name)}`)
    return
  }
  connection.exec('PRAGMA writable_schema = ON')
  try {
    connection.prepare("DELETE FROM sqlite_schema WHERE type = 'table' AND name = ?").run([name])
  } finally {
    // Takes the permission back and reads the schema anew.
    connection.exec('PRAGMA writable_schema = RESET')
  }
  for (const part of partsByModule[made === 'fts4' ? 'fts4' : 'fts5']) {
    connection.exec(`DROP TABLE IF EXISTS ${quoted(`${name}_${part}`)}`)
  }
}

/** The tables that a module keeps beside its own, by what is put after its name. */
const partsByModule: { readonly [module in FullTextModule]: readonly string[] } = {
  fts4: ['content', 'segments', 'segdir', 'docsize', 'stat'],
  fts5: ['data', 'idx', 'content', 'docsize', 'config'],
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
