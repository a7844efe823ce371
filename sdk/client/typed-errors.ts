/** A class for each kind of error that programs catch by name; all of them are `OrionError`. */
import { type ErrorDataByKind, type ErrorKind, OrionError } from '../errors.ts'
import type { Record } from '../model.ts'

/** Somebody else was first: look at `current`, decide again. */
export class ConflictError extends errorOf('conflict', 'ConflictError') {
  /** The record as it is now; undefined when there is none, or when the caller may not read it. */
  get current(): Record | undefined {
    const { current } = this.data
    return current !== null && 'data' in current ? current : undefined
  }
}
/** There is no such record. */
export class NotFoundError extends errorOf('not_found', 'NotFoundError') {}
/** There is no such record type. */
export class UnknownTypeError extends errorOf('unknown_type', 'UnknownTypeError') {}
/** The data does not fit its record type; `data.issues` says where. */
export class InvalidRecordError extends errorOf('invalid_record', 'InvalidRecordError') {}
/** The request is wrong in another way than its parameters' shape. */
export class InvalidRequestError extends errorOf('invalid_request', 'InvalidRequestError') {}
/** The parameters have the wrong shape; `data.issues` says where. */
export class InvalidParamsError extends errorOf('invalid_params', 'InvalidParamsError') {}
/** The token is of another store, forged, or of the future. */
export class TokenInvalidError extends errorOf('token_invalid', 'TokenInvalidError') {}
/** A scope is missing, or the field is managed. */
export class ForbiddenError extends errorOf('forbidden', 'ForbiddenError') {}
/** No token, or a wrong one. */
export class UnauthenticatedError extends errorOf('unauthenticated', 'UnauthenticatedError') {}
/** Somebody else has to approve first. */
export class ApprovalRequiredError extends errorOf('approval_required', 'ApprovalRequiredError') {}
/** The change of the record type needs a migration. */
export class MigrationRequiredError extends errorOf(
  'migration_required',
  'MigrationRequiredError',
) {}
/** The idempotency key was used with other arguments. */
export class IdempotencyMismatchError extends errorOf(
  'idempotency_mismatch',
  'IdempotencyMismatchError',
) {}
/** Another record has that value of a unique field. */
export class UniqueViolationError extends errorOf('unique_violation', 'UniqueViolationError') {}
/** The position is compacted away, or of an earlier life of the log. */
export class GoneError extends errorOf('gone', 'GoneError') {}
/** Over a limit. */
export class TooLargeError extends errorOf('too_large', 'TooLargeError') {}
/** The daemon is ending. */
export class DrainingError extends errorOf('draining', 'DrainingError') {}
/** Too much at once. */
export class OverloadedError extends errorOf('overloaded', 'OverloadedError') {}
/** The two sides have no protocol version in common. */
export class ProtocolUnsupportedError extends errorOf(
  'protocol_unsupported',
  'ProtocolUnsupportedError',
) {}
/** The caller's AbortSignal ended it, and it had no effect. */
export class CancelledError extends errorOf('cancelled', 'CancelledError') {}
/** It may or may not have happened; repeat it with `data.idempotencyKey` to find out. */
export class OutcomeUnknownError extends errorOf('outcome_unknown', 'OutcomeUnknownError') {}
/** The time ran out before an answer came, and nothing was changed. */
export class TimeoutError extends errorOf('timeout', 'TimeoutError') {}
/** The daemon can't be reached, and nothing was changed. */
export class DisconnectedError extends errorOf('disconnected', 'DisconnectedError') {}

/** An error of the class that belongs to its kind; kinds without a class of their own are plain. */
export function typedError<K extends ErrorKind>(
  kind: K,
  message: string,
  details: { readonly data: ErrorDataByKind[K]; readonly cause?: unknown },
): OrionError<K> {
  const options = details.cause === undefined ? undefined : { cause: details.cause }
  const Typed = classes[kind]
  if (Typed === undefined) return new OrionError(kind, message, details.data, options)
  return new Typed(message, details.data, options)
}

function errorOf<K extends ErrorKind>(kind: K, name: string): TypedErrorClass<K> {
  return class extends OrionError<K> {
    override readonly name: string = name

    constructor(message: string, data: ErrorDataByKind[K], options?: ErrorOptions) {
      super(kind, message, data, options)
    }
  }
}

type TypedErrorClass<K extends ErrorKind> = new (
  message: string,
  data: ErrorDataByKind[K],
  options?: ErrorOptions,
) => OrionError<K>

const classes: { readonly [K in ErrorKind]?: TypedErrorClass<K> } = {
  conflict: ConflictError,
  not_found: NotFoundError,
  unknown_type: UnknownTypeError,
  invalid_record: InvalidRecordError,
  invalid_request: InvalidRequestError,
  invalid_params: InvalidParamsError,
  token_invalid: TokenInvalidError,
  forbidden: ForbiddenError,
  unauthenticated: UnauthenticatedError,
  approval_required: ApprovalRequiredError,
  migration_required: MigrationRequiredError,
  idempotency_mismatch: IdempotencyMismatchError,
  unique_violation: UniqueViolationError,
  gone: GoneError,
  too_large: TooLargeError,
  draining: DrainingError,
  overloaded: OverloadedError,
  protocol_unsupported: ProtocolUnsupportedError,
  cancelled: CancelledError,
  outcome_unknown: OutcomeUnknownError,
  timeout: TimeoutError,
  disconnected: DisconnectedError,
}
