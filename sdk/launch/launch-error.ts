/**
 * What can go wrong between a caller and a running daemon. Branch on this, never on the message.
 *
 * - `store_invalid`: the directory that was named can't be a store; name another one.
 * - `store_unwritable`: the store's directory can't be made or written; fix its owner, mode or disk.
 * - `repository_unreadable`: a `.git` was found that leads nowhere; repair it or name the store.
 * - `runtime_insecure`: somebody else could enter the run-time directory; nothing was trusted, nothing was started.
 * - `runtime_unwritable`: the run-time directory can't be made or written.
 * - `socket_path_too_long`: the system would cut the socket's path; use a shorter run-time directory.
 * - `lock_unsupported`: this system has no lock that Orion knows, or the command that takes it is missing.
 * - `lock_failed`: the kernel or the file system refused to lock.
 * - `lock_held`: another process owns the store, and the caller needed it now.
 * - `start_failed`: the daemon was started and said, or showed, that it can't run.
 * - `start_timeout`: nobody answered within the caller's deadline.
 */
export type LaunchErrorKind =
  | 'store_invalid'
  | 'store_unwritable'
  | 'repository_unreadable'
  | 'runtime_insecure'
  | 'runtime_unwritable'
  | 'socket_path_too_long'
  | 'lock_unsupported'
  | 'lock_failed'
  | 'lock_held'
  | 'start_failed'
  | 'start_timeout'

/** What a `LaunchError` says besides its kind and message. */
export interface LaunchErrorDetails {
  /** What the reader should do, as an imperative sentence. */
  readonly remedy: string
  /** Where the daemon wrote what it did, if it came that far. */
  readonly logPath?: string | undefined
  readonly cause?: unknown
}

/** A daemon or its store could not be found, owned or started; says what was expected, what came, and what to do. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError'
  readonly kind: LaunchErrorKind
  readonly remedy: string
  readonly logPath: string | undefined

  constructor(kind: LaunchErrorKind, message: string, details: LaunchErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.kind = kind
    this.remedy = details.remedy
    this.logPath = details.logPath
  }

  /** The whole of it as one text of a few lines, for a person who reads stderr. */
  describe(): string {
    const lines = [this.message, `  what to do: ${this.remedy}`]
    if (this.logPath !== undefined) lines.push(`  log: ${this.logPath}`)
    return lines.join('\n')
  }
}

/** The system's own code of a failed call (`EACCES`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
