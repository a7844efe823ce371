/** What the soak takes for a rise, and what it does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slopeOf, trendOf } from '../../scripts/soak/trend.ts'
import { seeded } from '../support/seeded.ts'

const margin = { share: 0.1, least: 2 }
const random = seeded(1)
const noise = (): number => (random() - 0.5) * 10

test('a slope is that of the line, also when some values are wild', () => {
  const line = Array.from({ length: 50 }, (_, at) => 7 + at * 3)
  assert.equal(slopeOf(line), 3)
  assert.equal(slopeOf(line.map((value, at) => (at % 9 === 0 ? value * 100 : value))) < 4, true)
  assert.equal(slopeOf([5]), 0)
})

test('what swings does not rise, and what warms up at the beginning does not either', () => {
  const swings = Array.from({ length: 200 }, (_, at) => 100 + noise() + (at % 10) * 4)
  assert.equal(trendOf(swings, margin).rises, false)
  const warms = Array.from({ length: 200 }, (_, at) => Math.min(100, 40 + at * 2))
  assert.equal(trendOf(warms, margin).rises, false)
})

test('what leaks rises, however much it swings', () => {
  const leaks = Array.from({ length: 200 }, (_, at) => 100 + noise() + at * 0.2)
  const { rises, rise } = trendOf(leaks, margin)
  assert.equal(rises, true)
  assert.ok(rise > 25 && rise < 40, `${rise}`)
})
