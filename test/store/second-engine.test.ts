/** What the store promises, once more on the second engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadTestEngine } from '../support/engine.ts'

process.env.ORION_ENGINE = 'sqlite-wasm'

for (const suite of [
  'durability',
  'model',
  'open',
  'quarantine',
  'query-model',
  'query-sql',
  'references',
  'references-model',
  'search/index',
  'search/search',
  'transactions',
  'writes',
]) {
  await import(`./${suite}.test.ts`)
}

test('these ran on the second engine', async () => {
  assert.equal((await loadTestEngine()).name, 'sqlite-wasm')
})
