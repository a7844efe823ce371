import fs from 'node:fs'
import { type HostFileFacts, type HostIo, hostErrorCode } from './host-io.ts'
import { WalCoalescer } from './wal-coalescer.ts'

const identityCheckIntervalMs = 100

/**
 * One open file of a database: the database itself, its write-ahead log, or its rollback journal.
 *
 * It keeps count of what was written and what of that is on disk, so that a sync with nothing to do
 * costs nothing. Its methods throw the host's errors. There is one writer, so the size is tracked
 * here and never asked for.
 */
export class HostFile {
  readonly path: string
  readonly role: FileRole
  readonly readOnly: boolean
  readonly device: number
  readonly inode: number
  readonly #io: HostIo
  readonly #fd: number
  readonly #coalescer: WalCoalescer | undefined
  #size: number
  /** Changes made since the file was opened, and how many of them are known to be on disk. */
  #changes: number
  #changesOnDisk = 0
  #identityCheckedMs = Number.NEGATIVE_INFINITY
  #asyncSyncs = 0
  #closed = false

  constructor(io: HostIo, opening: FileOpening) {
    const { fd, readOnly, facts } = openDescriptor(io, opening)
    this.path = opening.path
    this.role = opening.role
    this.readOnly = readOnly
    this.device = facts.device
    this.inode = facts.inode
    this.#io = io
    this.#fd = fd
    this.#size = facts.size
    // Whoever wrote what is there may have died before he synced it.
    this.#changes = readOnly || facts.size === 0 ? 0 : 1
    if (opening.role === 'wal' && !readOnly) {
      this.#coalescer = new WalCoalescer((bytes, position) => this.#writeThrough(bytes, position))
    }
  }

  get size(): number {
    return this.#size
  }

  /** Whether something was written that is not known to be on disk. */
  get isUnsynced(): boolean {
    return this.#changesOnDisk < this.#changes
  }

  /** Fills `target`; false if the file ended before, and then the rest is zeros. */
  read(target: Uint8Array, position: number): boolean {
    let got = 0
    while (got < target.length) {
      const count = this.#io.read(this.#fd, target.subarray(got), position + got)
      if (count <= 0) break
      got += count
    }
    if (got === target.length && this.#coalescer === undefined) return true
    target.fill(0, got)
    const valid = this.#coalescer?.readOver(target, position, got) ?? got
    return valid === target.length
  }

  write(bytes: Uint8Array, position: number): void {
    if (this.#coalescer === undefined) this.#writeThrough(bytes, position)
    else this.#coalescer.write(bytes, position)
    this.#size = Math.max(this.#size, position + bytes.length)
  }

  truncate(size: number): void {
    this.flush()
    this.#changes += 1
    this.#io.truncate(this.#fd, size)
    this.#size = size
  }

  /** Hands everything gathered to the host. For SQLite's own calls only: see `WalCoalescer`. */
  flush(): void {
    this.#coalescer?.flush()
  }

  /**
   * Puts what the host was given on disk, blocking. Every commit is among it.
   *
   * @throws If the host fails to, or if the file is no longer where it was: then the outcome is
   * unknown.
   */
  sync(): void {
    this.#assertInPlace()
    const changes = this.#changes
    if (this.#changesOnDisk === changes) return
    this.#io.syncData(this.#fd)
    this.#changesOnDisk = changes
  }

  /**
   * As `sync`, with the disk's part on a thread of the pool. Calls may overlap; each covers what
   * came before it.
   */
  async syncAsync(): Promise<void> {
    this.#assertInPlace()
    const changes = this.#changes
    if (this.#changesOnDisk === changes) return
    this.#asyncSyncs += 1
    try {
      await this.#io.syncDataAsync(this.#fd)
      this.#changesOnDisk = Math.max(this.#changesOnDisk, changes)
    } finally {
      this.#asyncSyncs -= 1
      if (this.#closed && this.#asyncSyncs === 0) this.#io.close(this.#fd)
    }
  }

  /**
   * Throws if another file stands where this one was opened. Looks ten times a second at most,
   * because asking for a file's attributes between two writes makes its next fdatasync a third
   * dearer on ext4 (measured).
   */
  assertNotReplaced(): void {
    const nowMs = this.#io.monotonicMs()
    if (nowMs - this.#identityCheckedMs < identityCheckIntervalMs) return
    this.#identityCheckedMs = nowMs
    const facts = this.#io.find(this.path)
    if (facts === undefined) throw new Error(`${this.path} was deleted behind this process`)
    if (facts.inode !== this.inode || facts.device !== this.device) {
      throw new Error(`${this.path} was replaced behind this process`)
    }
  }

  /**
   * Closes. What is still gathered was never committed. A sync on its way still ends on the right
   * file.
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#asyncSyncs === 0) this.#io.close(this.#fd)
  }

  #writeThrough(bytes: Uint8Array, position: number): void {
    this.#changes += 1
    let written = 0
    while (written < bytes.length) {
      const count = this.#io.write(this.#fd, bytes.subarray(written), position + written)
      if (count <= 0)
        throw Object.assign(new Error(`${this.path}: no room left`), { code: 'ENOSPC' })
      written += count
    }
  }

  /**
   * A deleted file must not swallow commits: a `sqlite3` shell that closes last deletes the log,
   * and so does `rm`. access(2) is cheap enough for every sync.
   */
  #assertInPlace(): void {
    try {
      this.#io.access(this.path, fs.constants.F_OK)
    } catch (cause) {
      throw new Error(`${this.path} was deleted behind this process`, { cause })
    }
    this.assertNotReplaced()
  }
}

/** Which file of a database it is. */
export type FileRole = 'main' | 'wal' | 'journal'

/** How a file is to be opened. */
export interface FileOpening {
  readonly path: string
  readonly role: FileRole
  readonly access: 'read' | 'write'
  /** Make the file if it is not there. */
  readonly create: boolean
  /** Fail if it is there. */
  readonly exclusive: boolean
}

interface OpenDescriptor {
  readonly fd: number
  readonly readOnly: boolean
  readonly facts: HostFileFacts
}

/**
 * Opens for writing and falls back to reading where the host allows no more; SQLite then reports
 * "readonly".
 */
function openDescriptor(io: HostIo, opening: FileOpening): OpenDescriptor {
  const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants
  if (opening.access === 'read') return describe(io, io.open(opening.path, O_RDONLY, 0), true)
  const create = opening.create ? O_CREAT : 0
  const exclusive = opening.exclusive ? O_EXCL | O_NOFOLLOW : 0
  let fd: number
  try {
    fd = io.open(opening.path, O_RDWR | create | exclusive, 0o600)
  } catch (error) {
    if (opening.exclusive || !isPermission(error)) throw error
    return describe(io, io.open(opening.path, O_RDONLY, 0), true)
  }
  return describe(io, fd, false)
}

function describe(io: HostIo, fd: number, readOnly: boolean): OpenDescriptor {
  try {
    return { fd, readOnly, facts: io.describe(fd) }
  } catch (error) {
    io.close(fd)
    throw error
  }
}

function isPermission(error: unknown): boolean {
  const code = hostErrorCode(error)
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
}
