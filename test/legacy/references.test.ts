import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ActionLogs } from '../../plugins/orion/action-logs.ts'
import { Insights } from '../../plugins/orion/insights.ts'
import { Patterns } from '../../plugins/orion/patterns.ts'
import { Proposals } from '../../plugins/orion/proposals.ts'
import { isOrionError } from '../../sdk/errors.ts'
import type { Event } from '../../sdk/model.ts'
import { type HardRow, hardRows } from './legacy-files.ts'
import { edit, makeLegacyPlace } from './legacy-place.ts'

/** An ordinary row of a type, with another id and some members of its payload. */
function rowOf(type: string, id: string, members: object): HardRow {
  const row = hardRows.find(({ edge, cells }) => edge === 'clean' && cells[1] === type)
  assert.ok(row)
  const [, ...cells] = row.cells
  cells[4] = JSON.stringify({ ...JSON.parse(String(cells[4])), id, ...members })
  return { ...row, cells: [id, ...cells] }
}

const long = `INSIGHT-${'가'.repeat(100)}`
const content = { summary: '저장소를 잠근다', domain: 'governance', tags: ['lock'] }
const provenance = { method: 'mining', source_episodic_ids: ['LOG-1', long] }

test('what named another object names its record, also where the id had to be replaced', async (t) => {
  const { client, run } = await makeLegacyPlace(t, {
    rows: [
      rowOf('OrionInsight', 'INSIGHT-1', {
        content,
        provenance,
        supports: [long],
        contradicts: ['INSIGHT-2'],
        related_to: ['nobody'],
      }),
      rowOf('OrionInsight', 'INSIGHT-2', { supports: [], contradicts: [], related_to: [] }),
      rowOf('OrionInsight', long, { supports: [], contradicts: [], related_to: [] }),
      rowOf('OrionActionLog', 'LOG-1', { affected_ids: ['INSIGHT-2', long] }),
      rowOf('OrionPattern', 'PAT-1', {
        status: 'active',
        structure: { trigger: 'a lock is stale', steps: ['remove it'], anti_patterns: [] },
      }),
    ],
  })
  const { report, succeeded } = await run()
  assert.deepEqual(report.verification?.problems, [])
  assert.deepEqual(
    report.migration?.repairs.map(({ kind, rows }) => [kind, rows]),
    [
      ['reference_replaced', 2],
      ['id_replaced', 1],
    ],
  )
  assert.equal(succeeded, true)
  const insights = new Insights(client)
  const first = await insights.records.get('INSIGHT-1', { expand: ['supports', 'contradicts'] })
  const [target = ''] = first.data.supports
  assert.match(target, /^legacy-[0-9a-f]{64}$/)
  assert.deepEqual((await insights.records.get(target)).data.extra, { id: long })
  const named = await insights.named(first)
  assert.deepEqual(
    named.supports.map((record) => record?.id),
    [target],
  )
  assert.deepEqual(
    named.contradicts.map((record) => record?.id),
    ['INSIGHT-2'],
  )
  assert.deepEqual(first.data.relatedTo, ['nobody'])
  assert.deepEqual(first.data.sourceEpisodicIds, ['LOG-1', target])
  const logs = new ActionLogs(client)
  for (const id of ['INSIGHT-2', target]) {
    const { records } = await logs.affecting(id)
    assert.deepEqual(
      records.map((record) => record.id),
      ['LOG-1'],
    )
  }
  // The words are found, those inside of others too.
  assert.equal((await insights.search('저장소')).hits[0]?.record.id, 'INSIGHT-1')
  assert.equal((await new Patterns(client).search('stale')).hits[0]?.record.id, 'PAT-1')
})

test('a subscriber tells what is brought over from what is new', async (t) => {
  const { client, run } = await makeLegacyPlace(t, {
    rows: [rowOf('OrionInsight', 'INSIGHT-1', { content })],
  })
  const told: string[] = []
  const seen = (event: Event): void => {
    told.push(`${event.topic} ${event.imported === true ? 'imported' : 'new'}`)
  }
  const insights = new Insights(client)
  await client.define(insights.records.type)
  const subscription = await client.on(['OrionInsight.*', 'Migration.*'], seen, {
    allowUnknown: true,
  })
  await run()
  await insights.records.create({ summary: 'mine', domain: 'test' })
  while (told.length < 4) await new Promise((resolve) => setImmediate(resolve))
  await subscription.close()
  assert.deepEqual(told, [
    'Migration.started new',
    'OrionInsight.created imported',
    'Migration.finished new',
    'OrionInsight.created new',
  ])
})

test('a proposal that was approved there is there as approved, and is carried out by nobody', async (t) => {
  const { client, from, run } = await makeLegacyPlace(t, 'real')
  await edit(
    from,
    `INSERT INTO proposals (action_type, payload, priority, reviewed_by, reviewed_at, review_comment, id, version, created_at, updated_at, created_by, updated_by, status)
     VALUES ('delete_task', '{"id": "T-1"}', 'high', 'ann', '2025-12-27 10:00:00.000001', 'go on', 'P-1', 3, '2025-12-27 09:00:00.000001', '2025-12-27 10:00:00.000001', 'bob', 'ann', 'approved')`,
  )
  const { report, succeeded } = await run()
  assert.deepEqual(report.verification?.problems, [])
  assert.equal(succeeded, true)
  const proposals = new Proposals(client)
  const { data, version, createdBy } = await proposals.records.get('P-1')
  assert.deepEqual(
    [data.status, data.reviewedBy, version, createdBy],
    ['approved', 'ann', 3, 'bob'],
  )
  await assert.rejects(proposals.execute('P-1'), (error) => {
    assert.ok(isOrionError(error))
    return error.kind !== 'internal'
  })
  assert.equal((await proposals.records.get('P-1')).data.status, 'stale')
})
