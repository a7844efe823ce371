/** What an `orion mcp` leaves behind whose client dies: nothing. */
import assert from 'node:assert/strict'
import { type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { connect } from '../../sdk/client/connect.ts'
import { DaemonStatus } from '../../sdk/protocol/daemon.ts'
import { isAlive, linesOf, makePlace, program, until } from '../cli/orion-process.ts'

/** What never comes ends the test that waits for it, by its name. */
const testMaxMs = 60_000

const hello = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'mortal', version: '1' },
}

function message(id: number, method: string, params: object): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`
}

/** How many agents the daemon of a place knows. */
async function counterOf(t: TestContext, { store, env }: ReturnType<typeof makePlace>) {
  const owner = await connect({ client: { name: 'owner' }, store, env })
  t.after(() => owner.close())
  return async (): Promise<number> => {
    const { connections } = await owner.request(DaemonStatus, {})
    return connections.filter(({ principal }) => principal === 'agent:mortal').length
  }
}

const wait = message(3, 'tools/call', { name: 'events', arguments: { waitSeconds: 25 } })

test('orion mcp ends with the pipe of its client, in the middle of a call', {
  timeout: testMaxMs,
}, async (t) => {
  const place = makePlace(t)
  const server = place.start(['mcp', '--store', place.store], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const next = linesOf(server)
  server.stdin?.write(message(1, 'initialize', hello))
  await next()
  server.stdin?.write(message(2, 'tools/call', { name: 'get', arguments: {} }))
  assert.match(await next(), /OrionInsight/)
  const agents = await counterOf(t, place)
  assert.equal(await agents(), 1)
  server.stdin?.write(wait)
  server.stdin?.destroy()
  server.stdout?.destroy()
  if (server.exitCode === null) await once(server, 'exit')
  await until(async () => (await agents()) === 0)
})

test('orion mcp ends with a client that is killed, though somebody else holds the pipe', {
  timeout: testMaxMs,
}, async (t) => {
  const place = makePlace(t)
  const said = [
    message(1, 'initialize', hello),
    message(2, 'tools/call', { name: 'get', arguments: {} }),
    wait,
  ]
  const holding = `process.stdout.write(${JSON.stringify(said.join(''))}); setInterval(() => {}, 1e6)`
  const holder = spawn(process.execPath, ['-e', holding], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => holder.kill('SIGKILL'))
  const mcp = `'${process.execPath}' '${program}' mcp --store '${place.store}'`
  const script = `exec 3<&0; ${mcp} <&3 3<&- & echo "pid $!"; wait`
  const stdio: StdioOptions = [holder.stdout, 'pipe', 'inherit']
  const parent = spawn('sh', ['-c', script], { env: place.env, stdio })
  const next = linesOf(parent)
  const pid = Number(/^pid (\d+)$/.exec(await next())?.[1])
  t.after(() => isAlive(pid) && process.kill(pid, 'SIGKILL'))
  await next()
  assert.match(await next(), /OrionInsight/)
  const agents = await counterOf(t, place)
  assert.ok(isAlive(pid))
  parent.kill('SIGKILL')
  await until(() => !isAlive(pid))
  await until(async () => (await agents()) === 0)
  assert.equal(holder.exitCode, null)
})
