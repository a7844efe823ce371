import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  CancellationTokenSource,
  type MessageConnection,
  type MessageReader,
  ResponseError,
} from 'vscode-jsonrpc/node'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { EncodedJson } from '../../sdk/transport/encode-message.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { startEchoServer } from './echo-server.ts'
import { RawPeer } from './raw-peer.ts'

const options = { timeout: 60_000 }

interface Connected {
  readonly serving: MessageConnection
  readonly asking: MessageConnection
  readonly log: string[]
}

/** A connection on each end of a pair; handlers are registered before either listens. */
function connect(t: TestContext, register: (serving: MessageConnection) => void): Connected {
  const [server, client] = memoryPair()
  const log: string[] = []
  const serving = createConnection(server, { log: (level, line) => log.push(`${level}: ${line}`) })
  const asking = createConnection(client)
  register(serving)
  serving.listen()
  asking.listen()
  t.after(() => {
    asking.dispose()
    serving.dispose()
  })
  return { serving, asking, log }
}

test('requests sent have ids from 1 up', options, async (t) => {
  const connections: MessageConnection[] = []
  const { path } = await startEchoServer(t, { onConnection: (made) => connections.push(made) })
  const peer = await RawPeer.connect(t, path)
  peer.sendMessage({ jsonrpc: '2.0', id: 0, method: 'echo', params: ['mine'] })
  assert.equal((await peer.receive()).id, 0)
  const [connection] = connections
  assert.ok(connection)
  for (const id of [1, 2]) {
    const answer: Promise<string> = connection.sendRequest('ask')
    assert.deepEqual(await peer.receive(), { jsonrpc: '2.0', id, method: 'ask' })
    peer.sendMessage({ jsonrpc: '2.0', id, result: `answer ${id}` })
    assert.equal(await answer, `answer ${id}`)
  }
  assert.equal(connection.hasPendingResponse(), false)
})

test(
  'an exception in a handler goes to the log, and to the peer only its incident',
  options,
  async (t) => {
    const { asking, log } = connect(t, (serving) => {
      serving.onRequest('boom', () => {
        throw new Error('the inside')
      })
    })
    const error = await failureOf(asking.sendRequest('boom'))
    assert.equal(error.code, errorCodes.internal)
    assert.equal(error.data?.kind, 'internal')
    assert.equal(error.data?.retryable, false)
    assert.doesNotMatch(JSON.stringify([error.message, error.data]), /the inside/)
    assert.equal(log.length, 1)
    assert.match(log[0] ?? '', new RegExp(`${error.data?.incident}.*the inside`))
  },
)

test('an error that a handler means reaches the peer as it is', options, async (t) => {
  const { asking } = connect(t, (serving) => {
    serving.onRequest('refuse', () => new ResponseError(40900, 'lost', { kind: 'conflict' }))
  })
  const error = await failureOf(asking.sendRequest('refuse'))
  assert.deepEqual([error.code, error.message, error.data], [40900, 'lost', { kind: 'conflict' }])
})

test('an unknown method is answered with its kind', options, async (t) => {
  const { asking } = connect(t, () => {})
  const error = await failureOf(asking.sendRequest('nothing'))
  assert.equal(error.code, errorCodes.method_not_found)
  assert.deepEqual(error.data, { kind: 'method_not_found', retryable: false })
})

test('an answer over the body limit becomes the error too_large', options, async (t) => {
  const { asking } = connect(t, (serving) => {
    serving.onRequest('much', () => new EncodedJson(`"${'x'.repeat(17 * 1024 * 1024)}"`))
  })
  const error = await failureOf(asking.sendRequest('much'))
  assert.equal(error.code, errorCodes.too_large)
  assert.equal(error.data?.kind, 'too_large')
  assert.equal(error.data?.limit, 16 * 1024 * 1024)
})

test(
  'an answer that cannot be encoded becomes an internal error, and its id is free again',
  options,
  async (t) => {
    const { asking, log } = connect(t, (serving) => {
      serving.onRequest('big', () => 1n)
    })
    for (let i = 0; i < 3; i++) {
      assert.equal((await failureOf(asking.sendRequest('big'))).code, errorCodes.internal)
    }
    assert.equal(log.length, 3)
  },
)

test('encoded JSON in an answer is spliced, not encoded again', options, async (t) => {
  const { path } = await startEchoServer(t, {
    onConnection: (connection) => {
      connection.onRequest('stored', () => new EncodedJson('{ "spaced" : 1.50 }'))
    },
  })
  const peer = await RawPeer.connect(t, path)
  const raw = new Promise<string>((resolve) =>
    peer.socket.once('data', (data) => resolve(String(data))),
  )
  peer.sendMessage({ jsonrpc: '2.0', id: 'a"b', method: 'stored' })
  assert.match(
    await raw,
    /\r\n\r\n\{"jsonrpc":"2\.0","id":"a\\"b","result":\{ "spaced" : 1\.50 \}\}$/,
  )
})

test('a cancelled request is cancelled on the other side', options, async (t) => {
  const { asking } = connect(t, (serving) => {
    serving.onRequest('wait', async (token) => {
      if (!token.isCancellationRequested) {
        await new Promise((resolve) => token.onCancellationRequested(resolve))
      }
      return 'cancelled'
    })
    serving.onRequest('echo', (params: unknown) => params)
  })
  const source = new CancellationTokenSource()
  const waiting = asking.sendRequest('wait', source.token)
  await asking.sendRequest('echo', {})
  source.cancel()
  assert.equal(await waiting, 'cancelled')
})

test('disposing a connection closes its transport and rejects what waits', options, async (t) => {
  const [server, client] = memoryPair()
  const serving = createConnection(server)
  serving.onRequest('hold', () => new Promise(() => {}))
  serving.listen()
  const asking = createConnection(client)
  asking.listen()
  const closed = new Promise((resolve) => server.onClose(resolve))
  const rejected = assert.rejects(asking.sendRequest('hold'), { code: -32097 })
  asking.dispose()
  await rejected
  t.after(() => serving.dispose())
  serving.end()
  await closed
})

test('handlers that end after their peer has gone disturb nobody', options, async (t) => {
  const server = await startEchoServer(t)
  const peer = await RawPeer.connect(t, server.path)
  peer.sendMessage({ jsonrpc: '2.0', id: 1, method: 'hold' })
  peer.sendMessage({ jsonrpc: '2.0', id: 2, method: 'echo' })
  await peer.receive()
  const closed = new Promise((resolve) => server.transports[0]?.onClose(resolve))
  await server.transports[0]?.close()
  await closed
  server.release()
  await new Promise(setImmediate)
  assert.deepEqual(
    server.log.filter((line) => !line.startsWith('debug')),
    [],
  )
})

test('a reader that fails tells the connection and nothing is thrown', options, async () => {
  const errors: string[] = []
  let fail: (error: Error) => void = () => {}
  const [, client] = memoryPair()
  const reader: MessageReader = {
    ...passive(client.reader),
    onError: (listener) => {
      fail = listener
      return { dispose: () => {} }
    },
  }
  const broken: Transport = { ...boundTransport(client), reader }
  const connection = createConnection(broken)
  connection.onError(([error]) => errors.push(error.message))
  connection.listen()
  fail(new Error('the wire is cut'))
  assert.deepEqual(errors, ['the wire is cut'])
  await client.close()
})

/** The error that a request is answered with. */
async function failureOf(request: Promise<unknown>): Promise<ResponseError<Failure>> {
  const outcome = await request.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof ResponseError)
  return outcome
}

interface Failure {
  readonly kind?: string
  readonly retryable?: boolean
  readonly incident?: string
  readonly limit?: number
}

function passive(reader: MessageReader): MessageReader {
  return {
    onError: reader.onError,
    onClose: reader.onClose,
    onPartialMessage: reader.onPartialMessage,
    listen: (callback) => reader.listen(callback),
    dispose: () => reader.dispose(),
  }
}

function boundTransport(transport: Transport): Transport {
  return {
    description: transport.description,
    reader: transport.reader,
    writer: transport.writer,
    raiseBodyLimit: () => transport.raiseBodyLimit(),
    onClose: (listener) => transport.onClose(listener),
    close: () => transport.close(),
    [Symbol.asyncDispose]: () => transport.close(),
  }
}
