/** The bridge for editors ends when its editor says so, and takes nothing with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAlive, makePlace, program } from '../cli/orion-process.ts'
import { startProcess } from '../support/process.ts'

test('an editor’s exit ends the bridge while its pipes are still open, and the daemon lives on', async (t) => {
  const place = makePlace(t)
  const bridge = startProcess(
    t,
    [process.execPath, program, 'stdio', '--store', place.store],
    place,
  )
  bridge.stdout.resume()
  for (const message of [
    { id: 1, method: 'initialize', params: { processId: null, capabilities: {} } },
    { id: 2, method: 'shutdown' },
    { method: 'exit' },
  ]) {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    bridge.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
  const { code, stderr } = await bridge.ended
  assert.deepEqual([code, stderr], [0, ''])
  const [daemon = 0] = place.daemons()
  assert.ok(isAlive(daemon))
})
