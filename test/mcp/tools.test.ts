import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getEncoding } from 'js-tiktoken'
import llama from 'llama3-tokenizer-js'
import { countTokens } from '../../plugins/mcp/token-count.ts'
import { tools } from '../../plugins/mcp/tools.ts'
import { startDaemon } from '../support/daemon.ts'
import { connectAgent, idIn } from './agent-client.ts'

const encoding = getEncoding('o200k_base')
const tokenizers = {
  o200k: (text: string): number => encoding.encode(text).length,
  llama3: (text: string): number => llama.encode(text, { bos: false, eos: false }).length,
}

/** What the list of the tools may cost a model, in tokens. */
const listMaxTokens = 1500

test('the list of tools costs at most 1,500 tokens by two tokenizers, and is the same for everybody', async (t) => {
  const daemon = await startDaemon(t)
  const lists = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const { client } = await connectAgent(t, daemon, { name })
      return JSON.stringify((await client.listTools()).tools)
    }),
  )
  assert.equal(lists[0], lists[1])
  for (const [name, count] of Object.entries(tokenizers)) {
    const tokens = count(lists[0] ?? '')
    assert.ok(tokens > 500 && tokens <= listMaxTokens, `${tokens} tokens by ${name}`)
  }
})

test('what the tools say of themselves is true', async (t) => {
  const { client } = await connectAgent(t, await startDaemon(t))
  const { tools: listed } = await client.listTools()
  const hints = listed.map(({ name, annotations = {} }) => {
    const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations
    return [name, readOnlyHint, destructiveHint, idempotentHint, openWorldHint]
  })
  assert.deepEqual(hints, [
    ['search', true, false, true, false],
    ['get', true, false, true, false],
    ['write', false, true, false, false],
    ['propose', false, true, true, false],
    ['events', true, false, false, false],
    ['job', false, false, true, false],
  ])
  assert.ok(listed.every(({ outputSchema }) => outputSchema === undefined))
})

test('each tool shows one or two calls, which it takes itself', async (t) => {
  const { client, call } = await connectAgent(t, await startDaemon(t))
  const known = { type: 'OrionInsight', id: 'i-42', data: { summary: 'known', domain: 'x' } }
  await call('write', { op: 'create', ...known })
  const { tools: listed } = await client.listTools()
  assert.deepEqual(
    listed.map(({ name }) => name),
    tools.map(({ name }) => name),
  )
  for (const { name, inputSchema } of listed) {
    const { examples } = inputSchema
    assert.ok(Array.isArray(examples) && examples.length >= 1 && examples.length <= 2, name)
    for (const example of examples) {
      const { content } = await client.callTool({ name, arguments: example })
      assert.doesNotMatch(JSON.stringify(content), /ERROR|CONFLICT/, name)
    }
  }
})

test('the number of tokens of a text is never taken for too low', () => {
  const samples = [
    'The quick brown fox jumps over the lazy dog, unquestionably and internationally.',
    '저장소를 다시 열면 색인을 만든다. 테스트가 실패했다.',
    '日本語の文章も数える。東京都',
    JSON.stringify({ summary: 'x'.repeat(50), tags: ['a', 'b'], confidenceScore: 0.123456789 }),
    'OrionInsight/01a2088e-376d-7b99-800c-d7e1282107d5 v12 at 2026-11-23T13:17:47.787000Z',
    '🙂🙃 emoji — and “quotes” …',
    '}{][;:<>?/|\\+=-_)(*&^%$#@!~`',
  ]
  for (const sample of samples) {
    for (const [name, count] of Object.entries(tokenizers)) {
      const actual = count(sample)
      assert.ok(
        countTokens(sample) >= actual,
        `${countTokens(sample)} < ${actual} by ${name}: ${sample}`,
      )
    }
  }
})

test('an answer keeps to its tokens and says how much it left out', async (t) => {
  const agent = await connectAgent(t, await startDaemon(t))
  for (let count = 0; count < 20; count++) {
    const summary = `insight ${count}: ${'저장소 words and 1234 '.repeat(20)}`
    await agent.call('write', {
      op: 'create',
      type: 'OrionInsight',
      data: { summary, domain: 'x' },
      allowDuplicate: true,
    })
  }
  for (const maxTokens of [50, 200, 800]) {
    for (const detail of ['index', 'summary', 'full']) {
      const args = { types: ['OrionInsight'], where: { domain: 'x' }, limit: 20, detail, maxTokens }
      const text = await agent.call('search', args)
      for (const count of Object.values(tokenizers)) {
        assert.ok(count(text) <= maxTokens, `${count(text)} of ${maxTokens} tokens, ${detail}`)
      }
      assert.match(text, /\d+ more did not fit|cut/)
    }
  }
})

test('a page is gone on with by a short name, and ends', async (t) => {
  const agent = await connectAgent(t, await startDaemon(t))
  const made = new Set<string>()
  for (let count = 0; count < 25; count++) {
    const create = { op: 'create', type: 'OrionInsight', allowDuplicate: true }
    const data = { summary: `insight ${count}`, domain: 'x' }
    made.add(idIn(await agent.call('write', { ...create, data })))
  }
  const read = new Set<string>()
  let page: string | undefined
  do {
    const first = { types: ['OrionInsight'], where: { domain: 'x' }, limit: 10, detail: 'index' }
    const text = await agent.call('search', page === undefined ? first : { page })
    for (const [, id = ''] of text.matchAll(/^OrionInsight\/(\S+) v1/gm)) read.add(id)
    page = /^more: page (p\d+)$/m.exec(text)?.[1]
  } while (page !== undefined)
  assert.deepEqual(read, made)
  assert.match(await agent.fails('search', { page: 'p99' }), /not known any more; search again/)
})
