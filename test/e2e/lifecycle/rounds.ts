/** Many starts and ends of a daemon, and what is left of them: for a short test and for a long run. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Place } from '../../cli/orion-process.ts'
import { isAlive, until } from '../../cli/orion-process.ts'

/** Where the rounds run. The environment decides whether the built program is used or the sources. */
export interface RoundsPlace extends Pick<Place, 'store' | 'orion'> {
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * So many programs at once on a store that does not exist yet: each says that there is no such record, and one daemon is
 * left. Ends that daemon, and expects that nothing of it stays.
 */
export async function coldRound(place: RoundsPlace, programs: number): Promise<void> {
  const { store, orion, env } = place
  rmSync(store, { recursive: true, force: true })
  const told = await Promise.all(
    Array.from({ length: programs }, () =>
      orion(['get', 'OrionInsight', 'nothing', '--json'], { env }),
    ),
  )
  for (const { code, stdout, stderr } of told) {
    assert.deepEqual([code, stdout], [3, ''], stderr)
    assert.equal(refusal.parse(JSON.parse(stderr)).kind, 'not_found')
  }
  const [daemon, ...others] = await serving(store)
  assert.ok(daemon !== undefined, 'a daemon serves')
  assert.deepEqual(others, [], 'one daemon serves')
  await stop(place, daemon)
}

/** Starts a daemon and ends it; nothing but its log is left of it. */
export async function startAndStop(place: RoundsPlace): Promise<void> {
  const { store, orion, env } = place
  const told = await orion(['endpoint', '--json'], { env })
  assert.deepEqual([told.code, told.stderr], [0, ''])
  const { pid, socket } = endpoint.parse(JSON.parse(told.stdout))
  assert.deepEqual(await serving(store), [pid])
  await stop(place, pid)
  const left = readdirSync(join(socket, '..')).filter((name) => !name.startsWith('daemon.log'))
  assert.deepEqual(left, [])
}

async function stop({ store, orion, env }: RoundsPlace, pid: number): Promise<void> {
  const told = await orion(['stop', '--json'], { env })
  assert.deepEqual([told.code, told.stderr], [0, ''])
  await until(() => !isAlive(pid))
  assert.deepEqual(await serving(store), [])
}

const refusal = z.object({ kind: z.string() })
const endpoint = z.object({ pid: z.int(), socket: z.string() })

/** Process ids of all daemons with this store on their command line; a starter that is just ending is waited for. */
async function serving(store: string): Promise<number[]> {
  let found: number[] = []
  await until(() => {
    found = processesWith(store).filter((pid) => wordsOf(pid).includes('serve'))
    return processesWith(store).length === found.length
  })
  return found
}

function processesWith(word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => wordsOf(pid).includes(word) && isAlive(pid))
}

function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return [] // It has ended between the two looks.
  }
}
