/** The short form of `npm run soak:lifecycle`. */
import { test } from 'node:test'
import { makePlace } from '../cli/orion-process.ts'
import { coldRound, startAndStop } from './lifecycle/rounds.ts'

test('programs that come at once to a store that is not there yet are all answered, by one daemon', async (t) => {
  const place = { ...makePlace(t), env: {} }
  await coldRound(place, 8)
})

test('a daemon that is started and ended again and again leaves no process and no file', async (t) => {
  const place = { ...makePlace(t), env: {} }
  for (let round = 0; round < 2; round++) await startAndStop(place)
})
