/** What an agent may not, however it asks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import { connectAgent, idIn } from './agent-client.ts'

const insight = { op: 'create', type: 'OrionInsight', data: { summary: 'seen', domain: 'ci' } }

test('with a token an agent is held to its types, in every tool, and learns nothing of the others', async (t) => {
  const daemon = await startDaemon(t)
  const owner = await daemon.connect()
  const before = daemon.daemon.status().token
  const secret = { summary: 'the walrus password', domain: 'secret' }
  await owner.call('record/create', { type: 'OrionInsight', id: 'hidden', data: secret })
  await owner.call('record/create', {
    type: 'JobResult',
    id: 'shown',
    data: { jobId: 'walrus', status: 'SUCCESS' },
  })
  const { token } = await owner.call('token/create', {
    name: 'agent:half',
    scopes: ['read', 'write', 'propose', 'approve'],
    types: { read: ['JobResult'], write: ['JobResult'] },
  })
  const agent = await connectAgent(t, daemon, { options: { token } })
  const key = { type: 'OrionInsight', ids: ['hidden'] }
  const tries: readonly (readonly [string, object])[] = [
    ['get', key],
    ['get', { ...key, version: 1 }],
    ['get', { ...key, history: true }],
    ['search', { query: 'walrus', types: ['OrionInsight'] }],
    ['search', { types: ['OrionInsight'], where: {} }],
    ['write', insight],
    ['write', { operations: [{ ...insight }] }],
    [
      'write',
      {
        op: 'update',
        type: 'OrionInsight',
        id: 'hidden',
        expectedVersion: 9,
        set: { domain: 'x' },
      },
    ],
    ['write', { ...insight, dryRun: true }],
    ['events', { patterns: ['OrionInsight.*'] }],
  ]
  for (const [tool, args] of tries) {
    const text = await agent.fails(tool, args)
    assert.match(text, /ERROR (?:forbidden|unknown_type)/, `${tool} ${JSON.stringify(args)}`)
    assert.doesNotMatch(text, /walrus password|secret/)
  }
  await assert.rejects(agent.client.readResource({ uri: 'orion://OrionInsight/hidden' }))
  for (const [tool, args] of [
    ['get', {}],
    ['search', { query: 'walrus' }],
    ['events', { after: before }],
  ] as const) {
    assert.doesNotMatch(await agent.call(tool, args), /OrionInsight|password/, tool)
  }
  assert.match(await agent.call('job', {}), /JobResult\/shown/)
  const agents = daemon.daemon.status().connections.filter(({ principal }) => principal !== 'owner')
  assert.deepEqual(
    agents.map(({ principal }) => principal),
    ['agent:half'],
  )
})

test('nothing that a client sends widens what it may', async (t) => {
  const daemon = await startDaemon(t)
  const { client, fails, call } = await connectAgent(t, daemon)
  const extra = {
    narrow: { principal: 'owner', scopes: ['admin'] },
    scopes: ['approve'],
    principal: 'owner',
    claims: { agent: 'owner' },
    token: 'o1',
    force: true,
  }
  for (const [name, value] of Object.entries(extra)) {
    for (const tool of ['search', 'get', 'write', 'propose', 'events', 'job']) {
      const text = await fails(tool, { ...(tool === 'write' ? insight : {}), [name]: value })
      assert.match(text, new RegExp(`ERROR input: .*${name}`), `${tool} ${name}`)
    }
  }
  const _meta = { ...extra, 'orion/principal': 'owner', 'orion/callId': 'x'.repeat(5000) }
  const { content } = await client.callTool({ name: 'write', arguments: insight, _meta })
  const id = /OrionInsight\/([^ "]+)/.exec(JSON.stringify(content))?.[1] ?? ''
  const owner = await daemon.connect()
  const [{ actor }] = (await owner.call('record/history', { type: 'OrionInsight', id })).versions
  assert.equal(actor.principal, 'agent:tester')
  assert.deepEqual(actor.scopes, ['read', 'write', 'propose', 'publish'])
  assert.ok(actor.claims.toolCall.length <= 200)

  const managed = { op: 'create', type: 'Proposal', data: { actionType: 'a', status: 'approved' } }
  assert.match(await fails('write', managed), /ERROR forbidden/)
  const purge = { op: 'purge', type: 'OrionInsight', id, expectedVersion: 1 }
  assert.match(await fails('write', purge), /ERROR input: op/)
  assert.match(await fails('propose', { operations: [purge] }), /ERROR input: 0\.op/)
  assert.match(await fails('propose', { id: 'none', step: 'approve' }), /ERROR input: step/)
  assert.match(await call('get', { type: 'OrionInsight', ids: [id] }), /"seen"/)
})

test('a program’s name becomes a principal that can be nobody else’s', async (t) => {
  const daemon = await startDaemon(t)
  for (const name of ['owner', '../owner', 'a\nb', '저장소', '', 'x'.repeat(500)]) {
    const { call } = await connectAgent(t, daemon, { name })
    idIn(await call('write', { ...insight, allowDuplicate: true, key: `of ${name.slice(0, 20)}` }))
  }
  for (const { principal } of daemon.daemon.status().connections) {
    assert.match(principal, /^agent:[\w.-]{1,64}$/)
  }
})

test('an agent that gets nowhere is told why, and what to do', async (t) => {
  const daemon = await startDaemon(t)
  const owner = await daemon.connect()
  const tokenOf = async (...scopes: string[]): Promise<string> =>
    (await owner.call('token/create', { name: 'agent:odd', scopes })).token
  const token = await tokenOf('admin', 'approve')
  const odd = await connectAgent(t, daemon, { options: { token } })
  assert.match(
    await odd.fails('get'),
    /^ERROR forbidden: expected a token with one of the scopes read, write, .*\nto repair: ask a person/,
  )
  const reader = await connectAgent(t, daemon, { options: { token: await tokenOf('read') } })
  assert.match(
    await reader.fails('write', insight),
    /ERROR forbidden: .*write.*\nto repair: use propose/,
  )
  const report = { jobId: 'j', report: { status: 'SUCCESS' } }
  assert.match(await reader.fails('job', report), /ERROR forbidden/)
  const operations = [insight]
  assert.match(await reader.fails('propose', { operations }), /\nto repair: ask a person/)
  assert.match(await reader.call('get'), /^OrionInsight \(0\)/m)

  const nowhere = { transport: undefined, store: '/dev/null/none' }
  const lost = await connectAgent(t, daemon, { options: nowhere })
  assert.match(await lost.fails('get'), /^ERROR disconnected: .*\/dev\/null.*\nto repair: /)
})
