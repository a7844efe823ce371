/** The questions that the earlier system's repositories answered, and those that it got wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ActionLogs } from '../../../plugins/orion/action-logs.ts'
import { Insights } from '../../../plugins/orion/insights.ts'
import { JobResults } from '../../../plugins/orion/job-results.ts'
import { Patterns } from '../../../plugins/orion/patterns.ts'
import { Proposals } from '../../../plugins/orion/proposals.ts'
import { OrionInsight, OrionPattern } from '../../../plugins/orion/record-types.ts'
import type { Client } from '../../../sdk/client/client.ts'
import { ForbiddenError, NotFoundError } from '../../../sdk/client/typed-errors.ts'
import { instantFromMicros } from '../../../sdk/instant.ts'
import { ImportRecords } from '../../../sdk/protocol/records.ts'
import { startDaemon } from '../../support/daemon.ts'
import { daemonClient } from '../../support/sdk-client.ts'

async function setUp(t: Parameters<typeof startDaemon>[0]): Promise<Client> {
  return await daemonClient(t, await startDaemon(t))
}

test('action logs are found by type newest first, by trace oldest first, and by failure since an instant', async (t) => {
  const logs = new ActionLogs(await setUp(t))
  const log = async (actionType: string, status: string, traceId?: string) =>
    await logs.records.create(
      { actionType, status, ...(traceId === undefined ? {} : { traceId }) },
      { return: 'record' },
    )
  const { id: affected } = await logs.records.create({
    actionType: 'touch',
    status: 'SUCCESS',
    affectedIds: ['x', 'y'],
  })
  assert.deepEqual(idsOf((await logs.affecting('y')).records), [affected])
  assert.deepEqual(idsOf((await logs.affecting('z')).records), [])
  const first = await log('save', 'SUCCESS', 't1')
  const second = await log('save', 'FAILURE', 't1')
  const third = await log('load', 'FAILURE')

  const saves = await logs.byType('save')
  assert.deepEqual(idsOf(saves.records), [second.id, first.id])
  const oldestFirst: string[] = []
  for await (const { id } of logs.byTrace('t1', { limit: 1 })) oldestFirst.push(id)
  assert.deepEqual(oldestFirst, [first.id, second.id])
  const failures = await logs.failuresSince(second.record.createdAt)
  assert.deepEqual(idsOf(failures.records), [third.id, second.id])
  const since = instantFromMicros(0)
  const saved = await logs.failuresSince(since, { actionType: 'save' })
  assert.deepEqual(idsOf(saved.records), [second.id])
})

test('insights and patterns are found by their words, insights also by how sure they are', async (t) => {
  const client = await setUp(t)
  const insights = new Insights(client)
  const patterns = new Patterns(client)
  const domain = 'build'
  await insights.records.create({ summary: 'the cache is cold', domain, confidenceScore: 0.3 })
  await insights.records.create({ summary: '캐시가 비었다, the cache too', domain })
  await patterns.records.create({ trigger: 'a cold cache', steps: ['warm it'] })
  assert.equal((await insights.search('cache')).hits.length, 2)
  const [sure, ...more] = (await insights.search('캐시', { minConfidence: 0.5, highlight: true }))
    .hits
  assert.deepEqual(sure?.snippet?.marks, [[0, 2]])
  assert.deepEqual(more, [])
  assert.equal((await patterns.search('warm')).hits[0]?.record.data.trigger, 'a cold cache')
  const { hits } = await client.search('cold', { types: [OrionInsight, OrionPattern] })
  const texts = hits.map(({ record }) =>
    record.type === 'OrionInsight' ? record.data.summary : record.data.trigger,
  )
  assert.deepEqual(texts.sort(), ['a cold cache', 'the cache is cold'])
})

test('a job has a newest result, attempts in their order, and a flake rate over its runs', async (t) => {
  const jobs = new JobResults(await setUp(t))
  assert.equal(await jobs.latest('build'), undefined)
  assert.equal((await jobs.health('build')).flakeRate, 0)
  const runs = [
    { runId: 'r1', attempt: 1, status: 'FAILURE' },
    { runId: 'r1', attempt: 2, status: 'SUCCESS' },
    { runId: 'r2', attempt: 1, status: 'FAILURE' },
    { runId: 'r2', attempt: 2, status: 'FAILURE' },
    { status: 'BLOCKED' },
    { status: 'SUCCESS' },
  ] as const
  for (const run of runs) await jobs.records.create({ jobId: 'build', ...run })
  await jobs.records.create({ jobId: 'other', status: 'FAILURE' })

  assert.equal((await jobs.latest('build'))?.data.status, 'SUCCESS')
  assert.equal((await jobs.byJob('build', { limit: 4 })).records.length, 4)
  const attempts = await jobs.attempts('r1')
  assert.deepEqual(
    attempts.map(({ data }) => [data.attempt, data.status]),
    [
      [1, 'FAILURE'],
      [2, 'SUCCESS'],
    ],
  )
  assert.deepEqual(await jobs.health('build'), {
    runs: 4,
    succeeded: 2,
    failed: 1,
    blocked: 1,
    flaky: 1,
    flakeRate: 0.25,
  })
  assert.equal((await jobs.health('build', { results: 2 })).runs, 2)
})

test('insights are found by domain, the surest first, and by what they name', async (t) => {
  const insights = new Insights(await setUp(t))
  const learn = async (id: string, more: object = {}) =>
    await insights.records.create(
      { summary: id, domain: 'build', ...more },
      { id, return: 'record' },
    )
  await learn('low', { confidenceScore: 0.2 })
  await learn('high', { confidenceScore: 0.9 })
  await learn('edge', { confidenceScore: 0.5 })
  await learn('gone', { confidenceScore: 0.9 })
  await learn('elsewhere', { domain: 'ci' })
  await insights.records.delete('gone', { expectedVersion: 1 })
  const { record } = await learn('judge', {
    supports: ['high', 'gone', 'none'],
    contradicts: ['low'],
    relatedTo: ['high'],
    confidenceScore: 0.1,
  })

  const page = await insights.byDomain('build', { minConfidence: 0.5 })
  assert.deepEqual(idsOf(page.records), ['high', 'edge'])
  const named = await insights.named(record)
  assert.deepEqual([named.supports, named.contradicts, named.relatedTo].map(idsOf), [
    ['high'],
    ['low'],
    ['high'],
  ])
  const { insight, ...followed } = await insights.follow('judge')
  assert.deepEqual([insight, followed], [record, named])
  const naming = async (...asked: Parameters<typeof insights.naming>) =>
    (await insights.naming(...asked)).referrers.map(({ record, field }) => `${record.id} ${field}`)
  assert.deepEqual(await naming('low'), ['judge contradicts'])
  assert.deepEqual(await naming('high'), ['judge relatedTo', 'judge supports'])
  assert.deepEqual(await naming('high', { by: 'supports' }), ['judge supports'])
  assert.deepEqual(await naming('%'), [])
})

test('of eight callers at once that count a use, none is lost', async (t) => {
  const daemon = await startDaemon(t)
  const first = new Patterns(await daemonClient(t, daemon))
  const { id } = await first.records.create({ trigger: 'cold cache', steps: ['warm it'] })
  await first.records.create({ trigger: 'never', steps: [] }, { id: 'never' })
  const callers = await Promise.all(
    Array.from({ length: 8 }, async () => new Patterns(await daemonClient(t, daemon))),
  )
  await Promise.all(
    callers.map(async (patterns, n) => {
      for (let use = 0; use < 5; use++) await patterns.recordUse(id, (n + use) % 2 === 0)
    }),
  )
  const { data } = await first.records.get(id)
  assert.equal(data.frequencyCount, 40)
  assert.ok(Math.abs(data.successRate - 0.5) < 1e-9, `${data.successRate}`)
  assert.ok(data.lastUsed !== undefined)

  assert.deepEqual(idsOf((await first.mostUsed()).records), [id, 'never'])
  assert.deepEqual(idsOf((await first.mostSuccessful()).records), [id])
  assert.deepEqual(idsOf((await first.mostSuccessful({ minUses: 41 })).records), [])
  await assert.rejects(first.recordUse('none', true), NotFoundError)
})

test('proposals are found by state, creator and action, and counted in every state', async (t) => {
  const client = await setUp(t)
  const proposals = new Proposals(client)
  await proposals.records.create({ actionType: 'memory.save' }, { id: 'draft' })
  const data = { actionType: 'memory.save', status: 'pending', payload: {}, tags: [] }
  await client.request(ImportRecords, {
    records: [
      {
        type: 'Proposal',
        id: 'waiting',
        createdBy: 'agent:a',
        data: { ...data, priority: 'high' },
      },
      {
        type: 'Proposal',
        id: 'other',
        createdBy: 'agent:b',
        data: { ...data, actionType: 'load', priority: 'low' },
      },
    ],
  })
  assert.deepEqual(idsOf((await proposals.pending()).records).sort(), ['other', 'waiting'])
  assert.deepEqual(idsOf((await proposals.byCreator('agent:a')).records), ['waiting'])
  assert.deepEqual(idsOf((await proposals.byAction('memory.save')).records).sort(), [
    'draft',
    'waiting',
  ])
  const low = await proposals.query({ status: 'pending', priority: 'low' })
  assert.deepEqual(idsOf(low.records), ['other'])
  const { draft, pending, executed } = await proposals.countsByStatus()
  assert.deepEqual([draft, pending, executed], [1, 2, 0])
})

test('proposals are moved by the daemon’s methods, and what speaks for them comes along', async (t) => {
  const daemon = await startDaemon(t)
  const owner = await daemon.connect()
  const scopes = ['read', 'propose', 'approve'] as const
  const as = async (name: string): Promise<Proposals> => {
    const { token } = await owner.call('token/create', { name, scopes })
    return new Proposals(await daemonClient(t, daemon, { token }))
  }
  const [author, reviewer] = [await as('ada'), await as('rita')]
  const data = { summary: 's', domain: 'd' }
  await owner.call('record/create', { type: 'OrionInsight', id: 'i1', data })
  const propose = async (id: string) =>
    await author.create({
      operations: [{ op: 'create', type: 'OrionInsight', id, data }],
      evidence: ['OrionInsight/i1'],
    })
  const { id, digest = '' } = await propose('i2')
  assert.equal((await author.submit(id)).status, 'pending')
  await assert.rejects(author.approve(id, { digest }), ForbiddenError)
  assert.equal((await reviewer.difference(id)).digest, digest)
  assert.equal((await reviewer.approve(id, { digest, comment: 'fine' })).status, 'approved')
  const executed = await author.execute(id, { digest })
  assert.deepEqual(idsOf(executed.results ?? []), ['i2'])
  const seen = await author.records.get(id, { expand: ['evidence'] })
  const [evidence, ...more] = seen.expanded.evidence ?? []
  assert.deepEqual([evidence?.data, more], [{ ...evidence?.data, ...data }, []])
  const rejected = await propose('i3')
  await author.submit(rejected.id)
  const no = { digest: rejected.digest ?? '', comment: 'no' }
  assert.equal((await reviewer.reject(rejected.id, no)).status, 'rejected')
  const { id: draft } = await propose('i4')
  assert.equal((await author.cancel(draft)).status, 'cancelled')
  assert.equal((await author.countsByStatus()).executed, 1)
})

function idsOf(records: readonly { readonly id: string }[]): string[] {
  return records.map(({ id }) => id)
}
