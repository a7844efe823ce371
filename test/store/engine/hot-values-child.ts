import { isDeepStrictEqual } from 'node:util'
import type { SqlValue } from '../../../daemon/store/engine/engine.ts'
import { loadTestEngine } from '../../support/engine.ts'

/**
 * Binds values of every kind until V8 has compiled the way there: `hot-values-child.ts FILE`. Says how many came back
 * as they went.
 */
async function main(file: string): Promise<void> {
  const engine = await loadTestEngine()
  const connection = engine.open(file, { syncMode: 'off', cacheKib: 64, statementsMax: 8 })
  const statement = connection.prepare('SELECT ? AS v')
  // Three of V8's kinds of text: a literal, one out of JSON and one that was put together.
  const kinds: SqlValue[] = [
    'abc',
    String(JSON.parse('"hello there"')),
    `a${process.pid}`.repeat(9),
  ]
  kinds.push(new Uint8Array(3), null, 100, 2.5)
  let matches = 0
  for (let turn = 0; turn < 60_000; turn += 1) {
    const values: SqlValue[] = ['']
    values[0] = kinds[turn % kinds.length] ?? null
    statement.run(values)
    if (isDeepStrictEqual(statement.get(values)?.v, values[0])) matches += 1
  }
  console.log(`${matches} came back as they went`)
  connection.close()
}

await main(process.argv[2] ?? '')
