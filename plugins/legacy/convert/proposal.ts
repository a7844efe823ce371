import type { Instant } from '../../../sdk/instant.ts'
import type { Json } from '../../../sdk/json.ts'
import { instantOf, readTime } from '../decode/instants.ts'
import type { Zone } from '../decode/zone.ts'
import { type ConversionContext, type Converted, lifecycleNamed } from './conversions.ts'
import { asText, type Members, Unfit } from './values.ts'

const states = ['draft', 'pending', 'approved', 'rejected', 'executed', 'cancelled']

/** A row of the table `proposals`. */
export function proposal(payload: Members, { zone }: ConversionContext): Converted {
  const said = payload.text('status', 'draft')
  const lifecycle = lifecycleNamed(said)
  if (lifecycle === undefined && !states.includes(said)) {
    throw new Unfit('outcome_unknown', `status: expected ${states.join(', ')}, got ${said}`)
  }
  // Deleting was a state of its own, which overwrote the one before; nobody can decide on it any more.
  if (lifecycle !== undefined) payload.repairs.add('outcome_overwritten', 'status', said)
  const data: { [field: string]: Json | undefined } = {
    actionType: payload.text('action_type', 'unknown'),
    payload: payload.object('payload'),
    priority: payload.text('priority', 'medium'),
    status: lifecycle === undefined ? said : 'cancelled',
    reviewedBy: payload.text('reviewed_by'),
    reviewedAt: instantAt(payload, 'reviewed_at', zone),
    reviewComment: payload.text('review_comment'),
    executorId: payload.text('executor_id'),
    executedAt: instantAt(payload, 'executed_at', zone),
  }
  if (payload.has('execution_result')) {
    const result = payload.take('execution_result')
    if (result !== null) data.executionResult = payload.object('execution_result')
  }
  return { type: 'Proposal', data, lifecycle: lifecycle ?? 'active', extra: {} }
}

function instantAt(payload: Members, name: string, zone: Zone): Instant | undefined {
  const value = payload.take(name)
  if (value === undefined || value === null) return undefined
  const time = typeof value === 'object' ? undefined : readTime(asText(value))
  const instant = time === undefined ? undefined : instantOf(time, zone)
  if (instant === undefined) payload.repairs.add('value_left_out', name, value)
  return instant
}
