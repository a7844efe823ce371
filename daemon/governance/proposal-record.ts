/** A stored proposal as the methods for proposals use it. */
import { createHash } from 'node:crypto'
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import { type ProposalState, proposalStates } from '../../sdk/proposal-states.ts'
import {
  type Guard,
  guard,
  type TransactOperation,
  transactOperation,
} from '../../sdk/protocol/records.ts'
import type { Authors } from './person.ts'

/** What somebody said about a proposal. */
export interface Review {
  readonly by: string
  readonly credential: string
  readonly at: string
  readonly decision: 'approved' | 'rejected'
  readonly digest: string
  readonly comment?: string
}

/** A proposal and the record that holds it. */
export interface StoredProposal {
  readonly record: Record
  readonly status: ProposalState
  readonly actionType: string
  readonly payload: JsonObject
  readonly operations: readonly TransactOperation[]
  readonly bases: readonly Guard[]
  readonly reviews: readonly Review[]
  readonly authors: Authors
  readonly reason: string | undefined
  readonly expiresAt: string | undefined
  /** As it was stored; what it is a digest of may have been changed since. */
  readonly digest: string | undefined
}

/** Reads a proposal off its record. */
export function proposalOf(record: Record): StoredProposal {
  const { data } = record
  const submittedBy = textOf(data.submittedBy)
  return {
    record,
    status: proposalStates.find((state) => state === data.status) ?? 'draft',
    actionType: textOf(data.actionType) ?? '',
    payload: isJsonObject(data.payload) ? data.payload : {},
    operations: listOf(data.operations).map((item) => transactOperation.parse(item)),
    bases: listOf(data.bases).map((item) => guard.parse(item)),
    reviews: listOf(data.reviews).flatMap(reviewOf),
    authors: {
      principals: [record.createdBy, ...(submittedBy === undefined ? [] : [submittedBy])],
      credentials: listOf(data.proposers).map(String),
    },
    reason: textOf(data.reason),
    expiresAt: textOf(data.expiresAt),
    digest: textOf(data.digest),
  }
}

/** The part of a proposal that its digest is of. */
export interface ProposalContent {
  readonly id: string
  readonly createdBy: string
  readonly actionType: string
  readonly payload: JsonObject
  readonly operations: readonly TransactOperation[]
  readonly bases: readonly Guard[]
  readonly reason: string | undefined
  readonly evidence: Json
  readonly expiresAt: string | undefined
}

/** What of a stored proposal its digest is of. */
export function contentOf(proposal: StoredProposal): ProposalContent {
  const { record, actionType, payload, operations, bases, reason, expiresAt } = proposal
  const { id, createdBy } = record
  const evidence = record.data.evidence ?? []
  return { id, createdBy, actionType, payload, operations, bases, reason, evidence, expiresAt }
}

/**
 * SHA-256 over the canonical JSON of all that a reviewer is shown: what would happen, to what, why, until when, and who
 * asks for it. Equal for no two proposals, because it holds the id.
 */
export function digestOfProposal(content: ProposalContent): string {
  const { reason = null, expiresAt = null, operations, bases, ...rest } = content
  const value = { format: 1, ...rest, reason, expiresAt, ...asJson({ operations, bases }) }
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** Operations and guards as JSON: members that were left out are not there. */
export function asJson(value: {
  readonly operations: readonly TransactOperation[]
  readonly bases: readonly Guard[]
}): { readonly operations: Json; readonly bases: Json } {
  return JSON.parse(JSON.stringify(value))
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function reviewOf(value: Json): Review[] {
  if (!isJsonObject(value)) return []
  const { by, credential, at, decision, digest, comment } = value
  if (decision !== 'approved' && decision !== 'rejected') return []
  const review = {
    by: String(by),
    credential: String(credential),
    at: String(at),
    decision,
    digest: String(digest),
  } as const
  return [typeof comment === 'string' ? { ...review, comment } : review]
}
