import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RAL } from 'vscode-jsonrpc/node'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import { installSameTurnDispatch } from '../../sdk/transport/same-turn-dispatch.ts'
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

// Not apart: the runtime layer is the whole process's, so the order of these claims matters.
test(
  'all requests of a turn start in that turn, once it is installed, and not before',
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
    assert.equal(await turnsToStart(perTurn), 1)
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
