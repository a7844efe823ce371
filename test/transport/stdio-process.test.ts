import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { stdioTransport } from '../../sdk/transport/stdio.ts'
import { frame } from './raw-peer.ts'

const options = { timeout: 120_000 }

type Child = ChildProcessByStdio<Writable, Readable, Readable>

function startChild(t: TestContext): Child {
  const program = fileURLToPath(new URL('stdio-echo.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: 'pipe' })
  t.after(() => child.kill('SIGKILL'))
  return child
}

test(
  'a process serves on stdin and stdout, and ends when its parent hangs up',
  options,
  async (t) => {
    const child = startChild(t)
    const exited = once(child, 'exit')
    const said = text(child.stderr)
    const transport = stdioTransport({
      side: 'client',
      streams: { input: child.stdout, output: child.stdin },
    })
    const connection = createConnection(transport)
    connection.listen()
    const asked = Array.from({ length: 200 }, (_, i) =>
      connection.sendRequest('echo', { i, text: 'ü'.repeat(500) }),
    )
    assert.equal((await Promise.all(asked)).length, 200)
    await transport.close()
    assert.deepEqual(await exited, [0, null])
    assert.equal(await said, 'closed\n')
  },
)

test(
  'a process that is piped some requests answers them all, and stdout holds nothing else',
  options,
  async (t) => {
    const child = startChild(t)
    const exited = once(child, 'exit')
    const bodies = Array.from({ length: 500 }, (_, id) =>
      JSON.stringify({ jsonrpc: '2.0', id, method: 'echo', params: { text: 'x'.repeat(1_000) } }),
    )
    child.stdin.end(Buffer.concat(bodies.map(frame)))
    const expected = bodies.map((body) =>
      frame(body.replace('"method":"echo","params"', '"result"')),
    )
    assert.equal(await text(child.stdout), Buffer.concat(expected).toString())
    assert.deepEqual(await exited, [0, null])
  },
)

test(
  'a process whose stdout nobody reads any more closes its transport and ends',
  options,
  async (t) => {
    const child = startChild(t)
    const exited = once(child, 'exit')
    child.stdin.on('error', () => {
      // The child may be gone before all of this is written.
    })
    child.stdin.write(frame('{"jsonrpc":"2.0","id":1,"method":"echo"}'))
    await once(child.stdout, 'data')
    child.stdout.destroy()
    for (let id = 2; id < 200; id++) {
      const params = { text: 'x'.repeat(1_000) }
      child.stdin.write(frame(JSON.stringify({ jsonrpc: '2.0', id, method: 'echo', params })))
    }
    assert.deepEqual(await exited, [0, null])
  },
)
