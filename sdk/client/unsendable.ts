import type { OrionError } from '../errors.ts'
import { defaultTransportLimits } from '../transport/transport-limits.ts'
import { typedError } from './typed-errors.ts'

/**
 * Why parameters can't be sent over any connection; undefined when they can, so that a write that failed was the
 * connection's fault. The library tells only that a write failed.
 */
export function whyUnsendable(params: object): OrionError | undefined {
  const limit = defaultTransportLimits.bodyMaxBytes
  try {
    const actual = Buffer.byteLength(JSON.stringify(params)) + envelopeMaxBytes
    if (actual <= limit) return undefined
    const message = `expected a message of at most ${limit} bytes, got about ${actual}`
    return typedError('too_large', message, { data: { limit, actual } })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `expected parameters that can be written as JSON: ${reason}`
    return typedError('invalid_request', message, { data: {}, cause })
  }
}

/** What a message has around its parameters. */
const envelopeMaxBytes = 256
