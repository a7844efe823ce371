/** PROTOCOL.md says what the declarations say. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { withGeneratedParts } from '../scripts/protocol/tables.ts'
import { notifications, requests } from '../sdk/protocol/methods.ts'

const document = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8')

test('the tables of PROTOCOL.md are those of the declarations', () => {
  assert.equal(withGeneratedParts(document), document, 'run: npm run protocol')
})

test('every message stands in PROTOCOL.md', () => {
  for (const { method } of [...requests, ...notifications]) {
    assert.ok(document.includes(`\`${method}\``), method)
  }
})

test('a document that drifted is noticed', () => {
  const drifted = document.replace('`record/get`', '`record/fetch`')
  assert.notEqual(drifted, document)
  assert.notEqual(withGeneratedParts(drifted), drifted)
})
