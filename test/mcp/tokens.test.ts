/** What a session costs a model, counted by two public tokenizers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getEncoding } from 'js-tiktoken'
import llama from 'llama3-tokenizer-js'
import { startDaemon } from '../support/daemon.ts'
import { type AgentClient, connectAgent, idIn } from './agent-client.ts'

const encoding = getEncoding('o200k_base')
const tokenizers = {
  o200k: (text: string): number => encoding.encode(text).length,
  llama3: (text: string): number => llama.encode(text, { bos: false, eos: false }).length,
}

/** Most tokens of the answer in the middle, and of a line of news. */
const medianMaxTokens = 250
const newsMaxTokens = 40

test('the answers of a session cost at most 250 tokens in the middle, and news at most 40', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const other = await connectAgent(t, daemon, { name: 'another-agent' })
  const answers: string[] = []
  const ask = async (tool: string, args: object = {}): Promise<string> => {
    const { content } = await agent.client.callTool({ name: tool, arguments: { ...args } })
    const [first] = content
    const text = first?.type === 'text' ? first.text : ''
    answers.push(text)
    return text
  }
  const insight = (summary: string, more: object = {}) => ({
    op: 'create',
    type: 'OrionInsight',
    data: { summary, domain: 'ci', tags: ['build', 'cache'], confidenceScore: 0.8, ...more },
  })
  // What is there already when the session begins.
  const ids: string[] = []
  for (const [index, what] of things.entries()) {
    const summary = `${what} (seen on run ${index + 40}, and again two days later on another runner)`
    ids.push(idIn(await other.call('write', { ...insight(summary), allowDuplicate: true })))
  }
  await ask('get')
  await ask('get', { type: 'OrionInsight' })
  await ask('search', { query: 'flaky OR clock' })
  await ask('search', { query: 'cache', detail: 'index' })
  await ask('search', {
    types: ['OrionInsight'],
    where: { domain: 'ci' },
    orderBy: 'createdAt:desc',
  })
  await ask('get', { type: 'OrionInsight', ids: ids.slice(0, 2) })
  const id = idIn(
    await ask('write', insight('The linter needs four gigabytes since the last upgrade')),
  )
  await ask('write', insight('the linter needs four gigabytes, since the last upgrade'))
  const update = { op: 'update', type: 'OrionInsight', id: ids[0] }
  await other.call('write', { ...update, set: { domain: 'tests', tags: ['clock'] } })
  await ask('write', { ...update, set: { domain: 'time', confidenceScore: 0.9 } })
  await ask('write', { ...update, set: { confidenceScore: 0.9 }, expectedVersion: 2 })
  await ask('write', { ...insight('what would be'), dryRun: true })
  await ask('write', { op: 'upsert', type: 'OrionInsight' })
  await ask('get', { type: 'OrionInsight', ids: [id], history: true })
  const operations = [{ op: 'archive', type: 'OrionInsight', id }]
  const proposed = await ask('propose', { operations, reason: 'it needs less now' })
  await ask('propose', { id: /Proposal\/(\S+)/.exec(proposed)?.[1] })
  await ask('job', { jobId: 'unit', report: { status: 'FAILURE', metrics: { tests: 12 } } })
  await ask('job', { jobId: 'unit' })
  await ask('events', { patterns: ['OrionInsight.*'] })
  await ask('events')
  const told = answers.flatMap((text) => /^news: .*$/m.exec(text) ?? [])
  assert.ok(told.length > 0, 'others changed something')
  for (const [name, count] of Object.entries(tokenizers)) {
    const costs = answers.map(count).sort((a, b) => a - b)
    const median = costs[Math.floor(costs.length / 2)] ?? Number.NaN
    assert.ok(median <= medianMaxTokens, `${median} tokens by ${name}: ${costs.join(' ')}`)
    assert.ok((costs.at(-1) ?? 0) <= 1000, 'none is over what was not asked for')
    for (const line of told) assert.ok(count(line) <= newsMaxTokens, `${line}: ${count(line)}`)
  }
})

test('a line of news costs at most 40 tokens, whatever names others choose', async (t) => {
  const daemon = await startDaemon(t)
  const agent = await connectAgent(t, daemon)
  const other = await connectAgent(t, daemon, { name: 'other' })
  await agent.call('get')
  const ids = [
    'short',
    'x9'.repeat(30),
    '저장소'.repeat(20),
    'Ω≈ç√∫˜µ'.repeat(8),
    '\u2028'.repeat(60),
  ]
  for (const id of [...ids, undefined]) {
    const data = { summary: `of ${id}`, domain: 'x' }
    const create = { op: 'create', type: 'OrionInsight', id, data, allowDuplicate: true }
    await other.call('write', create)
    const line = await newsOf(agent)
    assert.match(line, /^news: 1 change by others, last OrionInsight\.created\b.*; see events$/)
    if (id === 'short') assert.match(line, /created\/short;/)
    if (id === undefined) assert.match(line, /created\/…[0-9a-f]{8};/)
    for (const count of Object.values(tokenizers)) assert.ok(count(line) <= newsMaxTokens, line)
  }
  const owner = await daemon.connect()
  await owner.call('event/publish', { topic: `Build.${'k7'.repeat(60)}`, payload: {} })
  const line = await newsOf(agent)
  for (const count of Object.values(tokenizers)) assert.ok(count(line) <= newsMaxTokens, line)
})

async function newsOf(agent: AgentClient): Promise<string> {
  for (;;) {
    const [line] = /^news: .*$/m.exec(await agent.call('get')) ?? []
    if (line !== undefined) return line
  }
}

const things = [
  'The flaky test of the scheduler needs a fixed clock',
  'The build cache is cold on Mondays because it is pruned on Sundays',
  'The container runs out of memory when two linkers run at once',
  'A cache key without the lock file restores the wrong modules',
  'Clock skew between the runners makes the signature check fail',
  'The database of the tests is not reset after an interrupted run',
  'The deploy step waits for a lock that a cancelled job has left',
  'Snapshots differ when the locale of the runner is not English',
  'The browser tests need a font that the small image lacks',
  'The proxy drops connections that are idle for more than a minute',
  'Coverage is counted twice when a test file is imported by another',
  'The nightly job starts before the mirror of the packages is in step',
]
