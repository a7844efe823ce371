import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inProcess } from '../../daemon/in-process.ts'
import type { ConnectOptions } from '../../sdk/client/connect.ts'
import { integer, text } from '../../sdk/field.ts'
import { ShutdownDaemon } from '../../sdk/protocol/daemon.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { scriptArguments } from '../support/script-arguments.ts'
import { until } from '../support/sdk-client.ts'
import { killProcess, servedStore, tsx } from '../support/served-store.ts'

const Entry = defineRecordType('Entry', {
  fields: { name: text(), count: integer({ default: 0 }) },
})
const Counter = defineRecordType('Counter', { fields: { count: integer({ default: 0 }) } })

test('clients that come at once share the one daemon they start', async (t) => {
  const { client } = servedStore(t)
  const clients = await Promise.all(Array.from({ length: 4 }, () => client()))
  assert.equal(new Set(clients.map(({ server }) => server.instanceId)).size, 1)
})

test('a daemon that is killed is started again; no answered write and no event is lost', async (t) => {
  const { client, pid } = servedStore(t)
  const writer = await client()
  const watcher = await client()
  const entries = writer.repository(Entry)
  const heard: string[] = []
  await watcher.on(Entry, (event) => void heard.push(event.record?.data.name ?? ''))
  const { instanceId } = writer.server
  const names = Array.from({ length: 60 }, (_, i) => `entry ${i}`)
  const write = (from: number, to: number) =>
    names.slice(from, to).map((name) => entries.create({ name }))
  await Promise.all(write(0, 20))
  const writes = write(20, 40)
  killProcess(pid())
  await until(() => !writer.connected)
  writes.push(...write(40, 60))
  const results = await Promise.all(writes)
  assert.notEqual(writer.server.instanceId, instanceId)
  const { count } = await entries.count()
  assert.equal(count, names.length)
  const found = await entries.getMany(results.map(({ id }) => id))
  assert.deepEqual(
    found.map((record) => record?.data.name),
    names.slice(20),
  )
  await until(() => heard.length >= names.length)
  assert.deepEqual(heard.toSorted(), names.toSorted())
})

test('a daemon that was shut down on purpose stays down until somebody needs it', async (t) => {
  const { client, pid } = servedStore(t)
  const watcher = await client()
  const heard: string[] = []
  await watcher.on(Entry, (event) => void heard.push(event.record?.data.name ?? ''))
  const stopping = await client({ daemon: 'join-only' })
  await stopping.request(ShutdownDaemon, {})
  await until(() => !watcher.connected)
  await until(() => pid() === undefined)
  await new Promise((resolve) => setTimeout(resolve, 500))
  assert.equal(pid(), undefined)
  const writer = await client()
  await writer.repository(Entry).create({ name: 'back' })
  await until(() => heard.length === 1)
  assert.deepEqual(heard, ['back'])
})

test('in process: the second client waits for the first to let go of the store', async (t) => {
  const { client } = servedStore(t)
  const own = { daemon: 'in-process', inProcess: inProcess() } as const
  const first = await client(own)
  await first.repository(Entry).create({ name: 'a' }, { id: 'a' })
  const second = client(own)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await first.close()
  const found = await (await second).repository(Entry).get('a')
  assert.equal(found.data.name, 'a')
})

test('in process: where a daemon serves, the client joins it', async (t) => {
  const { client } = servedStore(t)
  const served = await client()
  const joined = await client({ daemon: 'in-process', inProcess: inProcess() })
  assert.equal(joined.server.instanceId, served.server.instanceId)
})

test('ten processes that update one record with retry lose no update', async (t) => {
  const times = process.env.ORION_LONG === '1' ? 100 : 10
  const { client, options } = servedStore(t)
  const counters = (await client({ types: [Counter] })).repository(Counter)
  await counters.create({}, { id: 'c' })
  const program = fileURLToPath(new URL('../support/counting-process.ts', import.meta.url))
  const ended = Array.from({ length: 10 }, async () => {
    const args = [...scriptArguments(program), options.store ?? '', String(times)]
    const { said } = await runProgram(t, { args, env: options.env })
    return Number(said.trim()) || said
  })
  const calls = await Promise.all(ended)
  for (const count of calls) assert.ok(Number(count) >= times, String(count))
  const record = await counters.get('c')
  assert.equal(record.version, 10 * times + 1)
  assert.equal(record.data.count, 10 * times)
  const tried = calls.reduce((sum: number, count) => sum + Number(count), 0)
  t.diagnostic(`${tried} attempts for ${10 * times} updates`)
})

/** Runs Node; resolves with its exit code and what it said. */
async function runProgram(
  t: TestContext,
  { args, env }: { readonly args: readonly string[]; readonly env: ConnectOptions['env'] },
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [...args], {
    env: { ...env },
    stdio: 'pipe',
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      said += part
    })
  }
  const [code] = await once(child, 'close')
  return { code, said }
}

test('a program that closes its client ends by itself, whatever still waited', async (t) => {
  const { options } = servedStore(t)
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const file = join(options.store ?? '', '..', 'program.mts')
  const own = `{ daemon: 'in-process', inProcess: inProcess(), store: ${JSON.stringify(`${options.store}2`)} }`
  writeFileSync(
    file,
    `
    import { connect } from ${JSON.stringify(join(root, 'sdk/index.ts'))}
    import { inProcess } from ${JSON.stringify(join(root, 'daemon/in-process.ts'))}
    for (const own of [{}, ${own}]) {
      const client = await connect({ ...${JSON.stringify(options)}, ...own })
      await client.on('*', () => {})
      const stream = await client.subscribe('*')
      const waiting = stream.next()
      client.events({ waitMs: 60_000 }).catch(() => {})
      client.publish('Build.finished').catch(() => {})
      await client.close()
      console.log('closed', (await waiting).done)
    }
    `,
  )
  const { code, said } = await runProgram(t, { args: ['--import', tsx, file], env: options.env })
  assert.equal(said, 'closed true\nclosed true\n')
  assert.equal(code, 0)
})
