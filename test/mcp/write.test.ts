import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'
import { type AgentClient, connectAgent, idIn } from './agent-client.ts'

const insight = (summary: string) => ({
  op: 'create',
  type: 'OrionInsight',
  data: { summary, domain: 'ci' },
})
const key = (id: string) => ({ type: 'OrionInsight', id })
const update = (id: string, set: object) => ({ op: 'update', ...key(id), set })

test('the same call a second time, or many times at once, has one effect and says so', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => agent.call('write', insight('once'))),
  )
  const ids = new Set(answers.map((text) => /OrionInsight\/(\S+)/.exec(text)?.[1]))
  assert.equal(ids.size, 1)
  assert.equal(answers.filter((text) => /^done OrionInsight/.test(text)).length, 1)
  assert.equal(answers.filter((text) => /^done before by the same call/.test(text)).length, 7)
  const other = { ...insight('once'), key: 'twice', allowDuplicate: true }
  const again = await agent.call('write', other)
  assert.ok(!ids.has(idIn(again)), 'another key is another call')
  const later = await connectAgent(t, daemon)
  assert.match(await later.call('write', other), /^done before by the same call, not again/)
  const mistaken = { ...insight('thrice'), key: 'twice' }
  assert.match(await later.fails('write', mistaken), /ERROR idempotency_mismatch/)
})

test('what is there already, or nearly, is pointed out before it is stored again', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const other = await connectAgent(t, daemon, { name: 'other' })
  const id = idIn(await other.call('write', insight('The build needs TZ=UTC, or dates fail on CI')))
  const near = insight('the build needs TZ = UTC or dates fail on CI!')
  assert.match(await agent.fails('write', near), new RegExp(`NOT STORED: nearly.*${id} v1`))
  assert.match(await agent.fails('write', near), /NOT STORED.*allowDuplicate:true/)
  await agent.call('write', insight('Dates of the report are in UTC'))
  await agent.call('write', { ...near, allowDuplicate: true })
  const better = { summary: 'The build needs TZ=UTC, or dates fail on the CI', domain: 'ci' }
  const { records } = await (await daemon.connect()).call('record/list', { type: 'OrionInsight' })
  const supersedes = records.map((record: { readonly id: string }) => record.id)
  const successor = { op: 'create', type: 'OrionInsight', data: { ...better, supersedes } }
  await agent.call('write', successor)

  const log = { actionType: 'x', status: 'FAILURE', error: 'the disk of the runner was full again' }
  const owner = await daemon.connect()
  await owner.call('record/create', { type: 'OrionActionLog', id: 'log-1', data: log })
  await agent.call('get', { type: 'OrionActionLog', ids: ['log-1'] })
  assert.match(
    await agent.fails('write', insight('The disk of the runner was full again.')),
    /NOT STORED: this text was read from OrionActionLog\/log-1 in this session/,
  )
})

test('a call that the client names has one effect, also when another process repeats it', async (t) => {
  const daemon = await startDaemon(t)
  const texts: string[] = []
  for (let count = 0; count < 2; count++) {
    const { client } = await connectAgent(t, daemon)
    const params = { name: 'write', arguments: insight('named'), _meta: { 'orion/callId': 'c-1' } }
    const { content } = await client.callTool(params)
    texts.push(JSON.stringify(content))
  }
  assert.match(texts[0] ?? '', /"done OrionInsight/)
  assert.match(texts[1] ?? '', /NOT STORED: nearly the same is there|done before by the same call/)
  const owner = await daemon.connect()
  assert.equal((await owner.call('record/count', { type: 'OrionInsight' })).count, 1)
  const id = /OrionInsight\/([^ "]+)/.exec(texts[0] ?? '')?.[1]
  const history = await owner.call('record/history', { type: 'OrionInsight', id })
  assert.equal(history.versions[0].actor.claims.toolCall, 'c-1')
})

test('a named call that is repeated after it was answered is not based on what it wrote itself', async (t) => {
  const { client, call } = await connectAgent(t, await startDaemon(t))
  const id = idIn(await call('write', insight('counted')))
  const apply = [{ field: 'tags', op: 'append', value: 'seen' }]
  const params = {
    name: 'write',
    arguments: { ...update(id, { domain: 'x' }), apply },
    _meta: { 'orion/callId': 'c-2' },
  }
  assert.match(JSON.stringify(await client.callTool(params)), /"done OrionInsight/)
  assert.match(JSON.stringify(await client.callTool(params)), /done before by the same call/)
  assert.match(await call('get', { type: 'OrionInsight', ids: [id] }), / v2 .*"tags":\["seen"\]/)
})

test('an operator is no reading: what others changed meanwhile is not overwritten', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const other = await connectAgent(t, daemon, { name: 'other' })
  const id = idIn(await agent.call('write', insight('shared')))
  await other.call('get', { type: 'OrionInsight', ids: [id] })
  await other.call('write', update(id, { domain: 'theirs' }))
  const apply = [{ field: 'tags', op: 'append', value: 'mine' }]
  assert.match(await agent.call('write', { op: 'update', ...key(id), apply }), / v3$/m)
  assert.match(
    await agent.fails('write', update(id, { domain: 'mine' })),
    /^CONFLICT .*: now v3, yours was based on v1$/m,
  )
})

test('operators add up each time they are asked for', async (t) => {
  const agent = await connectAgent(t, await startDaemon(t))
  const data = { trigger: 'red build', steps: ['look'] }
  const id = /OrionPattern\/(\S+)/.exec(
    await agent.call('write', { op: 'create', type: 'OrionPattern', data }),
  )?.[1]
  const apply = [{ field: 'frequencyCount', op: 'increment', value: 1 }]
  for (let count = 0; count < 3; count++) {
    await agent.call('write', { op: 'update', type: 'OrionPattern', id, apply })
  }
  assert.match(await agent.call('get', { type: 'OrionPattern', ids: [id] }), /"frequencyCount":3/)
})

test('an update is based on the version that the session read, and on none that it did not', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const other = await connectAgent(t, daemon, { name: 'other' })
  const id = idIn(await other.call('write', insight('shared')))
  assert.match(
    await agent.fails('write', update(id, { domain: 'x' })),
    /has not been read in this session; get it first/,
  )
  await agent.call('get', { type: 'OrionInsight', ids: [id] })
  await other.call('write', update(id, { domain: 'theirs', tags: ['t'] }))
  const conflict = await agent.fails('write', update(id, { domain: 'mine', confidenceScore: 0.5 }))
  assert.match(conflict, /^CONFLICT OrionInsight\/\S+: now v2, yours was based on v1$/m)
  assert.match(conflict, /^changed since by agent:other at \S+: .*domain/m)
  assert.match(conflict, /^both changed domain: now "theirs", yours "mine"$/m)
  const repair: object = JSON.parse(/^to repair: write (\{.*\}) after/m.exec(conflict)?.[1] ?? '')
  assert.match(await agent.call('write', repair), /v3$/m)
  const read = await agent.call('get', { type: 'OrionInsight', ids: [id], detail: 'full' })
  assert.match(read, /"domain":"theirs".*"tags":\["t"\].*"confidenceScore":0.5/)
})

test('a dry run shows what would be and keeps nothing', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const before = daemon.daemon.status().token
  assert.match(
    await agent.call('write', { ...insight('maybe'), dryRun: true }),
    /^would be .*"maybe"/,
  )
  const operations = [insight('maybe')]
  assert.match(
    await agent.call('propose', { operations, dryRun: true }),
    /^would be proposed: 1 operations, pending/,
  )
  const report = { jobId: 'unit', report: { status: 'SUCCESS' } }
  assert.match(await agent.call('job', { ...report, dryRun: true }), /^would be stored .*"unit"/)
  const many = Array.from({ length: 50 }, (_, index) => insight(`${index} ${'long '.repeat(40)}`))
  const text = await agent.call('write', { operations: many, dryRun: true })
  assert.match(text, /^\d+ more would be done too$/m)
  assert.ok(text.length < 4_000)
  assert.equal(daemon.daemon.status().token, before)
  assert.match(await agent.call('write', insight('maybe')), /^done /)
})

test('several operations happen wholly or not at all', async (t) => {
  const agent = await connectAgent(t, await startDaemon(t))
  const operations = [insight('one'), insight('two')]
  const done = await agent.call('write', { operations })
  assert.equal(done.split('\n').length, 2)
  const broken = [insight('three'), { op: 'create', type: 'OrionInsight', data: { domain: 'x' } }]
  assert.match(await agent.fails('write', { operations: broken }), /operation 1.*summary/s)
  const all = await agent.call('search', { types: ['OrionInsight'], where: {}, detail: 'index' })
  assert.doesNotMatch(all, /three/)
})

test('of twenty agents at once on one record each adds its part, with conflicts that it can repair', async (t) => {
  const daemon = await startDaemon(t)
  const first = await connectAgent(t, daemon, { name: 'first' })
  const id = idIn(await first.call('write', insight('count me')))
  const agents = await Promise.all(
    Array.from({ length: 20 }, (_, index) => connectAgent(t, daemon, { name: `a${index}` })),
  )
  let conflicts = 0
  const addPart = async (agent: AgentClient, tag: string): Promise<void> => {
    for (;;) {
      const text = await agent.call('get', { type: 'OrionInsight', ids: [id], detail: 'full' })
      const { tags } = JSON.parse(/\{.*\}/.exec(text)?.[0] ?? '{}')
      const { content, isError } = await agent.client.callTool({
        name: 'write',
        arguments: update(id, { tags: [...tags, tag] }),
      })
      if (isError !== true) return
      assert.match(JSON.stringify(content), /CONFLICT/)
      conflicts++
    }
  }
  await Promise.all(agents.map((agent, index) => addPart(agent, `t${index}`)))
  const text = await first.call('get', { type: 'OrionInsight', ids: [id], detail: 'full' })
  const { tags } = JSON.parse(/\{.*\}/.exec(text)?.[0] ?? '{}')
  assert.equal(new Set(tags).size, 20)
  assert.ok(conflicts > 0, 'some of them raced')
})

test('what was superseded stands behind what took its place, and says so', async (t) => {
  const agent = await connectAgent(t, await startDaemon(t))
  const words = 'clock clock clock of the flaky test'
  const old = idIn(await agent.call('write', insight(words)))
  const data = { summary: 'The test takes its time from a fake clock now', domain: 'ci' }
  const fresh = { op: 'create', type: 'OrionInsight', data: { ...data, supersedes: [old] } }
  const id = idIn(await agent.call('write', fresh))
  for (const query of ['clock', 'flaky']) {
    const lines = (await agent.call('search', { query })).split('\n')
    assert.match(lines[0] ?? '', new RegExp(`^OrionInsight/${id} v1 `), query)
    assert.match(
      lines[1] ?? '',
      new RegExp(`^OrionInsight/${old} v1 .* superseded by ${id}$`),
      query,
    )
  }
})

test('what was superseded again and again stands behind the newest, though that was not found', async (t) => {
  const agent = await connectAgent(t, await startDaemon(t))
  const ids = [idIn(await agent.call('write', insight('the walrus counts to one')))]
  for (const summary of ['two is another number', 'three comes in the end']) {
    const data = { summary, domain: 'ci', supersedes: ids.slice(0, 1) }
    const text = await agent.call('write', { op: 'create', type: 'OrionInsight', data })
    ids.unshift(idIn(text))
  }
  const lines = (await agent.call('search', { query: 'walrus', detail: 'index' })).split('\n')
  assert.deepEqual(
    lines.map((line) => /^OrionInsight\/(\S+)/.exec(line)?.[1]),
    ids,
  )
  assert.doesNotMatch(lines[0] ?? '', /superseded/)
})
