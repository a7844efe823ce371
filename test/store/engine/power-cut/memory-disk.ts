import { constants } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { HostFileFacts, HostIo } from '../../../../daemon/store/engine/host-io.ts'
import { hostError } from '../altered-io.ts'

/**
 * A file system in memory that remembers, in order, everything that was done to it.
 *
 * The events are what a power cut is simulated from: a write is only in the page cache until a
 * sync of its file, and a name until a sync of the directory.
 */
export class MemoryDisk implements HostIo {
  readonly events: DiskEvent[] = []
  readonly #directory: string
  readonly #entries = new Map<string, Inode>()
  readonly #open = new Map<number, Inode>()
  #descriptors = 2
  #inodes = 1
  #clockMs = 0

  /**
   * @param directory - The only directory there is.
   * @param files - What is in it from the start.
   */
  constructor(directory: string, files: DiskState = new Map()) {
    this.#directory = directory
    for (const [name, bytes] of files) this.#entries.set(name, this.#inode(Buffer.from(bytes)))
  }

  /** Remembers that the program promised something, at this moment. */
  acknowledge(value: number): void {
    this.events.push({ kind: 'acknowledge', value })
  }

  open(name: string, flags: number): number {
    this.#descriptors += 1
    if (name === this.#directory) {
      this.#open.set(this.#descriptors, directoryInode)
      return this.#descriptors
    }
    let inode = this.#entries.get(name)
    if (inode !== undefined && (flags & constants.O_EXCL) !== 0) throw hostError('EEXIST')
    if (inode === undefined) {
      if ((flags & constants.O_CREAT) === 0) throw hostError('ENOENT')
      if (path.dirname(name) !== this.#directory) throw hostError('ENOENT')
      inode = this.#inode(Buffer.alloc(0))
      this.#entries.set(name, inode)
      this.events.push({ kind: 'create', name, inode: inode.id })
    }
    this.#open.set(this.#descriptors, inode)
    return this.#descriptors
  }

  close(fd: number): void {
    this.#of(fd)
    this.#open.delete(fd)
  }

  read(fd: number, bytes: Uint8Array, position: number): number {
    const { content } = this.#of(fd)
    const end = Math.min(content.length, position + bytes.length)
    if (end <= position) return 0
    bytes.set(content.subarray(position, end))
    return end - position
  }

  write(fd: number, bytes: Uint8Array, position: number): number {
    const inode = this.#of(fd)
    const event = { kind: 'write', inode: inode.id, position, bytes: Buffer.from(bytes) } as const
    inode.content = written(inode.content, event)
    this.events.push(event)
    return bytes.length
  }

  truncate(fd: number, size: number): void {
    const inode = this.#of(fd)
    inode.content = truncated(inode.content, size)
    this.events.push({ kind: 'truncate', inode: inode.id, size })
  }

  syncData(fd: number): void {
    this.#synced(this.#of(fd).id, this.events.length)
  }

  /** Covers what was written before the call; what comes during it may or may not be lost. */
  async syncDataAsync(fd: number): Promise<void> {
    const { id } = this.#of(fd)
    const before = this.events.length
    for (let turn = 0; turn <= before % 3; turn += 1) await setImmediate()
    this.#synced(id, before)
  }

  sync(fd: number): void {
    const inode = this.#of(fd)
    if (inode === directoryInode) this.events.push({ kind: 'sync-directory' })
    else this.#synced(inode.id, this.events.length)
  }

  describe(fd: number): HostFileFacts {
    return factsOf(this.#of(fd))
  }

  find(name: string): HostFileFacts | undefined {
    const inode = this.#entries.get(name)
    return inode === undefined ? undefined : factsOf(inode)
  }

  access(name: string): void {
    if (!this.#entries.has(name)) throw hostError('ENOENT')
  }

  unlink(name: string): void {
    if (!this.#entries.delete(name)) throw hostError('ENOENT')
    this.events.push({ kind: 'unlink', name })
  }

  rename(from: string, to: string): void {
    const inode = this.#entries.get(from)
    if (inode === undefined) throw hostError('ENOENT')
    this.#entries.delete(from)
    this.#entries.set(to, inode)
    this.events.push({ kind: 'rename', from, to })
  }

  monotonicMs(): number {
    this.#clockMs += 1
    return this.#clockMs
  }

  /** The files as the running system sees them. */
  get files(): DiskState {
    return new Map([...this.#entries].map(([name, { content }]) => [name, content]))
  }

  #synced(inode: number, eventsBefore: number): void {
    this.events.push({ kind: 'sync', inode, eventsBefore })
  }

  #inode(content: Buffer): Inode {
    this.#inodes += 1
    return { id: this.#inodes, content }
  }

  #of(fd: number): Inode {
    const inode = this.#open.get(fd)
    if (inode === undefined) throw hostError('EBADF')
    return inode
  }
}

/** Files by their full names. */
export type DiskState = ReadonlyMap<string, Buffer>

/** One thing that was done to the disk, or promised about it. */
export type DiskEvent =
  | { readonly kind: 'create'; readonly name: string; readonly inode: number }
  | { readonly kind: 'unlink'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | DiskWrite
  | { readonly kind: 'truncate'; readonly inode: number; readonly size: number }
  | { readonly kind: 'sync'; readonly inode: number; readonly eventsBefore: number }
  | { readonly kind: 'sync-directory' }
  | { readonly kind: 'acknowledge'; readonly value: number }

/** A write of some bytes at some place. */
export interface DiskWrite {
  readonly kind: 'write'
  readonly inode: number
  readonly position: number
  readonly bytes: Buffer
}

/** A content after a write, with zeros in a gap. */
export function written(
  content: Buffer,
  { position, bytes }: Omit<DiskWrite, 'kind' | 'inode'>,
): Buffer {
  const changed = Buffer.alloc(Math.max(content.length, position + bytes.length))
  content.copy(changed)
  bytes.copy(changed, position)
  return changed
}

/** A content cut or padded to a size. */
export function truncated(content: Buffer, size: number): Buffer {
  const changed = Buffer.alloc(size)
  content.copy(changed, 0, 0, Math.min(size, content.length))
  return changed
}

interface Inode {
  readonly id: number
  content: Buffer
}

const directoryInode: Inode = { id: 1, content: Buffer.alloc(0) }

function factsOf({ id, content }: Inode): HostFileFacts {
  return { device: 1, inode: id, size: content.length, isFile: id !== directoryInode.id }
}
