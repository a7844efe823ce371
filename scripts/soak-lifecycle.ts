import { existsSync } from 'node:fs'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makePlace } from '../test/cli/orion-process.ts'
import { coldRound, startAndStop } from '../test/e2e/lifecycle/rounds.ts'

/**
 * The long form of the tests of starting and ending, with the built program:
 * `tsx scripts/soak-lifecycle.ts [--rounds 100] [--programs 50] [--starts 500]`.
 *
 * In each round so many programs come at once to a store that does not exist yet; all have to be answered, by one daemon.
 * Then a daemon is started and ended so often; nothing may be left of it. Ends with 1 at the first that is not so.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    programs: { type: 'string', default: '50' },
    starts: { type: 'string', default: '500' },
  },
})
const [rounds, programs, starts] = [values.rounds, values.programs, values.starts].map(Number)
if (!existsSync(fileURLToPath(new URL('../dist/program.cjs', import.meta.url)))) {
  throw new Error('expected the built program, got none: run `npm run build` first')
}
const begun = performance.now()
const seconds = (): string => `${Math.round((performance.now() - begun) / 1000)} s`

test(`${rounds} rounds of ${programs} programs on a cold store`, async (t) => {
  const place = { ...makePlace(t), env: { ORION_FROM_SOURCE: '0' } }
  for (let round = 1; round <= (rounds ?? 0); round++) {
    await coldRound(place, programs ?? 0)
    if (round % 10 === 0) t.diagnostic(`${round} rounds after ${seconds()}`)
  }
})

test(`${starts} starts and ends`, async (t) => {
  const place = { ...makePlace(t), env: { ORION_FROM_SOURCE: '0' } }
  for (let start = 1; start <= (starts ?? 0); start++) {
    await startAndStop(place)
    if (start % 50 === 0) t.diagnostic(`${start} starts after ${seconds()}`)
  }
})

after(() => process.stdout.write(`soak of the lifecycle: ended after ${seconds()}\n`))
