import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type LongRead, LongReads } from '../../daemon/store/long-reads.ts'
import type { Caller } from '../../daemon/store/store-api.ts'
import { OrionError } from '../../sdk/errors.ts'
import { caller } from '../support/store.ts'

const options = { timeout: 60_000 }
/** Enough for what a test does in one turn, however slow the machine. */
const longTurn = { turnMaxMs: 60_000, scansMax: 2 }

/** Reads that take some steps, and what became of them. */
class World {
  readonly reads: LongReads
  /** The names of those that went on, a step each. */
  readonly steps: string[] = []
  readonly open = new Set<string>()
  openMost = 0

  constructor(limits = longTurn) {
    this.reads = new LongReads(limits)
  }

  read(name: string, steps: number): LongRead<string> {
    let left = steps
    return {
      attempt: () => (steps === 0 ? name : undefined),
      open: () => {
        this.open.add(name)
        this.openMost = Math.max(this.openMost, this.open.size)
        return {
          step: () => {
            this.steps.push(name)
            left -= 1
            return left <= 0 ? name : undefined
          },
          close: () => this.open.delete(name),
        }
      },
    }
  }

  run(name: string, steps: number, by: Partial<Caller> = {}): Promise<string> {
    return this.reads.run(this.read(name, steps), caller('owner', { connectionId: name, ...by }))
  }
}

test('a read that is short is answered without waiting for a turn', options, async () => {
  const world = new World()
  let turns = 0
  void nextTurn().then(() => turns++)
  assert.equal(await world.run('a', 0), 'a')
  assert.equal(turns, 0)
})

test('one step is done in a turn, of one read after the other', options, async () => {
  const world = new World()
  const answers = [world.run('a', 3), world.run('b', 3)]
  const perTurn: number[] = []
  for (let before = 0; world.steps.length < 6; before = world.steps.length) {
    await nextTurn()
    perTurn.push(world.steps.length - before)
  }
  assert.ok(Math.max(...perTurn) <= 1, perTurn.join())
  assert.deepEqual(await Promise.all(answers), ['a', 'b'])
  assert.deepEqual(world.steps, ['a', 'b', 'a', 'b', 'a', 'b'])
  assert.equal(world.open.size, 0)
})

test(
  'no more are open than may be, and those that wait come when there is room',
  options,
  async () => {
    const world = new World()
    const names = ['a', 'b', 'c', 'd', 'e']
    assert.deepEqual(await Promise.all(names.map((name) => world.run(name, 4))), names)
    assert.equal(world.openMost, 2)
  },
)

test(
  'whoever asks for many has one under way, and the others go on beside it',
  options,
  async () => {
    const world = new World()
    const greedy = Array.from({ length: 64 }, (_, n) =>
      world.run(`many ${n}`, 3, { connectionId: 'greedy' }),
    )
    await nextTurn()
    await world.run('one', 3)
    const before = world.steps.filter((name) => name !== 'one')
    assert.ok(before.length <= 5, `it waited for ${before.length} steps of the others`)
    await Promise.all(greedy)
  },
)

test('attempts that would make a turn long wait for the next ones', options, async () => {
  const world = new World({ turnMaxMs: 1, scansMax: 2 })
  let turn = 0
  const attemptedIn: number[] = []
  const slow: LongRead<string> = {
    attempt: () => {
      attemptedIn.push(turn)
      for (const end = performance.now() + 2; performance.now() < end; );
      return 'answer'
    },
    open: () => assert.fail('expected no walk'),
  }
  const all = Array.from({ length: 6 }, (_, n) =>
    world.reads.run(slow, caller('owner', { connectionId: `${n}` })),
  )
  let running = true
  const count = async (): Promise<void> => {
    for (; running; turn++) await nextTurn()
  }
  const counting = count()
  assert.deepEqual(await Promise.all(all), Array(6).fill('answer'))
  running = false
  await counting
  // The first was at once; of those that had to wait no two shared a turn.
  assert.equal(new Set(attemptedIn.slice(1)).size, 5, attemptedIn.join())
})

test(
  'a read that is cancelled ends between two steps, and one that waits at once',
  options,
  async () => {
    const world = new World()
    let cancelled = false
    const by = {
      ...caller(),
      get cancelled() {
        return cancelled
      },
    }
    const going = world.reads.run(world.read('going', Number.POSITIVE_INFINITY), by)
    const waiting = world.reads.run(world.read('waiting', 1), by)
    while (world.steps.length < 3) await nextTurn()
    cancelled = true
    const stepsThen = world.steps.length
    for (const answer of [going, waiting]) await assert.rejects(answer, { kind: 'cancelled' })
    assert.equal(world.steps.length, stepsThen)
    assert.equal(world.open.size, 0)
    assert.equal(await world.run('next', 2), 'next')
  },
)

test('a read whose deadline passes is told so', options, async () => {
  const world = new World()
  const late = world.run('late', Number.POSITIVE_INFINITY, { deadlineMs: 5 })
  await assert.rejects(late, { kind: 'overloaded' })
  assert.equal(world.open.size, 0)
})

test('a step that fails ends its read, and the others go on', options, async () => {
  const world = new World()
  const broken: LongRead<string> = {
    attempt: () => undefined,
    open: () => ({
      step: () => {
        throw new OrionError('too_large', 'too many', { limit: 1, actual: 2 })
      },
      close: () => world.open.delete('broken'),
    }),
  }
  world.open.add('broken')
  const other = world.run('other', 3)
  await assert.rejects(world.reads.run(broken, caller()), { kind: 'too_large' })
  assert.equal(world.open.size, 1)
  assert.equal(await other, 'other')
})

test('closing refuses what is open, what waits and what comes', options, async () => {
  const world = new World()
  const answers = ['a', 'b', 'c'].map((name) => world.run(name, Number.POSITIVE_INFINITY))
  await nextTurn()
  await nextTurn()
  world.reads.close()
  for (const answer of answers) await assert.rejects(answer, { kind: 'draining' })
  await assert.rejects(world.run('d', 0), { kind: 'draining' })
  assert.equal(world.open.size, 0)
  const steps = world.steps.length
  await nextTurn()
  assert.equal(world.steps.length, steps)
})
