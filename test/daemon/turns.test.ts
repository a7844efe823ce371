import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../daemon/turns.ts'

const options = { timeout: 60_000 }

test('work that is short is done at once, work that is long in many turns', options, async () => {
  const turns = new Turns(1)
  const steps = new Steps(200, 1)
  const all = turns.collect(steps, () => false)
  let others = 0
  const timer = setInterval(() => others++)
  assert.deepEqual(await all, [199])
  clearInterval(timer)
  assert.ok(others >= 5, `others had ${others} turns`)
})

test(
  'of many who have much to do one goes on in each turn, in the order they came',
  options,
  async () => {
    const turns = new Turns(1)
    const order: number[] = []
    const work = async (name: number): Promise<void> => {
      const slice = turns.slice()
      for (let i = 0; i < 3; i++) {
        await slice.yield()
        order.push(name)
      }
    }
    let turn = 0
    const perTurn: number[] = []
    let running = true
    const count = (): void => {
      perTurn.push(order.length - turn)
      turn = order.length
      if (running) setImmediate(count)
    }
    setImmediate(count)
    await Promise.all([work(1), work(2), work(3)])
    running = false
    assert.deepEqual(order, [1, 2, 3, 1, 2, 3, 1, 2, 3])
    assert.ok(Math.max(...perTurn) <= 1, `steps in each turn: ${perTurn}`)
  },
)

test('what begins in one turn shares its time', options, () => {
  const turns = new Turns(5)
  const first = turns.slice()
  spend(6)
  assert.ok(first.isOver)
  assert.ok(turns.slice().isOver)
})

test('work that nobody wants any more ends', options, async () => {
  const steps = new Steps(1_000, 2)
  await new Turns(1).collect(steps, () => true)
  assert.ok(steps.done < 1_000)
})

/** Steps that take so long each; the last gives its number. */
class Steps implements Iterable<number | undefined> {
  readonly #count: number
  readonly #ms: number
  done = 0

  constructor(count: number, ms: number) {
    this.#count = count
    this.#ms = ms
  }

  *[Symbol.iterator](): Generator<number | undefined> {
    for (let i = 0; i < this.#count; i++) {
      spend(this.#ms)
      this.done++
      yield i === this.#count - 1 ? i : undefined
    }
  }
}

function spend(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
