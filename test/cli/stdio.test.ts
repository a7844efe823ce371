import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ended, isAlive, makePlace, program, until } from './orion-process.ts'

test('an editor speaks with the daemon through the bridge, byte for byte', async (t) => {
  const place = makePlace(t)
  const bridge = place.start(['stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ask = peer(bridge)
  const hello = await ask('initialize', { processId: process.pid, clientInfo: { name: 'editor' } })
  assert.equal(hello.result.serverInfo.name, 'orion')
  const summary = 'Grüße, 저장소 \u{1f980}'.repeat(2_000)
  const data = { summary, domain: 'text' }
  const created = await ask('record/create', { type: 'OrionInsight', id: 'a', data })
  assert.equal(created.result.version, 1)
  const read = await ask('record/get', { type: 'OrionInsight', id: 'a' })
  assert.equal(read.result.data.summary, summary)
  assert.equal((await ask('nosuch', {})).error.code, -32601)
  const code = new Promise((resolve) => bridge.once('exit', resolve))
  bridge.stdin?.end()
  assert.equal(await code, 0)
  assert.equal(place.daemons().length, 1)
})

test('the bridge ends when the daemon does', async (t) => {
  const place = makePlace(t)
  const bridge = place.start(['stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await peer(bridge)('initialize', {})
  const code = new Promise((resolve) => bridge.once('exit', resolve))
  await place.orion(['stop'])
  assert.equal(await code, 0)
})

test('the bridge does not outlive its parent, even if nobody closes its input', async (t) => {
  const place = makePlace(t)
  const script = 'exec 3<&0; "$0" "$@" <&3 & echo $! >&2; wait'
  const parent = spawn('sh', ['-c', script, process.execPath, program, 'stdio'], {
    env: place.env,
    cwd: place.directory,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const pid = await firstNumber(parent)
  endAfter(t, pid)
  await peer(parent)('initialize', {})
  parent.kill('SIGKILL')
  await until(() => !isAlive(pid))
})

test('a bridge that finds no daemon and can start none says why, once, and exits with 6', async (t) => {
  const place = makePlace(t)
  writeFileSync(join(place.directory, 'file'), '')
  const told = await place.orion(['stdio', '--store', 'file'])
  assert.equal(told.code, 6)
  assert.equal(told.stdout, '')
  assert.match(told.stderr, /^expected .*file to be a directory.*\n {2}what to do: .+\n$/)
})

test('a bridge whose input ends at once ends too', async (t) => {
  const place = makePlace(t)
  const told = await place.orion(['stdio'])
  assert.equal(told.code, 0, told.stderr)
})

test('what an editor sent before it closed its end is answered', async (t) => {
  const place = makePlace(t)
  const bridge = place.start(['stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const told = ended(bridge, frame({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }))
  assert.match((await told).stdout, /"id":1,"result"/)
})

/** Asks one thing after the other over a process's standard streams. */
function peer(child: ChildProcess) {
  let received = Buffer.alloc(0)
  let wake: () => void = () => {}
  child.stdout?.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  let id = 0
  const next = async () => {
    for (;;) {
      const header = /^Content-Length: (\d+)\r\n\r\n/.exec(received.toString('latin1'))
      const start = header?.[0].length ?? 0
      const length = Number(header?.[1])
      if (header !== null && received.length >= start + length) {
        const body = received.subarray(start, start + length).toString('utf8')
        received = received.subarray(start + length)
        return JSON.parse(body)
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return async (method: string, params: object) => {
    id += 1
    child.stdin?.write(frame({ jsonrpc: '2.0', id, method, params }))
    for (;;) {
      const message = await next()
      if (message.id === id) return message
    }
  }
}

function frame(message: object): string {
  const body = JSON.stringify(message)
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

async function firstNumber(child: ChildProcess): Promise<number> {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await until(() => /^\d+\n/m.test(text))
  return Number(/^(\d+)\n/m.exec(text)?.[1])
}

function endAfter(t: TestContext, pid: number): void {
  t.after(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
}
