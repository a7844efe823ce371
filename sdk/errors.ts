/**
 * Every kind of failure, the data it carries, and the one error class. Kinds and codes are the interface;
 * messages are for people and may change.
 */
import type { Instant } from './instant.ts'
import type { Json } from './json.ts'
import type { Record, Token, Version } from './model.ts'

/** One thing wrong with the input: where, as a dotted path from the checked value, and what was expected. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** What every error may carry beside its own members. */
export interface CommonErrorData {
  /** What a person can do about it. */
  readonly remedy?: string
  /** Index of the operation of a transaction that failed. */
  readonly operation?: number
  /** How many operations of a bulk write stand all the same; the SDK adds it. */
  readonly done?: number
}

/** A compare-and-swap that lost, and why. `current` is null when there is no record. */
export interface ConflictData extends CommonErrorData {
  readonly reason: 'version' | 'exists' | 'epoch' | 'guard' | 'referenced' | 'state' | 'digest'
  readonly type?: string
  readonly id?: string
  /** Only the version for a caller that may not read the type. */
  readonly current: Record | { readonly version: Version } | null
  readonly expectedVersion?: number | null
  /** Fields that changed since `expectedVersion`. */
  readonly changedFields?: readonly string[]
  readonly changedBy?: string
  readonly changedAt?: Instant
  readonly epoch?: string
  /** Of `referenced`: some of the records that name this one by a checked reference, as far as the caller may read them. */
  readonly referrers?: readonly {
    readonly type: string
    readonly id: string
    readonly field: string
  }[]
  /** The state of a proposal that can't be moved so, and the states that may follow it. */
  readonly status?: string
  readonly allowed?: readonly string[]
  /** What a proposal is based on and has moved. */
  readonly moved?: readonly {
    readonly type: string
    readonly id: string
    readonly expected: number | null
    readonly found: number | null
  }[]
}

/** The data of each kind. The doc line says what a caller does about it. */
export interface ErrorDataByKind {
  /** The call is wrong: fix it. */
  invalid_request: CommonErrorData & {
    readonly issues?: readonly Issue[]
    readonly didYouMean?: string
  }
  /** The frame is not JSON: fix the client. */
  parse_error: CommonErrorData
  /** No such method: fix the call. */
  method_not_found: CommonErrorData & { readonly didYouMean?: string }
  /** The parameters have the wrong shape: fix the call. */
  invalid_params: CommonErrorData & { readonly issues: readonly Issue[] }
  /** The token is of another store, forged, or of the future: list again. */
  token_invalid: CommonErrorData
  /** The data does not fit the record type: fix the data. */
  invalid_record: CommonErrorData & {
    readonly issues: readonly Issue[]
    /** The records that its checked references name and that are not there, or are deleted. */
    readonly missing?: readonly {
      readonly path: string
      readonly type: string
      readonly id: string
    }[]
  }
  /** No token, or a wrong one: get one. */
  unauthenticated: CommonErrorData & {
    /** The answer to a challenge. */
    readonly proof?: string
  }
  /** Send `initialize` first. */
  not_initialized: CommonErrorData
  /** A scope is missing, or the field is managed: ask somebody who may. */
  forbidden: CommonErrorData & { readonly needs?: string }
  /** Somebody else has to approve: wait for the proposal. */
  approval_required: CommonErrorData & { readonly proposalId?: string }
  /** There is no such record. */
  not_found: CommonErrorData & { readonly type?: string; readonly id?: string }
  /** There is no such record type: define it, or fix the name. */
  unknown_type: CommonErrorData & { readonly type: string; readonly didYouMean?: string }
  /** Somebody else was first: look at `current`, decide again. */
  conflict: ConflictData
  /** The change of the type needs a migration: see `plan`. */
  migration_required: CommonErrorData & { readonly plan: Json }
  /** The key was used with other arguments: take a fresh key. */
  idempotency_mismatch: CommonErrorData
  /** Another record has that value: change it, or use the other record. */
  unique_violation: CommonErrorData & { readonly field: string; readonly existingId?: string }
  /** The position is compacted away: take a snapshot. */
  gone: CommonErrorData & { readonly floor: Token }
  /** Over a limit: send less. */
  too_large: CommonErrorData & { readonly limit: number; readonly actual?: number }
  /** The daemon is ending: connect again. */
  draining: CommonErrorData & { readonly retryAfterMs: number }
  /** No common protocol version: upgrade the older side. */
  protocol_unsupported: CommonErrorData & {
    readonly supported: { readonly min: number; readonly max: number }
  }
  /** Too much at once: wait, then send again. */
  overloaded: CommonErrorData & { readonly retryAfterMs: number }
  /** The caller cancelled it before it took effect. */
  cancelled: CommonErrorData
  /** A bug of ours: report the incident, which the daemon's log has. */
  internal: CommonErrorData & { readonly incident: string }
  /** The disk is full; nothing was written of this request: free space, send again. */
  storage_full: CommonErrorData
  /** The store can't be written; nothing was written of this request: see the remedy. */
  storage_failed: CommonErrorData
  /** It may or may not have happened: repeat with the same idempotency key. */
  outcome_unknown: CommonErrorData & {
    /** Said by the SDK: the key that the write carried. */
    readonly idempotencyKey?: string
  }
  /** Said by the SDK: the caller's time ran out before an answer came. */
  timeout: CommonErrorData & { readonly timeoutMs: number }
  /** Said by the SDK: the daemon can't be reached. */
  disconnected: CommonErrorData
}

/** A kind of failure; closed, and part of the interface. */
export type ErrorKind = keyof ErrorDataByKind

const retryableKinds: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'draining',
  'overloaded',
  'storage_full',
  'outcome_unknown',
  'timeout',
  'disconnected',
])

/** Whether the same request may succeed later, unchanged. A conflict may not: its reasons are stale. */
export function isRetryable(kind: ErrorKind): boolean {
  return retryableKinds.has(kind)
}

/** A failure with its kind and the data of that kind; the same class on both sides of the wire. */
export class OrionError<K extends ErrorKind = ErrorKind> extends Error {
  override readonly name: string = 'OrionError'
  readonly kind: K
  readonly data: ErrorDataByKind[K]

  constructor(kind: K, message: string, data: ErrorDataByKind[K], options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.data = data
  }

  /** Whether the same request may succeed later, unchanged. */
  get retryable(): boolean {
    return isRetryable(this.kind)
  }
}

/** Whether a thrown value is an OrionError, of this kind if one is named. */
export function isOrionError<K extends ErrorKind = ErrorKind>(
  error: unknown,
  kind?: K,
): error is OrionError<K> {
  return error instanceof OrionError && (kind === undefined || error.kind === kind)
}
