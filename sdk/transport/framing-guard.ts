import { ErrorCodes, type Message, type ResponseMessage } from 'vscode-jsonrpc/node'
import { countValues, nestsDeeper, readRequestId } from './nesting.ts'
import type { PendingRequests, RequestId } from './pending-requests.ts'
import type { TransportLimits } from './transport-limits.ts'

/** An answer of the guard's own, to input that never reaches the JSON-RPC library. */
export interface Refusal extends ResponseMessage {
  readonly jsonrpc: '2.0'
  readonly id: RequestId | null
  readonly error: {
    readonly code: number
    readonly message: string
    readonly data: {
      readonly kind: 'parse_error' | 'invalid_request' | 'overloaded' | 'too_large'
      readonly retryable: boolean
      readonly retryAfterMs?: number
      readonly limit?: number
      readonly actual?: number
    }
  }
}

/** Our code for `overloaded`; JSON-RPC has none. */
const overloadedCode = 42900
/** Our code for `too_large`. */
const tooLargeCode = 41300

/**
 * Lets through requests, notifications and responses that JSON-RPC 2.0 allows, and answers all else.
 *
 * vscode-jsonrpc stays silent on malformed input or takes it for something else, and a peer would
 * wait for ever. A message that comes out of here is safe to hand to it.
 */
export class FramingGuard {
  readonly #pending: PendingRequests
  readonly #limits: TransportLimits
  readonly #answer: (refusal: Refusal) => void

  /** @param answer - Sends a refusal to the peer, without counting it as an answer to a request. */
  constructor(
    pending: PendingRequests,
    limits: TransportLimits,
    answer: (refusal: Refusal) => void,
  ) {
    this.#pending = pending
    this.#limits = limits
    this.#answer = answer
  }

  /** The message in a body, or `undefined` if it was refused and the peer told so, or was void. */
  accept(body: string): Message | undefined {
    const { nestingMaxLevels, valuesMax } = this.#limits
    if (nestsDeeper(body, nestingMaxLevels)) {
      const id = readRequestId(body)
      return this.#refuse(
        invalidRequest(id, `nesting of at most ${nestingMaxLevels} levels`, 'more'),
      )
    }
    // Each value takes a character at least, so most messages need no counting.
    const values = body.length <= valuesMax ? 0 : countValues(body)
    if (values > valuesMax)
      return this.#refuse(tooManyValues(readRequestId(body), valuesMax, values))
    let value: unknown
    try {
      value = JSON.parse(body)
    } catch {
      return this.#refuse(parseError('the body is not JSON'))
    }
    return this.#check(value)
  }

  /** Refuses a body whose bytes are not UTF-8. */
  refuseEncoding(): void {
    this.#refuse(parseError('the body is not UTF-8'))
  }

  /** Tells the peer that its bytes are no frames; the caller closes the connection then. */
  refuseFraming(message: string): void {
    this.#answer(refusal(null, ErrorCodes.InvalidRequest, `${message}; the connection is closed`))
  }

  /** Tells a peer that there are too many of its kind; the caller closes the connection then. */
  refuseConnection(most: string): void {
    this.#answer(overloaded(null, `at most ${most}`, this.#limits.retryAfterMs))
  }

  #check(value: unknown): Message | undefined {
    if (typeof value !== 'object' || value === null) {
      return this.#refuse(invalidRequest(null, 'a JSON-RPC message object', describe(value)))
    }
    if (Array.isArray(value)) {
      return this.#refuse(invalidRequest(null, 'one message in a frame', 'a batch'))
    }
    const envelope = value as Envelope
    if (envelope.method === undefined) return this.#checkResponse(envelope)
    const fault = callFault(envelope)
    if (fault !== undefined) {
      return this.#refuse(invalidRequest(readableId(envelope.id), ...fault))
    }
    if (envelope.params === null) envelope.params = undefined
    if (envelope.id !== undefined) return this.#admit(envelope, envelope.id as RequestId)
    return isVoid(envelope) ? undefined : (envelope as Message)
  }

  #admit(request: Envelope, id: RequestId): Message | undefined {
    const outcome = this.#pending.add(id)
    switch (outcome) {
      case 'added':
        return request as Message
      case 'duplicate':
        return this.#refuse(invalidRequest(id, 'an id of its own', `that of a request in flight`))
      case 'full':
        return this.#refuse(overloaded(id, this.#mostInFlight(), this.#limits.retryAfterMs))
      default:
        return outcome satisfies never
    }
  }

  #checkResponse(envelope: Envelope): Message | undefined {
    const { id, result, error } = envelope
    if (result === undefined && error === undefined) {
      const expected = 'a request, notification or response'
      return this.#refuse(invalidRequest(readableId(id), expected, 'neither'))
    }
    if (envelope.jsonrpc !== '2.0') {
      return this.#refuse(invalidRequest(null, 'jsonrpc "2.0"', describe(envelope.jsonrpc)))
    }
    const carriesError = typeof error === 'object' && error !== null
    const idFits = readableId(id) !== null || (id === null && carriesError)
    if (idFits && (carriesError || result !== undefined)) return envelope as Message
    return this.#refuse(invalidRequest(null, 'a response with id and result or error', 'another'))
  }

  #mostInFlight(): string {
    return `at most ${this.#limits.inFlightMaxRequests} requests in flight`
  }

  #refuse(answer: Refusal): undefined {
    this.#answer(answer)
  }
}

/** A parsed object that has not been checked. */
interface Envelope {
  jsonrpc?: unknown
  id?: unknown
  method?: unknown
  params?: unknown
  result?: unknown
  error?: unknown
}

/** What was expected of a request or notification and what came instead, if it is malformed. */
function callFault(call: Envelope): [expected: string, got: string] | undefined {
  if (call.jsonrpc !== '2.0') return ['jsonrpc "2.0"', describe(call.jsonrpc)]
  if (typeof call.method !== 'string') return ['a method of text', describe(call.method)]
  if (call.id !== undefined && readableId(call.id) === null) {
    return ['an id of text or a safe number', describe(call.id)]
  }
  // Some clients write `params: null` for a method without any: that is absence.
  if (call.params !== undefined && typeof call.params !== 'object') {
    return ['params in an object or array', describe(call.params)]
  }
  return undefined
}

/** The id if it survives the way there and back unchanged, else `null`. */
function readableId(id: unknown): RequestId | null {
  if (typeof id === 'string') return id
  return typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER ? id : null
}

/** A cancellation or a progress that names nothing: nothing can come of it, and the library would throw. */
function isVoid({ method, params }: Envelope): boolean {
  const named = params as { readonly id?: unknown; readonly token?: unknown } | undefined
  if (method === '$/cancelRequest') return readableId(named?.id) === null
  return method === '$/progress' && readableId(named?.token) === null
}

function describe(value: unknown): string {
  if (value === undefined) return 'none'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

function invalidRequest(id: RequestId | null, expected: string, got: string): Refusal {
  return refusal(id, ErrorCodes.InvalidRequest, `expected ${expected}, got ${got}`)
}

function tooManyValues(id: RequestId | null, limit: number, actual: number): Refusal {
  const message = `expected a message of at most ${limit} values, got ${actual}: send it in parts`
  const data = { kind: 'too_large', retryable: false, limit, actual } as const
  return { jsonrpc: '2.0', id, error: { code: tooLargeCode, message, data } }
}

function parseError(message: string): Refusal {
  return refusal(null, ErrorCodes.ParseError, message)
}

function refusal(id: RequestId | null, code: number, message: string): Refusal {
  const kind = code === ErrorCodes.ParseError ? 'parse_error' : 'invalid_request'
  return { jsonrpc: '2.0', id, error: { code, message, data: { kind, retryable: false } } }
}

function overloaded(id: RequestId | null, expected: string, retryAfterMs: number): Refusal {
  const message = `expected ${expected}, got one more`
  const data = { kind: 'overloaded', retryable: true, retryAfterMs } as const
  return { jsonrpc: '2.0', id, error: { code: overloadedCode, message, data } }
}
