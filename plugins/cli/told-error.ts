import { type CommonErrorData, isOrionError } from '../../sdk/errors.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import { errorCodes } from '../../sdk/protocol/error-codes.ts'
import { UsageError } from './usage-error.ts'

/** A failure as it is told to programs. */
export interface ToldError {
  readonly code: number
  readonly kind: string
  readonly message: string
  readonly data: CommonErrorData & { readonly [member: string]: unknown }
}

/** A failure of any sort in the form that the daemon's own errors have. */
export function describeError(error: unknown): ToldError {
  if (isOrionError(error)) {
    const { kind, message, data, retryable } = error
    return { code: errorCodes[kind], kind, message, data: { ...data, retryable } }
  }
  if (error instanceof UsageError) {
    const { message, didYouMean, remedy } = error
    const data = { retryable: false, didYouMean, remedy }
    return {
      code: errorCodes.invalid_request,
      kind: 'invalid_request',
      message,
      data: defined(data),
    }
  }
  if (error instanceof LaunchError) {
    const { message, kind: reason, remedy, logPath } = error
    const retryable = reason === 'lock_held' || reason === 'start_timeout'
    const data = { retryable, reason, remedy, logPath }
    return { code: errorCodes.disconnected, kind: 'disconnected', message, data: defined(data) }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { code: errorCodes.internal, kind: 'internal', message, data: { retryable: false } }
}

function defined(members: { readonly [name: string]: unknown }): ToldError['data'] {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
