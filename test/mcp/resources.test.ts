import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '@modelcontextprotocol/client'
import { startDaemon } from '../support/daemon.ts'
import { connectAgent, idIn } from './agent-client.ts'

/** What never comes ends the test that waits for it, by its name. */
const testMaxMs = 60_000

const insight = { op: 'create', type: 'OrionInsight', data: { summary: 'seen', domain: 'ci' } }

/** Resolves with the first address that a client is told has changed. */
function firstChange(client: Client): Promise<string> {
  return new Promise((resolve) => {
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      resolve(params.uri)
    })
  })
}

test('a record is a resource, and so are the newest of a type', async (t) => {
  const daemon = await startDaemon(t)
  const { client, call } = await connectAgent(t, daemon)
  const id = idIn(await call('write', insight))
  const { resources } = await client.listResources()
  assert.ok(resources.some(({ uri }) => uri === 'orion://OrionInsight'))
  const { resourceTemplates } = await client.listResourceTemplates()
  assert.equal(resourceTemplates[0]?.uriTemplate, 'orion://{type}/{id}')
  for (const uri of [`orion://OrionInsight/${id}`, 'orion://OrionInsight']) {
    const [content] = (await client.readResource({ uri })).contents
    assert.match(content !== undefined && 'text' in content ? content.text : '', /"seen"/, uri)
  }
})

test('an address that names nothing is refused in words', async (t) => {
  const { client } = await connectAgent(t, await startDaemon(t))
  const wrong = ['orion://OrionInsight/none', 'orion://None', 'file:///etc/passwd', 'orion://%zz']
  for (const uri of wrong) {
    await assert.rejects(client.readResource({ uri }), /there is no resource|expected orion:/, uri)
  }
})

test('who listens to a record in the newer era is told of its changes, and of no others', {
  timeout: testMaxMs,
}, async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const other = await connectAgent(t, daemon, { name: 'other' })
  const id = idIn(await other.call('write', insight))
  await agent.call('get')
  const told = firstChange(agent.client)
  const uri = `orion://OrionInsight/${id}`
  const listening = await agent.client.listen({ resourceSubscriptions: [uri] })
  const elsewhere = { ...insight, data: { ...insight.data, summary: 'elsewhere' } }
  await other.call('write', elsewhere)
  const key = { type: 'OrionInsight', id }
  await other.call('write', { op: 'update', ...key, set: { domain: 'x' } })
  assert.equal(await told, uri)
  await listening.close()
})

test('who subscribed in the older era is told too', { timeout: testMaxMs }, async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon, { era: 'legacy' })
  const other = await connectAgent(t, daemon, { name: 'other' })
  const id = idIn(await other.call('write', insight))
  const uri = `orion://OrionInsight/${id}`
  const told = firstChange(agent.client)
  await agent.client.subscribeResource({ uri })
  const key = { type: 'OrionInsight', id }
  await other.call('write', { op: 'update', ...key, set: { domain: 'x' } })
  assert.equal(await told, uri)
})
