/** Errors of the wire as the typed errors of the SDK. */
import { ResponseError } from 'vscode-jsonrpc/node'
import { type ErrorDataByKind, type ErrorKind, isOrionError, OrionError } from '../errors.ts'
import { isJsonObject, type JsonObject } from '../json.ts'
import type { Token } from '../model.ts'
import { errorCodes, lspCancelled } from '../protocol/error-codes.ts'
import { typedError } from './typed-errors.ts'

/** The error member of a response. */
export interface WireError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/**
 * The typed error of an answer.
 *
 * The kind in its data decides, else its code. What a newer daemon says and this SDK does not know becomes an
 * `UnrecognizedError`, which keeps all of it.
 */
export function parseWireError(wire: WireError): OrionError {
  const raw = isJsonObject(wire.data) ? wire.data : {}
  const kind = kindOf(raw.kind, wire.code)
  if (kind === undefined) return new UnrecognizedError(wire)
  const { kind: _kind, retryable: _retryable, ...members } = raw
  return typedError(kind, wire.message, { data: parseErrorData(kind, members) })
}

/**
 * What a program answers that failed to answer. The daemon that asked it is trusted with the message, unlike the peers of a
 * daemon.
 */
export function toWireError(error: unknown): ResponseError<object> {
  const message = error instanceof Error ? error.message : String(error)
  if (isOrionError(error)) {
    const { kind, retryable, data } = error
    return new ResponseError(errorCodes[kind], message, { ...data, kind, retryable })
  }
  const data = { kind: 'invalid_request', retryable: false }
  return new ResponseError(errorCodes.invalid_request, message.slice(0, messageMaxLength), data)
}

const messageMaxLength = 4096

/** An error of a kind that this SDK does not know; `code` and `raw` are as they came. */
export class UnrecognizedError extends OrionError<'internal'> {
  override readonly name = 'UnrecognizedError'
  readonly code: number
  readonly raw: unknown

  constructor(wire: WireError) {
    const raw = isJsonObject(wire.data) ? wire.data : {}
    super('internal', wire.message, { incident: String(raw.incident ?? '') })
    this.code = wire.code
    this.raw = wire.data
  }

  /** As the daemon said it; false when it did not say. */
  override get retryable(): boolean {
    return isJsonObject(this.raw) && this.raw.retryable === true
  }
}

function kindOf(named: unknown, code: number): ErrorKind | undefined {
  if (typeof named === 'string') return isErrorKind(named) ? named : undefined
  return kindsByCode.get(code)
}

function isErrorKind(text: string): text is ErrorKind {
  return Object.hasOwn(errorCodes, text)
}

/** Some codes serve two kinds; the more general one stands for a peer that names none. */
const kindsByCode: ReadonlyMap<number, ErrorKind> = new Map<number, ErrorKind>([
  ...Object.keys(errorCodes)
    .filter(isErrorKind)
    .map((kind): [number, ErrorKind] => [errorCodes[kind], kind]),
  [errorCodes.invalid_request, 'invalid_request'],
  [errorCodes.storage_failed, 'storage_failed'],
  [lspCancelled, 'cancelled'],
  [-32600, 'invalid_request'],
  [-32603, 'internal'],
])

/** Members that a kind promises and a peer may have left out. */
const promised: { readonly [K in ErrorKind]?: ErrorDataByKind[K] } = {
  conflict: { reason: 'version', current: null },
  invalid_record: { issues: [] },
  invalid_params: { issues: [] },
  approval_required: { proposalId: '' },
  unknown_type: { type: '' },
  migration_required: { plan: null },
  unique_violation: { field: '' },
  gone: { floor: '' as Token },
  too_large: { limit: 0 },
  draining: { retryAfterMs: 100 },
  overloaded: { retryAfterMs: 100 },
  protocol_unsupported: { supported: { min: 0, max: 0 } },
  internal: { incident: '' },
}

/** The data of a kind; the daemon is trusted to give its members their declared types. */
function parseErrorData<K extends ErrorKind>(kind: K, members: JsonObject): ErrorDataByKind[K] {
  return { ...promised[kind], ...members } as ErrorDataByKind[K]
}
