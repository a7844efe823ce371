import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { stdioTransport } from '../../sdk/transport/stdio.ts'

const options = { timeout: 60_000 }

/** An output that keeps what each write brought, and takes the next when told to. */
class Recorder extends Writable {
  readonly writes: string[] = []
  /** Finishes the write that waits. */
  finish: (() => void) | undefined
  readonly #finishesAtOnce: boolean

  constructor({ finishesAtOnce }: { readonly finishesAtOnce: boolean }) {
    super({ decodeStrings: false, highWaterMark: 1024 })
    this.#finishesAtOnce = finishesAtOnce
  }

  override _write(chunk: string, _encoding: string, callback: () => void): void {
    this.writes.push(chunk)
    if (this.#finishesAtOnce) callback()
    else this.finish = callback
  }
}

function writerOver(output: Recorder, limits = {}) {
  const transport = stdioTransport({
    side: 'server',
    streams: { input: new PassThrough(), output },
    limits,
  })
  return transport.writer
}

const note = (i: number) => ({ jsonrpc: '2.0', method: 'told', params: { i, text: 'ü€😀' } })
const nextTurn = (): Promise<void> => new Promise(setImmediate)

test('all messages of one turn leave in one write', options, async () => {
  const output = new Recorder({ finishesAtOnce: true })
  const writer = writerOver(output)
  for (let i = 0; i < 60; i++) void writer.write(note(i))
  void writer.writeEncoded(JSON.stringify(note(60)))
  await nextTurn()
  assert.equal(output.writes.length, 1)
  const frames = Array.from({ length: 61 }, (_, i) => {
    const body = JSON.stringify(note(i))
    return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  })
  assert.equal(output.writes[0], frames.join(''))
})

test(
  'messages written by callbacks of the same turn leave in the same write',
  options,
  async () => {
    const output = new Recorder({ finishesAtOnce: true })
    const writer = writerOver(output)
    void writer.write(note(0))
    for (let i = 1; i < 50; i++) void Promise.resolve().then(() => writer.write(note(i)))
    await nextTurn()
    assert.equal(output.writes.length, 1)
  },
)

test('all answers to one chunk of requests leave in one write', options, async (t) => {
  // Calls give way when a turn has been long, as it is on a busy machine; here no time passes.
  t.mock.method(performance, 'now', () => 0)
  const output = new Recorder({ finishesAtOnce: true })
  const input = new PassThrough()
  const transport = stdioTransport({ side: 'server', streams: { input, output } })
  const connection = createConnection(transport)
  connection.onRequest('echo', async (params: unknown) => {
    await Promise.resolve()
    return params
  })
  connection.listen()
  const requests = Array.from({ length: 50 }, (_, id) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'echo', params: { id } })
    return `Content-Length: ${body.length}\r\n\r\n${body}`
  })
  input.write(requests.join(''))
  while (output.writes.length === 0) await nextTurn()
  await nextTurn()
  assert.equal(output.writes.length, 1)
  assert.equal(output.writes[0]?.match(/Content-Length/g)?.length, 50)
})

test(
  'a write resolves at once while there is room, and when it has drained otherwise',
  options,
  async () => {
    const output = new Recorder({ finishesAtOnce: false })
    const writer = writerOver(output, { unsentMaxBytes: 10_000 })
    await writer.write(note(0))
    let resolved = false
    const large = { jsonrpc: '2.0', method: 'told', params: { text: 'x'.repeat(10_000) } }
    const waiting = writer.write(large).then(() => {
      resolved = true
    })
    for (let i = 0; i < 10; i++) await nextTurn()
    assert.equal(resolved, false)
    while (!resolved) {
      output.finish?.()
      await nextTurn()
    }
    await waiting
    assert.equal(output.writes.length, 1)
  },
)

test(
  'what is written while the output is full leaves in one write after it has drained',
  options,
  async () => {
    const output = new Recorder({ finishesAtOnce: false })
    const writer = writerOver(output, { unsentMaxBytes: 2_000 })
    const waiting = Array.from({ length: 100 }, (_, i) => writer.write(note(i)))
    await nextTurn()
    const before = output.writes.length
    output.finish?.()
    await nextTurn()
    output.finish?.()
    await Promise.all(waiting)
    assert.equal(output.writes.length, before + 1)
    const order = output.writes.join('').match(/"i":\d+/g)
    assert.deepEqual(
      order,
      Array.from({ length: 100 }, (_, i) => `"i":${i}`),
    )
  },
)

test('a loop that awaits its writes leaves others their turn', options, async () => {
  const output = new Recorder({ finishesAtOnce: true })
  const writer = writerOver(output, { unsentMaxBytes: 1_000 })
  let turns = 0
  const count = setInterval(() => turns++, 0)
  for (let i = 0; i < 2_000; i++) await writer.write(note(i))
  clearInterval(count)
  assert.ok(turns > 0, 'no timer ran while 2,000 messages were written')
})

test('a message that cannot be encoded rejects its write and nothing else', options, async () => {
  const output = new Recorder({ finishesAtOnce: true })
  const writer = writerOver(output)
  const bad = { jsonrpc: '2.0', method: 'told', params: { n: 1n } }
  await assert.rejects(writer.write(bad), TypeError)
  await writer.write(note(1))
  await nextTurn()
  assert.equal(output.writes.length, 1)
})

test('an output that fails closes the transport with its error', options, async () => {
  const output = new Recorder({ finishesAtOnce: false })
  const input = new PassThrough()
  const transport = stdioTransport({ side: 'server', streams: { input, output } })
  const closed = new Promise<Error | undefined>((resolve) => transport.onClose(resolve))
  output.destroy(new Error('the pipe is broken'))
  assert.equal((await closed)?.message, 'the pipe is broken')
  await assert.rejects(transport.writer.write(note(0)), { reason: 'closed' })
})
