/** What has to be written so that the counts are in step with one log of an action. Pure, but for what it reads. */
import type { Record } from '../../sdk/model.ts'
import type { TransactOperation } from '../../sdk/protocol/records.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import type { OrionActionLog } from '../orion/record-types.ts'
import { type FailureKind, failureKind } from './failure-kind.ts'
import { failureJoins, failureLeaves, type KindStanding, type MiningRules } from './kind-change.ts'
import { MinedFailure } from './record-types.ts'

/** The store, as far as the miner looks into it. */
export interface MinerReads {
  log(id: string): Promise<Record<RecordData<typeof OrionActionLog>> | undefined>
  /** What was counted for a log. */
  entry(id: string): Promise<Record<RecordData<typeof MinedFailure>> | undefined>
  standing(kind: string): Promise<KindStanding>
}

/** How the miner judges. */
export interface Judgement {
  readonly rules: MiningRules
  /** Whom the miner acts as: an insight that others put away stays where it is. */
  readonly principal: string
}

/** The operations of one transaction; none when the store is in step with the log as it is now. */
export async function miningPlan(
  id: string,
  reads: MinerReads,
  judgement: Judgement,
): Promise<TransactOperation[]> {
  const [log, entry] = await Promise.all([reads.log(id), reads.entry(id)])
  const now = kindNow(log)
  const before = entry?.data.kind
  if (now?.id === before) return []
  const operations = [entryOperation(id, entry, now)]
  if (before !== undefined) {
    operations.push(...failureLeaves(id, { standing: await reads.standing(before), ...judgement }))
  }
  if (now !== undefined) {
    const standing = await reads.standing(now.id)
    operations.push(...failureJoins(now, id, { standing, ...judgement }))
  }
  return operations
}

/** The kind of failure that a log tells of now; none when it is gone, or can't be read. */
function kindNow(
  log: Record<RecordData<typeof OrionActionLog>> | undefined,
): FailureKind | undefined {
  if (log === undefined || log.lifecycle === 'deleted' || log.quarantined !== undefined) {
    return undefined
  }
  const { status, actionType, error } = log.data
  return status === 'FAILURE' ? failureKind(actionType, error) : undefined
}

function entryOperation(
  id: string,
  entry: Record<RecordData<typeof MinedFailure>> | undefined,
  kind: FailureKind | undefined,
): TransactOperation {
  const type = MinedFailure.name
  if (entry === undefined) {
    return { op: 'create', type, id, data: { log: id, ...(kind && { kind: kind.id }) } }
  }
  const based = { op: 'update', type, id, expectedVersion: entry.version } as const
  return kind === undefined ? { ...based, unset: ['kind'] } : { ...based, set: { kind: kind.id } }
}
