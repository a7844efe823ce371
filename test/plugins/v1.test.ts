/** Plugins of version 1, as they were when it began, run with the daemon of today. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testDaemon } from '../../daemon/testing/index.ts'
import { ExecuteAction, GetManyRecords, isOrionError } from '../../sdk/index.ts'
import { pluginStore } from '../support/plugin-store.ts'
import { Count, plugin, Ticket } from './v1/every-part.ts'

const fileOf = (name: string): string => fileURLToPath(new URL(`v1/${name}`, import.meta.url))

test('the plugins of version 1 are as they were', () => {
  const digests = Object.entries(asTheyWere).map(([name]) => {
    const digest = createHash('sha256')
      .update(readFileSync(fileOf(name)))
      .digest('hex')
    return [name, digest]
  })
  assert.deepEqual(Object.fromEntries(digests), asTheyWere)
})

test('a plugin that uses every part of version 1 runs', async (t) => {
  const daemon = await testDaemon({ plugins: [plugin] })
  t.after(() => daemon.close())
  const client = await daemon.client()
  const tickets = client.repository(Ticket)
  const { id } = await tickets.create({ title: 'a' })
  assert.equal((await tickets.get(id)).data.urgency, 1)
  await assert.rejects(tickets.create({ title: 'a' }), /is there already/)
  await assert.rejects(tickets.create({ title: 'b', urgency: 6 }), /urgency: is too urgent/)
  await assert.rejects(
    tickets.delete(id, { expectedVersion: 1 }),
    (error) => isOrionError(error, 'forbidden') && /may not delete/.test(error.message),
  )
  const close = (params: { id: string; twice?: boolean }) =>
    client.request(ExecuteAction, { action: 'v1.close', params })
  const done = await close({ id, twice: true })
  assert.deepEqual(done.warnings, ['told of 1'])
  await assert.rejects(close({ id }), /is closed already/)
  await daemon.restart()
  await daemon.settled()
  assert.equal((await client.repository(Count).get('all')).data.closed, 1)
  const { events } = await client.events({ patterns: ['V1.*'] })
  assert.deepEqual(
    events.map(({ topic, payload, actor }) => [topic, payload, actor.principal]),
    [['V1.closed', { id }, 'plugin:every-part']],
  )
})

test('a plugin that speaks version 1 by hand runs', { timeout: 300_000 }, async (t) => {
  const { client, grant } = await pluginStore(t)
  const added = await grant(fileOf('by-hand.mjs'))
  assert.deepEqual([added.state, added.reason], ['running', undefined])
  const say = (word: unknown) =>
    client.request(ExecuteAction, { action: 'v1.say', params: { word } as never })
  const { results } = await say('hello')
  const id = results[0]?.id ?? ''
  const { records } = await client.request(GetManyRecords, { keys: [{ type: 'V1Word', id }] })
  assert.deepEqual(records[0]?.data, { word: 'hello', length: 5 })
  await assert.rejects(say('hello'), /was said/)
  await assert.rejects(say('bad'), /by-hand refuses it: word: a bad word/)
  await assert.rejects(say(17), /expected a word/)
})

/** SHA-256 of each. Where one differs, it is the plugin that has to be put back, not the digest that has to follow. */
const asTheyWere = {
  'by-hand.mjs': '2f2f596b3992dad1cdf4f98faefe29276b5b841074134d03f07825e3fd9fd496',
  'every-part.ts': 'c232fa189b45acf68203754db130caec3d647ed1ef2e65c07686d97863dfa8cc',
} as const
