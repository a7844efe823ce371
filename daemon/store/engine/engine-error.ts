import { EngineError, type EngineErrorKind } from './engine.ts'
import { isNoSpace } from './host-io.ts'
import { ResultCode } from './sqlite-codes.ts'

/**
 * Makes the error for a failed SQLite call.
 *
 * @param hostError - What the host said below SQLite; used only where the code tells that the host
 * was the cause.
 */
export function engineErrorOf(code: number, message: string, hostError: unknown): EngineError {
  const primary = code & 0xff
  if (hostError === undefined || !hostCodes.has(primary)) {
    return new EngineError(kindOf(primary), primary, message)
  }
  const cause = hostError instanceof Error ? hostError.message : String(hostError)
  const kind = primary === ResultCode.io && isNoSpace(hostError) ? 'full' : kindOf(primary)
  return new EngineError(kind, primary, `${message}: ${cause}`, hostError)
}

/** A call that this layer refuses before SQLite sees it. */
export function misuse(message: string): EngineError {
  return new EngineError('misuse', ResultCode.misuse, message)
}

const hostCodes = new Set<number>([ResultCode.io, ResultCode.full, ResultCode.cannotOpen])

const kinds: ReadonlyMap<number, EngineErrorKind> = new Map<number, EngineErrorKind>([
  [ResultCode.busy, 'misuse'],
  [ResultCode.locked, 'misuse'],
  [ResultCode.noMemory, 'no-memory'],
  [ResultCode.readOnly, 'read-only'],
  [ResultCode.io, 'io'],
  [ResultCode.corrupt, 'corrupt'],
  [ResultCode.full, 'full'],
  [ResultCode.cannotOpen, 'cannot-open'],
  [ResultCode.tooBig, 'too-big'],
  [ResultCode.constraint, 'constraint'],
  [ResultCode.mismatch, 'constraint'],
  [ResultCode.misuse, 'misuse'],
  [ResultCode.range, 'misuse'],
  [ResultCode.notADatabase, 'not-a-database'],
])

function kindOf(primary: number): EngineErrorKind {
  return kinds.get(primary) ?? 'sql'
}
