/** Live queries of all kinds, and what they should show. */
import type { LiveChange } from '../../../sdk/client/live-change.ts'
import type { LiveQuery } from '../../../sdk/client/live-query.ts'
import type { LiveQueryOptions } from '../../../sdk/client/queries.ts'
import type { Record } from '../../../sdk/model.ts'
import type { RecordData } from '../../../sdk/record-type.ts'
import { factOf, type Observation, seqOf } from './oracle.ts'
import { type MortalClient, Task } from './world.ts'
import { purgedRank } from './writing.ts'

type TaskRecord = Record<RecordData<typeof Task>>

/** A live query, said twice: as a request, and as a function that owes nothing to the code under test. */
export interface Question {
  readonly name: string
  readonly options: LiveQueryOptions<typeof Task>
  readonly choose: (records: readonly Record[]) => readonly Record[]
}

const newestFirst = (left: Record, right: Record): number =>
  order(right.createdAt, left.createdAt) || order(left.id, right.id)
const byRank = (left: Record, right: Record): number =>
  Number(left.data.rank) - Number(right.data.rank) || order(left.id, right.id)
const byLaneThenRankDown = (left: Record, right: Record): number =>
  order(String(left.data.lane ?? ''), String(right.data.lane ?? '')) ||
  Number(right.data.rank) - Number(left.data.rank) ||
  order(left.id, right.id)
const isActive = ({ lifecycle }: Record): boolean => lifecycle === 'active'
const isRed = ({ data }: Record): boolean => data.lane === 'red'

/** The live queries of each run. */
export const questions: readonly Question[] = [
  {
    name: 'all',
    options: {},
    choose: (records) => records.filter(isActive).sort(newestFirst),
  },
  {
    name: 'red by rank',
    options: { where: { lane: 'red' }, orderBy: [{ field: 'rank' }] },
    choose: (records) => records.filter(isActive).filter(isRed).sort(byRank),
  },
  {
    name: 'not low, whatever their lifecycle',
    options: {
      where: { rank: { gte: 3 } },
      orderBy: [{ field: 'lane' }, { field: 'rank', direction: 'desc' }],
      lifecycle: ['active', 'archived', 'deleted'],
    },
    choose: (records) =>
      records.filter(({ data }) => Number(data.rank) >= 3).sort(byLaneThenRankDown),
  },
  {
    name: 'first three by rank',
    options: { where: { rank: { lt: purgedRank } }, orderBy: [{ field: 'rank' }], limit: 3 },
    choose: (records) =>
      records
        .filter(isActive)
        .filter(({ data }) => Number(data.rank) < purgedRank)
        .sort(byRank)
        .slice(0, 3),
  },
  {
    name: 'newest two that are red or have no lane',
    options: { where: { or: [{ lane: 'red' }, { lane: null }] }, limit: 2 },
    choose: (records) =>
      records
        .filter(isActive)
        .filter((record) => isRed(record) || record.data.lane === undefined)
        .sort(newestFirst)
        .slice(0, 2),
  },
]

function order(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** A live query with a loop that folds its changes. Both are looked at whenever something happens. */
export class Watcher {
  readonly observations: Observation[] = []
  readonly problems: string[] = []
  readonly question: Question
  readonly live: LiveQuery<typeof Task>
  readonly looped: Promise<void>

  private constructor(question: Question, live: LiveQuery<typeof Task>) {
    this.question = question
    this.live = live
    this.looped = this.#loop()
  }

  static async open({ client }: MortalClient, question: Question): Promise<Watcher> {
    return new Watcher(question, await client.liveQuery(Task, question.options))
  }

  /** Looks at the set as it is now. */
  look(): void {
    const { name: who, choose } = this.question
    const seen = this.live.records.map(factOf)
    this.observations.push({ who, token: this.live.token, seen, choose })
  }

  async close(): Promise<void> {
    await this.live.close()
    await this.looped
  }

  async #loop(): Promise<void> {
    const folded = new Map<string, TaskRecord>()
    let lastSeq = 0
    for await (const change of this.live) {
      fold(folded, change, this.problems)
      if (seqOf(change.token) < lastSeq) this.problems.push(`went back to ${change.token}`)
      lastSeq = seqOf(change.token)
      const seen = [...folded.values()].map(factOf).sort()
      const now = this.live.records.map(factOf).sort()
      if (JSON.stringify(seen) !== JSON.stringify(now)) {
        this.problems.push(`${this.question.name}: its changes make ${seen}, it is ${now}`)
      }
      this.look()
    }
  }
}

function fold(
  folded: Map<string, TaskRecord>,
  { added, changed, removed }: LiveChange<TaskRecord>,
  problems: string[],
): void {
  for (const { id } of added) if (folded.has(id)) problems.push(`${id} was added twice`)
  for (const { id } of [...changed, ...removed]) {
    if (!folded.has(id)) problems.push(`${id} was not there and changed or left`)
  }
  for (const { id } of removed) folded.delete(id)
  for (const record of [...added, ...changed]) folded.set(record.id, record)
}
