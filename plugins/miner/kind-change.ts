/** What becomes of the insight about a kind of failure when there is one more of them, or one fewer. Pure. */
import type { Record } from '../../sdk/model.ts'
import type { TransactOperation } from '../../sdk/protocol/records.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { OrionInsight } from '../orion/record-types.ts'
import type { FailureKind } from './failure-kind.ts'

/** What a person may set. */
export interface MiningRules {
  /** How many failures of a kind are worth an insight. */
  readonly occurrencesMin: number
  /** Where its insights belong. */
  readonly domain: string
  /** How sure a new insight is, from 0 to 1. */
  readonly confidenceScore: number
}

/** A kind as it stands in the store before the change. */
export interface KindStanding {
  /** How many failures of it are counted. */
  readonly count: number
  /** The logs of the newest, newest first; one more than an insight names, if there are as many. */
  readonly newest: readonly string[]
  readonly insight: Record<RecordData<typeof OrionInsight>> | undefined
}

/** Most logs that an insight names. */
export const sourcesMax = 100

/** What one more failure of a kind does to its insight. One that others put away stays where it is. */
export function failureJoins(
  kind: FailureKind,
  log: string,
  { standing, rules, principal }: KindChange,
): TransactOperation[] {
  const { insight } = standing
  const count = standing.count + 1
  const sources = [log, ...standing.newest.filter((id) => id !== log)].slice(0, sourcesMax)
  if (insight === undefined) {
    return count < rules.occurrencesMin ? [] : [created(kind, { count, sources, rules })]
  }
  if (insight.lifecycle === 'active') return updated(insight, insight.version, { count, sources })
  if (insight.updatedBy !== principal || count < rules.occurrencesMin) return []
  const restored = { op: 'restore' as const, ...keyOf(insight), expectedVersion: insight.version }
  return [restored, ...updated(insight, insight.version + 1, { count, sources })]
}

/** What it does to an insight when one of its failures turns out to be none, or is gone. */
export function failureLeaves(log: string, { standing, rules }: KindChange): TransactOperation[] {
  const { insight } = standing
  if (insight === undefined || insight.lifecycle !== 'active') return []
  const count = Math.max(0, standing.count - 1)
  const sources = standing.newest.filter((id) => id !== log).slice(0, sourcesMax)
  if (count >= rules.occurrencesMin) return updated(insight, insight.version, { count, sources })
  return [{ op: 'delete', ...keyOf(insight), expectedVersion: insight.version }]
}

/** What a change is worked out from. */
export interface KindChange {
  readonly standing: KindStanding
  readonly rules: MiningRules
  /** Whom the miner acts as. */
  readonly principal: string
}

interface Tally {
  readonly count: number
  readonly sources: readonly string[]
}

function created(
  { id, actionType, error }: FailureKind,
  { count, sources, rules }: Tally & { readonly rules: MiningRules },
): TransactOperation {
  const { domain, confidenceScore } = rules
  const data = {
    summary: `${counted(count)}${actionType}: ${error}`,
    domain,
    tags: ['anti-pattern', 'auto-generated', actionType],
    confidenceScore,
    sourceEpisodicIds: [...sources],
    provenanceMethod: 'mining',
  }
  return { op: 'create', type: OrionInsight.name, id, data }
}

/** Counts and sources are the miner's; what people made of the rest, and of its words, is theirs. */
function updated(
  insight: Record<RecordData<typeof OrionInsight>>,
  expectedVersion: number,
  { count, sources }: Tally,
): TransactOperation[] {
  const { summary } = insight.data
  const set = {
    sourceEpisodicIds: [...sources],
    ...(countedForm.test(summary) ? { summary: summary.replace(countedForm, counted(count)) } : {}),
  }
  return [{ op: 'update', ...keyOf(insight), expectedVersion, set }]
}

const countedForm = /^Failed \d+ times: /
const counted = (count: number): string => `Failed ${count} times: `

const keyOf = ({ type, id }: { readonly type: string; readonly id: string }) => ({ type, id })
