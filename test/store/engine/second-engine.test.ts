/**
 * What the disk may do to an engine, once more on the second one. The suites are those of the default engine; with
 * `ORION_ENGINE=sqlite-wasm` every other suite runs on it too.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadTestEngine } from '../../support/engine.ts'

process.env.ORION_ENGINE = 'sqlite-wasm'

for (const suite of ['checkpoint-order', 'crash', 'failed-sync', 'host-faults', 'power-cut']) {
  await import(`./${suite}.test.ts`)
}

test('these ran on the second engine', async () => {
  assert.equal((await loadTestEngine()).name, 'sqlite-wasm')
})
