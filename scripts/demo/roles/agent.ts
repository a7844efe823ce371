/**
 * The agent: narrows its own rights, waits for the result of a job, and writes down what follows from its numbers.
 *
 * Nobody tells it to: the event does. Then it tries what it may not do, and reports how it was refused.
 */
import { JobResult, OrionInsight } from '../../../plugins/orion/index.ts'
import { connect, isOrionError } from '../../../sdk/index.ts'
import { describeRun } from '../describe-run.ts'
import { playRole } from './prompter.ts'

const { report } = playRole('agent')
const client = await connect({
  client: { name: 'demo-agent', version: '1.0.0', kind: 'agent' },
  narrow: { principal: 'agent:demo', scopes: ['read', 'write'] },
  claims: { agent: 'demo' },
})
const results = client.repository(JobResult)
const insights = client.repository(OrionInsight)
const stream = await client.subscribe(JobResult, { operations: ['created'] })
const { principal, scopes } = client.server
report({ kind: 'ready', principal, scopes })

for await (const { id: resultId = '', token: cause } of stream) {
  const { data } = await results.get(resultId)
  const { count } = await results.count({ where: { jobId: data.jobId } })
  const summary = describeRun(data)
  const insight = await insights.create(
    {
      summary,
      domain: 'ci',
      tags: [data.jobId, data.status.toLowerCase()],
      // Sure of it only so far as it was seen more than once.
      confidenceScore: count / (count + 1),
      sourceEpisodicIds: [resultId],
      provenanceMethod: 'measured',
    },
    { cause, reason: `${data.jobId} has ended` },
  )
  const metrics = Object.fromEntries(Object.entries(Object(data.metrics)))
  report({
    kind: 'wrote',
    insightId: insight.id,
    version: insight.version,
    summary,
    resultId,
    cause,
    metrics,
  })
  try {
    await insights.purge(insight.id, { expectedVersion: insight.version })
    report({ kind: 'purged', refusedAs: 'nothing' })
  } catch (error) {
    if (!isOrionError(error)) throw error
    const needs = isOrionError(error, 'forbidden') ? error.data.needs : undefined
    report({ kind: 'purged', refusedAs: error.kind, needs })
  }
}
