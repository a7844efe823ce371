import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RAL } from 'vscode-jsonrpc/node'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import {
  DueCall,
  installSameTurnDispatch,
  TurnQueue,
} from '../../sdk/transport/same-turn-dispatch.ts'
import type { Transport } from '../../sdk/transport/transport.ts'

const options = { timeout: 60_000 }

/** How many turns of the event loop it takes to start handlers for 50 requests sent at once. */
async function turnsToStart(open: (transport: Transport) => ReturnType<typeof createConnection>) {
  const [server, client] = memoryPair()
  const turns = new Set<number>()
  let turn = 0
  const nextTurn = (): void => {
    turn++
    pending = setImmediate(nextTurn)
  }
  let pending = setImmediate(nextTurn)
  const serving = open(server)
  serving.onRequest('count', () => {
    turns.add(turn)
    return true
  })
  const asking = open(client)
  serving.listen()
  asking.listen()
  await Promise.all(Array.from({ length: 50 }, () => asking.sendRequest('count')))
  clearImmediate(pending)
  asking.dispose()
  serving.dispose()
  return turns.size
}

// Of the whole process: the runtime layer is, so nothing else may have installed it, and the order of these claims matters.
test(
  'the requests of a turn start together, once it is installed, and not before',
  options,
  async () => {
    const stock = RAL()
    const perTurn = (transport: Transport) =>
      createConnection(transport, { sameTurnDispatch: false })
    assert.ok((await turnsToStart(perTurn)) >= 49)
    assert.equal(RAL(), stock)

    installSameTurnDispatch()
    const installed = RAL()
    assert.notEqual(installed, stock)
    // One turn, unless the machine is so busy that it was a long one.
    assert.ok((await turnsToStart(perTurn)) <= 10)
    installSameTurnDispatch()
    createConnection(memoryPair()[0]).dispose()
    assert.equal(RAL(), installed)
  },
)

test('what was put off can be called off', options, async () => {
  installSameTurnDispatch()
  let calls = 0
  RAL()
    .timer.setImmediate(() => calls++)
    .dispose()
  RAL().timer.setImmediate((by: number) => {
    calls += by
  }, 10)
  await new Promise(setImmediate)
  assert.equal(calls, 10)
})

test(
  'calls run in the turn in which they came, until it has been long enough',
  options,
  async () => {
    const { queue, ran, spend } = slowQueue()
    for (const name of ['a', 'b', 'c']) queue.add(new DueCall(() => spend(name, 4), []))
    await endOfTicks()
    assert.deepEqual(ran, ['a', 'b', 'c'])
    for (const name of ['d', 'e', 'f']) queue.add(new DueCall(() => spend(name, 4), []))
    await endOfTicks()
    assert.deepEqual(ran, ['a', 'b', 'c'])
    while (ran.length < 6) await new Promise(setImmediate)
    assert.deepEqual(ran, ['a', 'b', 'c', 'd', 'e', 'f'])
  },
)

test('a busy connection holds up a quiet one for one call', options, async () => {
  const { queue, ran, spend } = slowQueue()
  let left = 5
  const busy = (): void => {
    spend('busy', 20)
    if (--left > 0) queue.add(new DueCall(busy, []))
  }
  queue.add(new DueCall(busy, []))
  queue.add(new DueCall(() => spend('quiet', 0), []))
  while (ran.length < 6) await new Promise(setImmediate)
  assert.deepEqual(ran, ['busy', 'quiet', 'busy', 'busy', 'busy', 'busy'])
})

/** A queue whose turns last 10 ms of a clock that only its calls move. */
function slowQueue() {
  let nowMs = 0
  const ran: string[] = []
  const queue = new TurnQueue({ turnMaxMs: 10, now: () => nowMs })
  const spend = (name: string, ms: number): void => {
    ran.push(name)
    nowMs += ms
  }
  return { queue, ran, spend }
}

function endOfTicks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)))
}
