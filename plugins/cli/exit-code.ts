import type { ErrorKind } from '../../sdk/errors.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import { UsageError } from './usage-error.ts'

/** The exit codes of the command line; they are part of its interface. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  refused: 5,
  unreachable: 6,
  timeout: 7,
} as const

/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The exit code that tells this failure. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage
  if (error instanceof LaunchError) return exitCodes.unreachable
  return isOrionError(error) ? codeOfKind(error.kind) : exitCodes.failed
}

function codeOfKind(kind: ErrorKind): ExitCode {
  switch (kind) {
    case 'invalid_request':
    case 'invalid_params':
    case 'method_not_found':
    case 'token_invalid':
      return exitCodes.usage
    case 'not_found':
    case 'unknown_type':
      return exitCodes.notFound
    case 'conflict':
    case 'unique_violation':
    case 'migration_required':
    case 'idempotency_mismatch':
      return exitCodes.conflict
    case 'unauthenticated':
    case 'not_initialized':
    case 'forbidden':
    case 'approval_required':
      return exitCodes.refused
    case 'disconnected':
    case 'draining':
    case 'protocol_unsupported':
      return exitCodes.unreachable
    case 'timeout':
      return exitCodes.timeout
    case 'parse_error':
    case 'invalid_record':
    case 'gone':
    case 'too_large':
    case 'overloaded':
    case 'cancelled':
    case 'internal':
    case 'storage_full':
    case 'storage_failed':
    case 'outcome_unknown':
      return exitCodes.failed
    default:
      return kind satisfies never
  }
}
