import { OrionInsight } from '../../../plugins/orion/index.ts'
import type { Client } from '../../../sdk/index.ts'
import type { Actor } from '../actor.ts'
import type { RaceFacts } from '../facts.ts'
import type { Conflict } from '../messages.ts'
import type { Production } from '../production.ts'
import type { Speaker } from '../stage.ts'

/** A writer, and the name under which it speaks. */
export interface Writer {
  readonly speaker: Speaker
  readonly actor: Actor<'writer'>
}

type Outcome =
  | { readonly won: Writer; readonly version: number; readonly fields: readonly string[] }
  | { readonly lost: Writer; readonly conflict: Conflict }

/** Two writers read one record, and write at once. The one who loses is told why, and decides again. */
export async function race(
  production: Production,
  writers: readonly Writer[],
  insightId: string,
): Promise<RaceFacts> {
  const { stage } = production
  stage.act('Two writers race for one record')
  for (const { actor } of writers) actor.cue({ kind: 'read', insightId })
  const reads = await Promise.all(writers.map(({ actor }) => actor.next('read')))
  stage.say('demo', `both have read version ${reads[0]?.version} of the insight; go`)
  const firstCued = Math.random() < 0.5 ? writers : writers.toReversed()
  for (const { actor } of firstCued) actor.cue({ kind: 'race' })
  const outcomes = await Promise.all(writers.map(outcomeOf))
  const wins = outcomes.filter((outcome) => 'won' in outcome)
  const losses = outcomes.filter((outcome) => 'lost' in outcome)
  for (const { won, version, fields } of wins) {
    stage.say(won.speaker, `wrote ${fields.join(', ')}: that is version ${version} now`)
  }
  for (const { lost, conflict } of losses) {
    stage.say(lost.speaker, 'wrote nothing, and is told exactly why')
    showConflict(production, conflict)
  }
  const [loss] = losses
  if (loss === undefined) throw new Error('expected one of the writers to lose, got none that did')
  loss.lost.actor.cue({ kind: 'decide-again' })
  const { version: settledVersion } = await loss.lost.actor.next('settled')
  stage.say(
    loss.lost.speaker,
    `looks at what is there, decides again: version ${settledVersion} has both changes`,
  )
  const past = await production.look((client) => pastOf(client, insightId, loss.conflict))
  return {
    readVersions: reads.map(({ version }) => version),
    winners: wins.map(({ won }) => won.speaker),
    losers: losses.map(({ lost }) => lost.speaker),
    wonFields: wins.flatMap(({ fields }) => fields),
    conflict: loss.conflict,
    settledVersion,
    ...past,
  }
}

async function outcomeOf(writer: Writer): Promise<Outcome> {
  const report = await writer.actor.next('won', 'lost')
  if (report.kind === 'lost') return { lost: writer, conflict: report.conflict }
  return { won: writer, version: report.version, fields: report.fields }
}

function showConflict({ stage }: Production, conflict: Conflict): void {
  const { expectedVersion, currentVersion, changedBy, changedAt, changedFields } = conflict
  stage.detail('why', `expected version ${expectedVersion}, there is version ${currentVersion}`)
  stage.detail('who', changedBy)
  stage.detail('when', changedAt)
  stage.detail('which', changedFields.join(', '))
  for (const [field, value] of Object.entries(conflict.current)) {
    stage.detail('there now', `${field}: ${JSON.stringify(value)}`)
  }
}

/** What the record's history says, read afterwards by somebody who was not there. */
async function pastOf(
  client: Client,
  insightId: string,
  conflict: Conflict,
): Promise<Pick<RaceFacts, 'history' | 'final'>> {
  const insights = client.repository(OrionInsight)
  const { versions } = await insights.historyPage(insightId)
  const winner = versions.find(({ version }) => version === conflict.currentVersion)
  const { version, data } = await insights.get(insightId)
  const then: { readonly [field: string]: unknown } = { ...winner?.data }
  return {
    history: {
      version: winner?.version ?? 0,
      principal: winner?.actor.principal ?? '',
      at: winner?.at ?? '',
      changedFields: winner?.changedFields ?? [],
      current: Object.fromEntries(conflict.changedFields.map((field) => [field, then[field]])),
    },
    final: { version, tags: data.tags, decayFactor: data.decayFactor },
  }
}
