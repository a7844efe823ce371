import { JobResult, OrionInsight } from '../../../plugins/orion/index.ts'
import type { Actor } from '../actor.ts'
import { describeRun } from '../describe-run.ts'
import type { InsightFacts } from '../facts.ts'
import type { Production } from '../production.ts'
import type { WatchingEditor } from '../watching-editor.ts'

/** The agent has heard of the result by itself: what it wrote is looked up in the store. */
export async function insight(
  production: Production,
  agent: Actor<'agent'>,
  editor: WatchingEditor,
): Promise<InsightFacts> {
  const { stage } = production
  stage.act('An agent hears of it, and writes down what follows')
  const wrote = await agent.next('wrote')
  stage.say('agent', `has read ${wrote.resultId}, and writes an insight about it:`)
  stage.detail('', `“${wrote.summary}”`)
  const { refusedAs, needs } = await agent.next('purged')
  stage.say('agent', `tries to purge it again: ${refusedAs}, for that needs the scope ${needs}`)
  const event = await editor.until('the insight', ({ id }) => id === wrote.insightId)
  return await production.look(async (client) => {
    const { data, createdBy } = await client.repository(OrionInsight).get(wrote.insightId)
    const result = await client.repository(JobResult).get(wrote.resultId)
    const { events } = await client.events({ patterns: ['OrionInsight.created'] })
    const cause = events.find(({ seq }) => seq === event.seq)?.cause
    return {
      id: wrote.insightId,
      summary: data.summary,
      summaryExpected: describeRun(result.data),
      createdBy,
      sources: data.sourceEpisodicIds,
      resultId: result.id,
      cause,
      resultToken: result.token,
      refusedAs,
      needs,
    }
  })
}
