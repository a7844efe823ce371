/** Many programs that need a daemon at the same moment get one, and the same one. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { makePlace } from '../cli/orion-process.ts'

const calls = process.env.ORION_LONG === '1' ? 50 : 10

test(`${calls} cold calls at once are all answered, and leave one daemon`, async (t) => {
  const place = makePlace(t)
  const insight = JSON.stringify({ summary: 'cold', domain: 'start' })
  const told = await Promise.all(
    Array.from({ length: calls }, (_, number) =>
      number % 2 === 0
        ? place.orion(['endpoint', '--json'])
        : place.orion(['create', 'OrionInsight', '--data', insight, '--json']),
    ),
  )
  for (const { code, stderr } of told) assert.deepEqual([code, stderr], [0, ''])
  const answers = told.map(({ stdout }) => answer.parse(JSON.parse(stdout)))
  const instances = answers.flatMap(({ instanceId }) => instanceId ?? [])
  assert.equal(new Set(instances).size, 1)
  assert.equal(instances.length, calls / 2)
  const { count } = counted.parse(await place.json(['count', 'OrionInsight']))
  assert.equal(count, calls / 2)
  assert.deepEqual(serving(place.store), place.daemons())
  assert.equal(place.daemons().length, 1)
})

const answer = z.object({ instanceId: z.string().optional() })
const counted = z.object({ count: z.int() })

/** Process ids of all daemons with this store on their command line, published or not. */
function serving(store: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const words = commandLine(pid).split('\0')
      return words.includes('serve') && words.includes(store)
    })
    .map(Number)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It has ended between the two looks.
  }
}
