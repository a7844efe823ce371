/** The documents with generated tables say what the declarations say. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { generatedDocuments, withGeneratedParts } from '../scripts/protocol/tables.ts'
import { notifications, requests } from '../sdk/protocol/methods.ts'
import { daemonToPlugin } from '../sdk/protocol/plugin-messages.ts'

const document = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8')

for (const name of generatedDocuments) {
  test(`the tables of ${name} are those of the declarations`, () => {
    const text = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
    assert.equal(withGeneratedParts(name, text), text, 'run: npm run protocol')
  })
}

test('every message stands in PROTOCOL.md', () => {
  for (const { method } of [...requests, ...notifications, ...daemonToPlugin]) {
    assert.ok(document.includes(`\`${method}\``), method)
  }
})

test('a document that drifted is noticed', () => {
  for (const [truth, lie] of [
    ['`record/get`', '`record/fetch`'],
    ['timeMaxMs}', 'timeMax}'],
    ['| 40900 |', '| 40909 |'],
    ['previousVersion?', 'previousVersion'],
    ['Somebody else was first', 'Nobody was first'],
  ] as const) {
    const drifted = document.replace(truth, lie)
    assert.notEqual(drifted, document, truth)
    assert.notEqual(withGeneratedParts('PROTOCOL.md', drifted), drifted, truth)
  }
})
