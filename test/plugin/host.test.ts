/** Plugins in processes of their own: granted, started, asked, ended, and started again by the next daemon. */
import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { localGrant } from '../../daemon/plugins/local-plugin.ts'
import { PluginGrants } from '../../daemon/plugins/plugin-grants.ts'
import {
  DaemonStatus,
  definePlugin,
  ExecuteAction,
  GetManyRecords,
  ListActions,
} from '../../sdk/index.ts'
import {
  AddPlugin,
  DescribePlugin,
  DisablePlugin,
  EnablePlugin,
  InspectPlugin,
  ListPlugins,
  PluginLogs,
  RemovePlugin,
} from '../../sdk/protocol/plugins.ts'
import { temporaryDirectory } from '../support/launch.ts'
import { pluginStore, samplePath } from '../support/plugin-store.ts'
import { daemonClient } from '../support/sdk-client.ts'

const timeout = 300_000

test('a plugin is granted, works, and works again in the next daemon of its store', {
  timeout,
}, async (t) => {
  const store = await pluginStore(t)
  const { client } = store
  const added = await store.grant('good.ts', { greeting: 'ahoy' })
  assert.deepEqual([added.state, added.reason], ['running', undefined])
  assert.match(added.grants.join('\n'), /read OrionInsight/)
  const greeted = await client.subscribe('Good.*', { allowUnknown: true })
  const title = 'four'
  const done = await client.request(ExecuteAction, { action: 'counted.add', params: { title } })
  const id = done.results[0]?.id ?? ''
  const { value: event } = await greeted.next()
  assert.deepEqual(event?.payload, { id, greeting: 'ahoy' })
  assert.deepEqual([event?.actor.principal, event?.cause], ['plugin:good', done.results[0]?.token])
  const read = await client.request(GetManyRecords, { keys: [{ type: 'Counted', id }] })
  assert.equal(read.records[0]?.data.length, 4)
  const logs = await client.request(PluginLogs, { name: 'good' })
  assert.match(logs.text, /good says this on stdout/)
  const status = await client.request(DaemonStatus, {})
  assert.deepEqual(
    status.plugins?.map(({ name, state }) => [name, state]),
    [['good', 'running']],
  )
  const pid = status.plugins?.[0]?.pid ?? 0
  await store.daemon.daemon.close()
  assert.throws(() => process.kill(pid, 0), 'its process is gone with the daemon')

  const { location } = store.daemon
  const next = await pluginStore(t, { location, stateDirectory: store.stateDirectory })
  await next.becomes('good', 'running')
  const again = await next.client.request(ExecuteAction, {
    action: 'counted.add',
    params: { title: 'a' },
  })
  assert.equal(again.results.length, 1)
  await next.client.request(DisablePlugin, { name: 'good' })
  const refused = next.client.request(ExecuteAction, { action: 'counted.add', params: { title } })
  await assert.rejects(refused, {
    kind: 'invalid_request',
    message: /plugin good is not running: disabled/,
  })
  await next.client.transact({ operations: [{ op: 'create', type: 'Counted', data: { title } }] })
  assert.equal((await next.client.request(EnablePlugin, { name: 'good' })).state, 'running')
  await next.client.request(RemovePlugin, { name: 'good' })
  const { actions } = await next.client.request(ListActions, {})
  assert.equal(
    actions.some(({ name }) => name === 'counted.add'),
    false,
  )
  await next.daemon.daemon.close()
})

test('code that has changed, and a grant that somebody else wrote, are not run', {
  timeout,
}, async (t) => {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'plugin.ts')
  const sdk = JSON.stringify(
    samplePath('good.ts').replace(/test\/plugin\/samples\/good\.ts$/, 'sdk/index.ts'),
  )
  const source = (scopes: string) =>
    `import { definePlugin } from ${sdk}\nexport default definePlugin({ name: 'mine', apiVersion: 1, scopes: ${scopes} })\n`
  writeFileSync(file, source('{}'))
  const first = await pluginStore(t)
  assert.equal((await first.grant(file)).state, 'running')
  const seen = await first.client.request(InspectPlugin, { plugin: file, cwd: '/' })
  const { files: _files, ...code } = seen
  const { manifestDigest } = await first.client.request(DescribePlugin, code)
  const other = first.client.request(AddPlugin, { ...code, manifestDigest: '0'.repeat(64) })
  await assert.rejects(other, { kind: 'conflict', message: /what it asks for has changed/ })
  appendFileSync(file, '// changed\n')
  const late = first.client.request(AddPlugin, { ...code, manifestDigest })
  await assert.rejects(late, { kind: 'conflict', message: /the code has changed/ })
  await first.daemon.daemon.close()

  const { location } = first.daemon
  const second = await pluginStore(t, { location, stateDirectory: first.stateDirectory })
  const held = await second.becomes('mine', 'failed')
  assert.match(held.reason ?? '', /its code has changed since mine was granted/)
  writeFileSync(file, source("{ read: 'all' }"))
  assert.equal((await second.grant(file)).state, 'running')
  await second.daemon.daemon.close()

  const third = await pluginStore(t, { location, stateDirectory: temporaryDirectory(t) })
  const foreign = await third.becomes('mine', 'failed')
  assert.match(foreign.reason ?? '', /was not granted by this user/)
  const enabled = await third.client.request(EnablePlugin, { name: 'mine' })
  assert.deepEqual([enabled.state, enabled.pid], ['failed', undefined])
  await third.daemon.daemon.close()

  const path = join(location.directory, 'plugins.json')
  const forged = readFileSync(path, 'utf8').replace('"read": "all"', '"write": "all"')
  writeFileSync(path, forged)
  const { stateDirectory } = first
  const fourth = await pluginStore(t, { location, stateDirectory })
  assert.match((await fourth.becomes('mine', 'failed')).reason ?? '', /was not granted/)
  await fourth.daemon.daemon.close()

  chmodSync(path, 0o666)
  const fifth = await pluginStore(t, { location, stateDirectory })
  await assert.rejects(fifth.client.request(ListPlugins, {}), {
    kind: 'storage_failed',
    message: /plugins\.json can be written by others/,
  })
})

test('a grant holds in its store, for its user, and as it was made', (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'plugins.json')
  const place = { path, keyPath: join(directory, 'key'), storeId: 'one' }
  const plugin = definePlugin({ name: 'mine', apiVersion: 1, scopes: { read: 'all' } })
  const grants = new PluginGrants(place)
  grants.put({ ...localGrant({ plugin }, '2026-01-01T00:00:00.000000Z'), root: '/a' })
  const sealed = (changed: Partial<typeof place> = {}) =>
    new PluginGrants({ ...place, ...changed }).all().map(({ isSealed }) => isSealed)
  assert.deepEqual(sealed(), [true])
  assert.deepEqual(sealed({ storeId: 'two' }), [false], 'a copy of the store asks again')
  assert.deepEqual(sealed({ keyPath: join(directory, 'of another user') }), [false])
  grants.setDisabled('mine', { by: 'person', reason: 'for now', at: '' })
  assert.deepEqual(sealed(), [true])
  const text = readFileSync(path, 'utf8')
  for (const [from, to] of [
    ['"name": "mine"', '"name": "yours"'],
    ['"entry": "this process"', '"entry": "/tmp/other.mjs"'],
    ['"root": "/a"', '"root": "/b"'],
    ['"codeDigest": ""', '"codeDigest": "0"'],
    ['"read": "all"', '"write": "all"'],
    ['"settings": {}', '"settings": { "greeting": "a" }'],
  ] as const) {
    assert.ok(text.includes(from), `${from} is in ${text}`)
    writeFileSync(path, text.replace(from, to))
    assert.deepEqual(sealed(), [false], to)
  }
})

test('only the owner without a token decides about plugins, and no plugin has more than it asked for', {
  timeout,
}, async (t) => {
  const { client, daemon } = await pluginStore(t)
  const code = { entry: samplePath('good.ts'), codeDigest: '0'.repeat(64) }
  const agent = await daemonClient(t, daemon, { narrow: { principal: 'agent:a' } })
  for (const ask of [
    () => agent.request(DescribePlugin, code),
    () => agent.request(AddPlugin, { ...code, manifestDigest: code.codeDigest }),
    () => agent.request(EnablePlugin, { name: 'good' }),
    () => agent.request(DisablePlugin, { name: 'good' }),
    () => agent.request(RemovePlugin, { name: 'good' }),
  ]) {
    await assert.rejects(ask(), {
      kind: 'forbidden',
      message: /the owner of the store, without a token/,
    })
  }
  const narrow = { scopes: ['read' as const, 'write' as const] }
  const reader = await daemonClient(t, daemon, { narrow })
  await assert.rejects(reader.request(ListPlugins, {}), { kind: 'forbidden' })
  assert.equal((await reader.request(DaemonStatus, {})).plugins, undefined)
  await assert.rejects(client.request(DescribePlugin, code), { kind: 'conflict' })
  await assert.rejects(client.request(PluginLogs, { name: 'nobody' }), { kind: 'not_found' })
})

test('a store has so many plugins and no more', { timeout }, async (t) => {
  const store = await pluginStore(t, { limits: { pluginsMax: 0 } })
  await assert.rejects(store.grant('quiet.ts'), { kind: 'too_large', message: /0 plugins already/ })
})

test('a plugin that is only looked at may do nothing, whoever it says it is, and sees no variable of Orion’s', {
  timeout,
}, async (t) => {
  process.env.ORION_TOKEN = 'of somebody else'
  t.after(() => {
    delete process.env.ORION_TOKEN
  })
  const { client } = await pluginStore(t)
  const plugin = samplePath('early.mjs')
  const { files: _files, ...code } = await client.request(InspectPlugin, { plugin, cwd: '/' })
  await assert.rejects(client.request(DescribePlugin, code, { timeoutMs: 240_000 }), {
    kind: 'invalid_request',
    message: /told: plugin:to-be-described forbidden forbidden forbidden; environment: none$/,
  })
})
