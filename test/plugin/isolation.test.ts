/** Plugins that misbehave: each is ended, told and logged, and nobody else notices. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Limits } from '../../daemon/limits.ts'
import { DaemonStatus, ExecuteAction } from '../../sdk/index.ts'
import {
  DescribePlugin,
  DisablePlugin,
  InspectPlugin,
  PluginLogs,
} from '../../sdk/protocol/plugins.ts'
import { gone, temporaryDirectory } from '../support/launch.ts'
import { pluginStore } from '../support/plugin-store.ts'
import { Note, Tally } from '../support/store.ts'

const timeout = 300_000

/** A store in which the plugin that misbehaves has been granted. */
async function wild(t: TestContext, behaviour: string, limits: Partial<Limits> = {}) {
  const store = await pluginStore(t, { limits })
  const added = await store.grant('wild.mjs', { behaviour })
  const logs = async () => (await store.client.request(PluginLogs, { name: 'wild' })).text
  return { ...store, added, logs }
}

test('a plugin that crashes three times is disabled, with an event and a reason', {
  timeout,
}, async (t) => {
  const store = await pluginStore(t, { limits: { pluginCrashesMax: 3 } })
  const { client } = store
  const events = await client.subscribe('Plugin.*', { allowUnknown: true })
  await store.grant('wild.mjs', { behaviour: 'crash' })
  const { value: event } = await events.next()
  assert.equal(event?.topic, 'Plugin.disabled')
  assert.match(JSON.stringify(event?.payload), /wild.*crashed 3 times: it ended with status 7/)
  const { plugins = [] } = await client.request(DaemonStatus, {})
  const [{ state, reason } = {}] = plugins
  assert.equal(state, 'disabled')
  assert.match(reason ?? '', /crashed 3 times/)
  const asked = client.request(ExecuteAction, { action: 'wild.act', params: {} })
  await assert.rejects(asked, {
    kind: 'invalid_request',
    message: /wild is not running: disabled: it crashed/,
  })
  await client.repository(Note).create({ title: 'others go on' })
  await store.daemon.daemon.close()
  const { location } = store.daemon
  const next = await pluginStore(t, { location, stateDirectory: store.stateDirectory })
  const held = await next.becomes('wild', 'disabled')
  assert.match(held.reason ?? '', /crashed 3 times/, 'the next daemon knows it too')
  const tallies = next.client.repository(Tally)
  const gate = { kind: 'forbidden', message: /the hook of plugin wild gave no answer: .*disabled/ }
  await assert.rejects(tallies.create({}), gate, 'a gate that fell over stays shut')
  await next.client.request(DisablePlugin, { name: 'wild' })
  await tallies.create({})
})

for (const { behaviour, limits, says } of [
  {
    behaviour: 'slow',
    limits: { pluginStartMaxMs: 12_000 },
    says: /did not serve within 12000 ms/,
  },
  { behaviour: 'hang', limits: { pluginAskedEveryMs: 200 }, says: /does not answer: .*200 ms/ },
  { behaviour: 'deaf', limits: { pluginAskedEveryMs: 200 }, says: /does not answer/ },
  { behaviour: 'leak', limits: { pluginHeapMaxKib: 32 * 1024 }, says: /heap out of memory/ },
  {
    behaviour: 'noise',
    limits: { pluginStopMaxMs: 50 },
    says: /was ended by SIGKILL|ended with status/,
  },
  ...(process.platform === 'linux'
    ? [
        {
          behaviour: 'hoard',
          limits: { pluginMemoryMaxBytes: 200 * 1024 * 1024, pluginAskedEveryMs: 2000 },
          says: /bytes of memory, more than/,
        },
      ]
    : []),
] satisfies readonly { behaviour: string; limits: Partial<Limits>; says: RegExp }[]) {
  test(`a plugin of the kind ${behaviour} is ended, and its log says why`, {
    timeout,
  }, async (t) => {
    const { client, becomes, logs } = await wild(t, behaviour, { ...limits, pluginCrashesMax: 1 })
    await becomes('wild', 'disabled')
    assert.match(await logs(), says)
    await client.repository(Note).create({ title: 'others go on' })
  })
}

test('a plugin that does not end when it is asked to is ended', { timeout }, async (t) => {
  const { client, added } = await wild(t, 'deaf', { pluginStopMaxMs: 100 })
  await client.request(DisablePlugin, { name: 'wild' })
  await gone(added.pid ?? 0)
})

test('a plugin that asks for too much at once is told so for the rest, and goes on', {
  timeout,
}, async (t) => {
  const { logs, client } = await wild(t, 'greedy', { pluginRequestsInFlightMax: 3 })
  const answered = async (count: number): Promise<string | undefined> => {
    for (;;) {
      const lines = (await logs()).matchAll(/answers: (.*)\./g)
      const told = [...lines].map(([, answers]) => answers)
      if (told.length >= count) return told.at(-1)
      await client.repository(Note).create({ title: 'others go on' })
    }
  }
  assert.equal(await answered(7), Array(7).fill('42900').join(' '))
  // What the other three wait for.
  await client.publish('Wild.go')
  const done = ['done', 'done', 'done']
  assert.equal(await answered(10), [...Array(7).fill('42900'), ...done].join(' '))
})

test('a plugin that prints without end costs a bounded log', { timeout }, async (t) => {
  const { client, logs, daemon } = await wild(t, 'babble', {
    pluginLogPerSecondMaxBytes: 10_000,
    pluginLogFileMaxBytes: 30_000,
  })
  while (!/bytes were left out/.test(await logs())) {
    await client.repository(Note).create({ title: 'others go on' })
  }
  assert.ok(Buffer.byteLength(await logs()) < 80_000)
  await daemon.daemon.close()
})

const sdk = JSON.stringify(new URL('../../sdk/index.ts', import.meta.url).pathname)
for (const { what, source, says } of [
  {
    what: 'has a syntax error',
    source: 'export const plugin = {',
    says: /SyntaxError|Unexpected end|ERROR: Expected/,
  },
  { what: 'throws', source: 'throw new Error("out of order")', says: /out of order/ },
  { what: 'exports no plugin', source: 'export const other = 1', says: /exports no plugin/ },
  {
    what: 'is of another interface',
    source: `import { definePlugin } from ${sdk}\nexport const plugin = definePlugin({ name: 'a', apiVersion: 7 })`,
    says: /apiVersion: expected one of 1, got 7/,
  },
  {
    what: 'asks for too much',
    source: `import { definePlugin } from ${sdk}\nexport const plugin = definePlugin({ name: 'a', apiVersion: 1, scopes: { admin: 'all' } })`,
    says: /a plugin can’t have more/,
  },
  {
    what: 'brings what there is already',
    source: `import { definePlugin, defineAction, defineRecordType, integer, z } from ${sdk}
      const recordTypes = [
        defineRecordType('OrionInsight', { fields: { a: integer() } }),
        defineRecordType('Stored', { fields: { title: integer() } }),
      ]
      const actions = [defineAction('memory.save_insight', {
        description: 'a', input: z.object({}), types: recordTypes, apply: () => [],
      })]
      export const plugin = definePlugin({ name: 'a', apiVersion: 1, recordTypes, actions })`,
    says: /OrionInsight is Orion’s own; .*memory\.save_insight is Orion’s own; .*record type Stored/,
  },
]) {
  test(`a plugin that ${what} is refused before it is granted, and told why`, {
    timeout,
  }, async (t) => {
    const store = await pluginStore(t)
    const definition = { name: 'Stored', fields: { title: { kind: 'text' } } } as const
    await store.client.define({ name: 'Stored', definition, fields: {} })
    const file = join(temporaryDirectory(t), 'plugin.mts')
    writeFileSync(file, source)
    const { files: _files, ...code } = await store.client.request(InspectPlugin, {
      plugin: file,
      cwd: '/',
    })
    const described = await store.client
      .request(DescribePlugin, code)
      .then(({ problems }) => problems.join('; '))
      .catch(({ message }: Error) => message)
    assert.match(described, says)
    if (what === 'brings what there is already') {
      await assert.rejects(store.grant(file), {
        kind: 'invalid_request',
        message: /can’t be added/,
      })
    }
  })
}
