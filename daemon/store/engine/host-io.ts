import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

/**
 * Every call the engine makes to the host's file system. Tests inject one that counts, fails, or
 * records, which is what makes the fault tests and the power-cut simulation possible.
 *
 * The calls are Node's, one to one; they throw Node's errors with their `code`.
 */
export interface HostIo {
  open(path: string, flags: number, mode: number): number
  close(fd: number): void
  /**
   * Bytes read into `bytes` from `position`; fewer than asked for only at the end of the file or by
   * the host's whim.
   */
  read(fd: number, bytes: Uint8Array, position: number): number
  /** Bytes written from `bytes` at `position`; may be fewer than given. */
  write(fd: number, bytes: Uint8Array, position: number): number
  truncate(fd: number, size: number): void
  /** Puts a file's contents and size on disk, blocking. */
  syncData(fd: number): void
  /** The same on a thread of the pool. */
  syncDataAsync(fd: number): Promise<void>
  /** Puts a file and all its attributes on disk, blocking; also for directories. */
  sync(fd: number): void
  /** What a descriptor stands for now. */
  describe(fd: number): HostFileFacts
  /** What a path stands for now; undefined if there is nothing. */
  find(path: string): HostFileFacts | undefined
  /** Throws unless the path may be used as `mode` (`fs.constants.F_OK` and so on) says. */
  access(path: string, mode: number): void
  unlink(path: string): void
  rename(from: string, to: string): void
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number
}

/**
 * Identity and size of a file. Two descriptions with equal `device` and `inode` are of one file.
 */
export interface HostFileFacts {
  readonly device: number
  readonly inode: number
  readonly size: number
  readonly isFile: boolean
}

const fdatasyncAsync = promisify(fs.fdatasync)

/** The real file system, by node:fs. */
export const nodeHostIo: HostIo = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  close: (fd) => fs.closeSync(fd),
  read: (fd, bytes, position) => fs.readSync(fd, bytes, 0, bytes.length, position),
  write: (fd, bytes, position) => fs.writeSync(fd, bytes, 0, bytes.length, position),
  truncate: (fd, size) => fs.ftruncateSync(fd, size),
  syncData: (fd) => fs.fdatasyncSync(fd),
  syncDataAsync: (fd) => fdatasyncAsync(fd),
  sync: (fd) => fs.fsyncSync(fd),
  describe: (fd) => factsOf(fs.fstatSync(fd)),
  find(path) {
    const stats = fs.statSync(path, { throwIfNoEntry: false })
    return stats === undefined ? undefined : factsOf(stats)
  },
  access: (path, mode) => fs.accessSync(path, mode),
  unlink: (path) => fs.unlinkSync(path),
  rename: (from, to) => fs.renameSync(from, to),
  monotonicMs: () => performance.now(),
}

/**
 * Puts the entries of the directory that holds `file` on disk, so that a new or renamed file
 * survives a power cut. Windows opens no directories, and keeps their entries by itself.
 */
export function syncDirectoryOf(io: HostIo, file: string): void {
  if (process.platform === 'win32') return
  const fd = io.open(path.dirname(file), fs.constants.O_RDONLY, 0)
  try {
    io.sync(fd)
  } finally {
    io.close(fd)
  }
}

/** The `code` of a host error (`ENOSPC`), or undefined for any other value. */
export function hostErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether a host error says that there is no room left, by disk, quota or file size. */
export function isNoSpace(error: unknown): boolean {
  const code = hostErrorCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
}

function factsOf(stats: fs.Stats): HostFileFacts {
  return { device: stats.dev, inode: stats.ino, size: stats.size, isFile: stats.isFile() }
}
