/**
 * A writer: races another one for a record, and later writes as fast as it is answered, through whatever happens to the
 * daemon. What it is told when it loses, and every answer it gets, it reports.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { OrionActionLog, OrionInsight } from '../../../plugins/orion/index.ts'
import {
  type Changes,
  ConflictError,
  connect,
  type Record,
  type RecordData,
} from '../../../sdk/index.ts'
import type { AnsweredWrite, WriterCue } from '../messages.ts'
import { stepContent } from '../step-content.ts'
import { playRole } from './prompter.ts'

type Insight = RecordData<typeof OrionInsight>

/** Writes under way at a time, and how long each of them rests after an answer. */
const lanes = 4
const restMs = 8
const reportEvery = 10

const { report, onCue } = playRole('writer')
const name = process.argv[2] ?? 'writer'
const client = await connect({
  client: { name: 'demo-writer', version: '1.0.0', kind: 'script' },
  narrow: { principal: `script:${name}`, scopes: ['read', 'write'] },
})
const insights = client.repository(OrionInsight)
const steps = client.repository(OrionActionLog)
let insight: Record<Insight> | undefined
let writing = true
onCue(follow)
report({ kind: 'ready', principal: client.server.principal })

async function follow(cue: WriterCue): Promise<void> {
  switch (cue.kind) {
    case 'read':
      insight = await insights.get(cue.insightId)
      return report({ kind: 'read', version: insight.version })
    case 'race':
      return await race()
    case 'decide-again':
      return await decideAgain()
    case 'write':
      return await writeOn()
    case 'stop':
      writing = false
      return
    default:
      return cue satisfies never
  }
}

/** What this writer makes of the insight: one sorts it, the other judges it. */
function changesTo({ tags, confidenceScore }: Insight): Changes<typeof OrionInsight> {
  if (name === 'triage') return { set: { tags: [...tags, 'triaged'] } }
  return { set: { confidenceScore: Math.min(1, confidenceScore + 0.25), decayFactor: 0.1 } }
}

async function race(): Promise<void> {
  if (insight === undefined) throw new Error('expected to have read the insight')
  const { id, version, data } = insight
  const changes = changesTo(data)
  try {
    const written = await insights.update(id, { ...changes, expectedVersion: version })
    report({ kind: 'won', version: written.version, fields: Object.keys(changes.set ?? {}) })
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const {
      reason,
      expectedVersion,
      current,
      changedBy,
      changedAt,
      changedFields = [],
    } = error.data
    const now = Object(error.current?.data)
    report({
      kind: 'lost',
      conflict: {
        reason,
        expectedVersion: expectedVersion ?? 0,
        currentVersion: current?.version ?? 0,
        changedBy: changedBy ?? '',
        changedAt: changedAt ?? '',
        changedFields: [...changedFields],
        current: Object.fromEntries(changedFields.map((field) => [field, now[field]])),
      },
    })
  }
}

async function decideAgain(): Promise<void> {
  const written = await insights.update(insight?.id ?? '', (record) => changesTo(record.data))
  report({ kind: 'settled', version: written.version })
}

async function writeOn(): Promise<void> {
  const writes: AnsweredWrite[] = []
  const answersBy: { [instanceId: string]: number } = {}
  let started = 0
  let replayed = 0
  const lane = async (): Promise<void> => {
    while (writing) {
      const number = ++started
      const step = {
        agentId: client.server.principal,
        actionType: 'demo.step',
        status: 'SUCCESS',
        parameters: { number },
      }
      // No id: a write that is done twice would be a second record.
      const { id, version, token, ...more } = await steps.create(step)
      if (more.replayed) replayed++
      writes.push({ record: `OrionActionLog/${id}`, version, token, content: stepContent(step) })
      const { instanceId } = client.server
      const count = (answersBy[instanceId] ?? 0) + 1
      answersBy[instanceId] = count
      if (count % reportEvery === 0) report({ kind: 'answered', count, instanceId })
      await sleep(restMs)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  report({ kind: 'done', writes, replayed, answersBy })
}
