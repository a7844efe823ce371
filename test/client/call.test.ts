import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import {
  CancelledError,
  ConflictError,
  DisconnectedError,
  InvalidRequestError,
  OutcomeUnknownError,
  OverloadedError,
  TimeoutError,
  TooLargeError,
} from '../../sdk/client/typed-errors.ts'
import { UnrecognizedError } from '../../sdk/client/wire-error.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { ExecuteAction } from '../../sdk/protocol/actions.ts'
import { BackupStore } from '../../sdk/protocol/daemon.ts'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import { requests } from '../../sdk/protocol/methods.ts'
import { CreateRecord, GetRecord } from '../../sdk/protocol/records.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { ScriptedDaemon, type ScriptedHandler, scriptedError } from '../support/scripted-daemon.ts'
import { scriptedClient, until } from '../support/sdk-client.ts'

const note = { type: 'Note', id: 'a', data: { title: 'x' } }
const key = { type: 'Note', id: 'a' }
const never: ScriptedHandler = () => new Promise(() => {})

/** Does the work, and dies before it can say so. */
function dieAfter(daemon: ScriptedDaemon, method: string): void {
  daemon.handleOnce(method, (params, call) => {
    daemon.usual(method, params, call)
    call.connection.drop()
    return new Promise(() => {})
  })
}

test('a write whose answer is lost is sent again with its key and has one effect', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  dieAfter(daemon, 'record/create')
  const result = await client.request(CreateRecord, note)
  assert.equal(result.replayed, true)
  assert.equal(daemon.events.length, 1)
  const [first, second] = daemon.requests.filter(({ method }) => method === 'record/create')
  assert.ok(first?.params.idempotencyKey)
  assert.deepEqual(second, first)
})

test('every write has a key and the epoch; a key of the caller’s own is left alone', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  await client.request(CreateRecord, {
    ...note,
    id: 'b',
    idempotencyKey: 'mine',
    dryRun: undefined,
  })
  const [first, second] = daemon.requests.slice(1)
  assert.match(String(first?.params.idempotencyKey), /^[0-9a-f-]{36}$/)
  assert.equal(first?.params.expectedEpoch, 'epoch1')
  assert.equal(second?.params.idempotencyKey, 'mine')
})

test('every request that takes a key is sent with one', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const keyed: string[] = []
  for (const definition of requests) {
    const { method, params } = definition
    if (!(params instanceof z.ZodObject)) continue
    if (!Object.hasOwn(params.shape, 'idempotencyKey')) continue
    keyed.push(method)
    daemon.handleOnce(method, () => ({}))
    // What this daemon answers is not what the method promises.
    await client.request<RequestDefinition>(definition, {}).catch(() => {})
    const sent = daemon.requests.at(-1)
    assert.equal(sent?.method, method)
    assert.ok(sent.params.idempotencyKey !== undefined, `${method} could be done twice`)
  }
  assert.ok(keyed.includes('action/execute') && keyed.includes('record/create'), keyed.join())
})

test('an action whose answer is lost is asked for again with its key', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handleOnce('action/execute', (_params, call) => {
    daemon.handleOnce('action/execute', () => ({}))
    call.connection.drop()
    return new Promise(() => {})
  })
  await client.request(ExecuteAction, { action: 'memory.use_pattern' }).catch(() => {})
  const [first, second] = daemon.requests.filter(({ method }) => method === 'action/execute')
  assert.ok(first?.params.idempotencyKey)
  assert.deepEqual(second, first)
})

test('a write that is made while nobody is there is sent when the daemon is back', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.unreachable = new Error('nobody there')
  daemon.drop()
  await until(() => !client.connected)
  const write = client.request(CreateRecord, note)
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(daemon.count('record/create'), 0)
  daemon.unreachable = undefined
  assert.equal((await write).version, 1)
  assert.equal(daemon.count('record/create'), 1)
})

test('a read whose answer is lost is sent again', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  dieAfter(daemon, 'record/get')
  assert.equal((await client.request(GetRecord, key)).id, 'a')
  assert.equal(daemon.count('record/get'), 2)
})

test('a request that ends the daemon each time is repeated slower and slower', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', (_, { connection }) => {
    connection.drop()
    return new Promise(() => {})
  })
  const write = client.request(CreateRecord, note, { timeoutMs: 1_500 })
  assert.ok((await failure(write)) instanceof OutcomeUnknownError)
  assert.ok(daemon.count('record/create') >= 2)
  assert.ok(daemon.count('record/create') <= 7)
})

test('a request that must not be repeated is not, and says that its outcome is unknown', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('daemon/backup', (_, { connection }) => {
    connection.drop()
    return new Promise(() => {})
  })
  await assert.rejects(client.request(BackupStore, {}), OutcomeUnknownError)
  assert.equal(daemon.count('daemon/backup'), 1)
})

test('a read that is not answered in time is cancelled and times out', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const cancelled = new Promise<void>((resolve) => {
    daemon.handle('record/get', (_, call) => {
      call.cancelled.onCancellationRequested(() => resolve())
      return new Promise(() => {})
    })
  })
  const error = await failure(client.request(GetRecord, key, { timeoutMs: 20 }))
  assert.ok(error instanceof TimeoutError)
  assert.equal(error.data.timeoutMs, 20)
  assert.equal(error.retryable, true)
  await cancelled
})

test('a write that is never answered ends as unknown, with the key to find out', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', never)
  const error = await failure(client.request(CreateRecord, note, { timeoutMs: 20 }))
  assert.ok(error instanceof OutcomeUnknownError)
  const [sent] = daemon.requests.filter(({ method }) => method === 'record/create')
  assert.equal(error.data.idempotencyKey, sent?.params.idempotencyKey)

  daemon.handle('record/create', undefined)
  const { idempotencyKey } = error.data
  assert.equal((await client.request(CreateRecord, { ...note, idempotencyKey })).version, 1)
})

test('a write that the daemon drops at the time limit has timed out, nothing more', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', refuseWhenCancelled)
  const write = client.request(CreateRecord, note, { timeoutMs: 500 })
  assert.ok((await failure(write)) instanceof TimeoutError)
})

test('nobody there in time is disconnected, with the reason', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.unreachable = new Error('nobody there')
  daemon.drop()
  await until(() => !client.connected)
  const error = await failure(client.request(CreateRecord, note, { timeoutMs: 60 }))
  assert.ok(error instanceof DisconnectedError)
  assert.equal(error.cause, daemon.unreachable)
})

test('a lost answer and nobody to ask again leave the outcome unknown', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', (_, { connection }) => {
    daemon.unreachable = new Error('nobody there')
    connection.drop()
    return new Promise(() => {})
  })
  const error = await failure(client.request(CreateRecord, note, { timeoutMs: 60 }))
  assert.ok(error instanceof OutcomeUnknownError)
})

test('an aborted read is cancelled at once, at the daemon too', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const cancelled = new Promise<void>((resolve) => {
    daemon.handle('record/get', (_, call) => {
      call.cancelled.onCancellationRequested(() => resolve())
      return new Promise(() => {})
    })
  })
  const controller = new AbortController()
  const read = client.request(GetRecord, key, { signal: controller.signal })
  await daemon.arrival('record/get')
  controller.abort('enough')
  const error = await failure(read)
  assert.ok(error instanceof CancelledError)
  assert.equal(error.cause, 'enough')
  await cancelled
})

test('an aborted write that stood gives its result', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', async (params, call) => {
    await new Promise<void>((resolve) => {
      call.cancelled.onCancellationRequested(() => resolve())
    })
    return daemon.usual('record/create', params, call)
  })
  const controller = new AbortController()
  const write = client.request(CreateRecord, note, { signal: controller.signal })
  await daemon.arrival('record/create')
  controller.abort()
  assert.equal((await write).version, 1)
})

test('an aborted write that the daemon dropped is cancelled', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', refuseWhenCancelled)
  const controller = new AbortController()
  const write = client.request(CreateRecord, note, { signal: controller.signal })
  await daemon.arrival('record/create')
  controller.abort()
  assert.ok((await failure(write)) instanceof CancelledError)
})

test('an aborted write whose connection dies is not called cancelled', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', (_, call) => {
    call.cancelled.onCancellationRequested(() => call.connection.drop())
    return new Promise(() => {})
  })
  const controller = new AbortController()
  const write = client.request(CreateRecord, note, { signal: controller.signal })
  await daemon.arrival('record/create')
  controller.abort()
  assert.ok((await failure(write)) instanceof OutcomeUnknownError)
})

test('a request with an aborted signal is never sent', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const signal = AbortSignal.abort()
  await assert.rejects(client.request(CreateRecord, note, { signal }), CancelledError)
  assert.equal(daemon.count('record/create'), 0)
})

for (const kind of ['overloaded', 'draining'] as const) {
  test(`a daemon that is ${kind} is asked again`, async (t) => {
    const daemon = new ScriptedDaemon()
    const client = await scriptedClient(t, daemon)
    daemon.handleOnce('record/create', () => {
      throw scriptedError(kind, { retryAfterMs: 1 })
    })
    assert.equal((await client.request(CreateRecord, note)).version, 1)
    assert.equal(daemon.count('record/create'), 2)
  })
}

test('a daemon that stays overloaded is reported when the time is over', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', () => {
    throw scriptedError('overloaded', { retryAfterMs: 60_000 })
  })
  const error = await failure(client.request(CreateRecord, note, { timeoutMs: 50 }))
  assert.ok(error instanceof OverloadedError)
})

test('a pause for a draining daemon ends when its connection does', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handleOnce('record/create', (_, { connection }) => {
    setTimeout(() => connection.drop(), 10)
    throw scriptedError('draining', { retryAfterMs: 60_000 })
  })
  assert.equal((await client.request(CreateRecord, note)).version, 1)
})

test('a write of an earlier epoch is refused and not repeated', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handleOnce('record/create', (_, { connection }) => {
    daemon.epoch = 'epoch2'
    connection.drop()
    return new Promise(() => {})
  })
  const error = await failure(client.request(CreateRecord, note))
  assert.ok(error instanceof ConflictError)
  assert.equal(error.data.reason, 'epoch')
  assert.equal(daemon.count('record/create'), 2)
  assert.equal(daemon.events.length, 0)
  assert.equal((await client.request(CreateRecord, note)).version, 1)
})

test('an error of the daemon is the error of its kind, with its data', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.request(CreateRecord, note)
  const error = await failure(client.request(CreateRecord, note))
  assert.ok(error instanceof ConflictError)
  assert.equal(error.current?.version, 1)
  assert.equal(error.retryable, false)
})

test('an error of a kind nobody knows survives as it came', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const data = { kind: 'fence_stale', retryable: true, fence: 7 }
  daemon.handle('record/get', () => {
    throw Object.assign(scriptedError('internal', { incident: 'i' }), { data })
  })
  const error = await failure(client.request(GetRecord, key))
  assert.ok(error instanceof UnrecognizedError)
  assert.deepEqual(error.raw, data)
  assert.equal(error.retryable, true)
})

test('an answer that is not what was declared is an error, not a value', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/get', () => ({ type: 'Note' }))
  const error = await failure(client.request(GetRecord, key))
  assert.equal((error as { kind?: unknown }).kind, 'internal')
})

test('a request that can’t be written is refused here, and the connection lives on', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  const huge = { ...note, data: { title: 'x'.repeat(17 * 1024 * 1024) } }
  await assert.rejects(client.request(CreateRecord, huge), TooLargeError)
  const circular: { [name: string]: unknown } = {}
  circular.self = circular
  const data = circular as typeof note.data
  await assert.rejects(client.request(CreateRecord, { ...note, data }), InvalidRequestError)
  assert.equal((await client.request(CreateRecord, note)).version, 1)
  assert.equal(daemon.count('initialize'), 1)
})

test('a write on a transport that is already closing goes out on the next one', async (t) => {
  const daemon = new ScriptedDaemon()
  let end: Transport | undefined
  const transport = async () => {
    end = await daemon.dial()
    return end
  }
  const client = await scriptedClient(t, daemon, { transport })
  void end?.close()
  assert.equal((await client.request(CreateRecord, note)).version, 1)
  assert.equal(daemon.count('record/create'), 1)
})

test('closing settles every request that waits, and says what is known of each', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', never)
  daemon.handle('record/get', never)
  const write = failure(client.request(CreateRecord, note))
  const read = failure(client.request(GetRecord, key))
  await daemon.arrival('record/get')
  await client.close()
  assert.ok((await write) instanceof OutcomeUnknownError)
  assert.ok((await read) instanceof DisconnectedError)
  await assert.rejects(client.request(GetRecord, key), DisconnectedError)
  await client.close()
})

test('closing ends the pause of a request that a busy daemon put off', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', () => {
    throw scriptedError('overloaded', { retryAfterMs: 60_000 })
  })
  const write = failure(client.request(CreateRecord, note))
  await daemon.arrival('record/create')
  await new Promise((resolve) => setTimeout(resolve, 5))
  await client.close()
  assert.ok((await write) instanceof DisconnectedError)
})

test('closing waits for a connection that is being made, and none is left', async (t) => {
  const daemon = new ScriptedDaemon()
  let ready = (): void => {}
  const made = new Promise<void>((resolve) => {
    ready = resolve
  })
  let dials = 0
  const transport = async () => {
    if (++dials === 2) await made
    return await daemon.dial()
  }
  const client = await scriptedClient(t, daemon, { transport })
  daemon.drop()
  await until(() => !client.connected)
  const write = failure(client.request(CreateRecord, note))
  await until(() => dials === 2)
  let isClosed = false
  const closed = client.close().then(() => {
    isClosed = true
  })
  assert.ok((await write) instanceof DisconnectedError)
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(isClosed, false)
  ready()
  await closed
  await until(() => daemon.connectionCount === 0)
  assert.equal(daemon.count('record/create'), 0)
})

test('an unknown outcome that the daemon tells comes with the key', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('record/create', () => {
    throw scriptedError('outcome_unknown', {})
  })
  const error = await failure(client.request(CreateRecord, { ...note, idempotencyKey: 'mine' }))
  assert.ok(error instanceof OutcomeUnknownError)
  assert.equal(error.data.idempotencyKey, 'mine')
})

for (const kind of ['storage_failed', 'forbidden'] as const) {
  test(`a write whose answer was lost, and that is refused as ${kind} when it is repeated, has an unknown outcome`, async (t) => {
    const daemon = new ScriptedDaemon()
    const client = await scriptedClient(t, daemon)
    const refuse = (): never => {
      throw scriptedError(kind, {})
    }
    daemon.handleOnce('record/create', (_params, { connection }) => {
      daemon.handle('record/create', refuse)
      connection.drop()
      return new Promise(() => {})
    })
    const error = await failure(client.request(CreateRecord, { ...note, idempotencyKey: 'mine' }))
    assert.ok(error instanceof OutcomeUnknownError)
    assert.equal(error.data.idempotencyKey, 'mine')
    // Of a first attempt that is refused it is known that nothing happened.
    const first = await failure(client.request(CreateRecord, note))
    assert.ok(isOrionError(first, kind))
  })
}

test('closing while nobody is there settles what was never sent', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.unreachable = new Error('nobody there')
  daemon.drop()
  await until(() => !client.connected)
  const write = failure(client.request(CreateRecord, note))
  await client.close()
  assert.ok((await write) instanceof DisconnectedError)
})

const refuseWhenCancelled: ScriptedHandler = (_, call) =>
  new Promise((_resolve, reject) => {
    call.cancelled.onCancellationRequested(() => reject(scriptedError('cancelled', {})))
  })

/** What a promise rejects with. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  return assert.fail('expected a rejection, got a result')
}
