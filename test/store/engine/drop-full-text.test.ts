import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { dropFullTextTable } from '../../../daemon/store/engine/drop-full-text.ts'
import type { Connection } from '../../../daemon/store/engine/engine.ts'
import { engineNames, loadEngine } from '../../../daemon/store/engine/load-engine.ts'
import { groupedOptions, throwsKind } from '../../conformance/engine-suite.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const name = 'text of "notes"'
const table = `"${name.replaceAll('"', '""')}"`

const namesIn = (connection: Connection): unknown[] =>
  connection
    .prepare('SELECT name FROM sqlite_schema ORDER BY name')
    .all()
    .map((row) => row.name)

for (const maker of engineNames) {
  for (const dropper of engineNames) {
    test(`what ${maker} indexed is dropped by ${dropper}, wholly or not at all`, async (t) => {
      const path = join(temporaryDirectory(t), 'test.db')
      const [making, dropping] = [await loadEngine(maker), await loadEngine(dropper)]
      const made = making.open(path, groupedOptions)
      made.exec(`CREATE TABLE t (v); INSERT INTO t VALUES ('kept');
        CREATE VIRTUAL TABLE ${table} USING ${making.fullText} (body);
        INSERT INTO ${table} (body) VALUES ('some words')`)
      made.close()
      const connection = dropping.open(path, groupedOptions)
      const all = namesIn(connection)
      const isForeign = making.fullText !== dropping.fullText
      if (isForeign)
        throwsKind('sql', () => connection.exec(`DROP TABLE ${table}`), /no such module/)
      const drop = (): void => dropFullTextTable(connection, { name, own: dropping.fullText })
      connection.exec('BEGIN')
      drop()
      assert.deepEqual(namesIn(connection), ['t'])
      connection.exec('ROLLBACK')
      assert.deepEqual(namesIn(connection), all)
      connection.exec('BEGIN')
      drop()
      drop()
      connection.exec(`CREATE VIRTUAL TABLE ${table} USING ${dropping.fullText} (body)`)
      connection.exec(`INSERT INTO ${table} (body) SELECT v FROM t; COMMIT`)
      const found = connection.prepare(`SELECT body FROM ${table} WHERE body MATCH 'kept'`)
      assert.deepEqual(found.all(), [{ body: 'kept' }])
      throwsKind('sql', () => connection.exec('DELETE FROM sqlite_schema'), /may not be modified/)
      assert.deepEqual(connection.prepare('PRAGMA integrity_check').get(), {
        integrity_check: 'ok',
      })
      connection.close()
    })
  }
}

test('a table that is no full text is not dropped', async (t) => {
  const engine = await loadEngine('sql.js')
  const connection = engine.open(join(temporaryDirectory(t), 'test.db'), groupedOptions)
  t.after(() => connection.close())
  connection.exec('CREATE TABLE notes (v); CREATE TABLE notes_content (v)')
  dropFullTextTable(connection, { name: 'notes', own: engine.fullText })
  assert.deepEqual(namesIn(connection), ['notes', 'notes_content'])
})
