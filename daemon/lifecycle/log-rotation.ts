/** Keeps the log of a daemon within bounds while it runs. */
import { copyFileSync, fstatSync, ftruncateSync, renameSync, rmSync } from 'node:fs'
import { isFileAt } from '../../sdk/launch/kernel-lock.ts'

/** What is kept in bounds. */
export interface LogRotation {
  /** The log's path; nothing is done while the descriptor is of anything else, such as a terminal. */
  readonly path: string
  readonly fd: number
  readonly maxBytes: number
  readonly everyMs: number
}

/**
 * Looks now and then at the length of the log, and begins it anew when it is too long: one older log is kept beside it.
 *
 * The text is copied and the file cut, because whatever the process itself says at its death goes to the same
 * descriptor, which can't be led to another file. Lines are appended, so they go on at the new end.
 */
export function keepLogShort(rotation: LogRotation): { dispose(): void } {
  const timer = setInterval(() => rotateLog(rotation), rotation.everyMs).unref()
  return { dispose: () => clearInterval(timer) }
}

/** Begins the log anew if it is too long. Does nothing where it can't: a daemon does not end for its log. */
export function rotateLog({ path, fd, maxBytes }: Omit<LogRotation, 'everyMs'>): void {
  const copy = `${path}.1.new`
  try {
    const open = fstatSync(fd)
    if (!open.isFile() || open.size <= maxBytes || !isFileAt(path, fd)) return
    copyFileSync(path, copy)
    renameSync(copy, `${path}.1`)
    ftruncateSync(fd, 0)
  } catch {
    rmSync(copy, { force: true }) // A full disk, say: the log stays as long as it is.
  }
}
