import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineSuite } from './engine-suite.ts'

/** The full-text module that an engine says it has. */
export function fullTextTests({ engine, open }: EngineSuite): void {
  test('the full-text module that it names is there, and folds case and accents', async (t) => {
    const { fullText } = await engine()
    const connection = await open(t)
    const tokenizer = {
      fts4: 'tokenize=unicode61 "remove_diacritics=2"',
      fts5: 'tokenize="unicode61 remove_diacritics 2"',
    }[fullText]
    connection.exec(`CREATE VIRTUAL TABLE words USING ${fullText} (body, ${tokenizer})`)
    const insert = connection.prepare('INSERT INTO words (rowid, body) VALUES (?, ?)')
    for (const [id, body] of [
      [1, 'Ein ÄRGERLICHER Fehler'],
      [2, '저장 장소 소를'],
      [3, 'nothing of it'],
    ] as const) {
      insert.run([id, body])
    }
    const find = connection.prepare('SELECT rowid AS id FROM words WHERE words MATCH ?')
    assert.deepEqual(find.all(['argerlicher']), [{ id: 1 }])
    assert.deepEqual(find.all(['"장소 소를"']), [{ id: 2 }])
    assert.deepEqual(find.all(['noth*']), [{ id: 3 }])
    assert.deepEqual(find.all(['absent']), [])
  })

  test('full text is of one transaction with the rows', async (t) => {
    const { fullText } = await engine()
    const connection = await open(t)
    connection.exec(`CREATE VIRTUAL TABLE words USING ${fullText} (body)`)
    connection.exec("BEGIN; INSERT INTO words (body) VALUES ('lost'); ROLLBACK")
    connection.exec("INSERT INTO words (body) VALUES ('kept')")
    const found = connection.prepare('SELECT body FROM words WHERE words MATCH ?')
    assert.deepEqual([found.all(['lost']), found.all(['kept'])], [[], [{ body: 'kept' }]])
    assert.deepEqual(connection.prepare('PRAGMA integrity_check').get(), { integrity_check: 'ok' })
  })
}
