/** A file whose writes are kept in memory until they are synced, as the cache of a disk keeps them. */
import type fs from 'node:fs'

type RealFs = Pick<
  typeof fs,
  'fstatSync' | 'readSync' | 'writeSync' | 'ftruncateSync' | 'fdatasyncSync'
>

type Change =
  | { readonly kind: 'write'; readonly bytes: Buffer; readonly position: number }
  | { readonly kind: 'truncate'; readonly size: number }

const sectorBytes = 512
/** How often a write begins to reach the disk before anybody asked for it. */
const soonerShare = 0.2

/** The file behind one or more descriptors. With `keeps` false everything goes to the disk at once. */
export class VolatileFile {
  readonly #fs: RealFs
  readonly #keeps: boolean
  readonly #identity: { readonly dev: number; readonly ino: number }
  #changes: Change[] = []
  #size: number

  constructor(real: RealFs, fd: number, keeps: boolean) {
    this.#fs = real
    this.#keeps = keeps
    const { dev, ino, size } = real.fstatSync(fd)
    this.#identity = { dev, ino }
    this.#size = size
  }

  /** How many changes are not on disk. */
  get pending(): number {
    return this.#changes.length
  }

  /** Its size as the running program sees it; undefined when the disk has the same. */
  get size(): number | undefined {
    return this.#changes.length === 0 ? undefined : this.#size
  }

  isSame({ dev, ino }: { readonly dev: number; readonly ino: number }): boolean {
    return dev === this.#identity.dev && ino === this.#identity.ino
  }

  read(fd: number, bytes: Uint8Array, position: number): number {
    if (this.#changes.length === 0) return this.#fs.readSync(fd, bytes, 0, bytes.length, position)
    const end = Math.min(position + bytes.length, this.#size)
    if (end <= position) return 0
    const wanted = bytes.subarray(0, end - position)
    wanted.fill(0)
    for (let got = 0; got < wanted.length; ) {
      const more = this.#fs.readSync(fd, wanted, got, wanted.length - got, position + got)
      if (more === 0) break
      got += more
    }
    for (const change of this.#changes) {
      if (change.kind === 'write') overlay(wanted, position, change)
      else if (change.size < end) wanted.fill(0, Math.max(0, change.size - position))
    }
    return wanted.length
  }

  write(fd: number, bytes: Uint8Array, position: number): number {
    if (!this.#keeps) return this.#fs.writeSync(fd, bytes, 0, bytes.length, position)
    this.#noteSize(fd)
    const kept = Buffer.from(bytes)
    this.#changes.push({ kind: 'write', bytes: kept, position })
    this.#size = Math.max(this.#size, position + kept.length)
    if (Math.random() < soonerShare) this.#writeSectors(fd, kept, position)
    return kept.length
  }

  truncate(fd: number, size: number): void {
    if (!this.#keeps) {
      this.#fs.ftruncateSync(fd, size)
      return
    }
    this.#noteSize(fd)
    this.#changes.push({ kind: 'truncate', size })
    this.#size = size
  }

  /** Puts the oldest changes on disk, so many of them. */
  writeFirst(fd: number, count: number): void {
    for (const change of this.#changes.splice(0, count)) {
      if (change.kind === 'truncate') this.#fs.ftruncateSync(fd, change.size)
      else this.#writeWhole(fd, change.bytes, change.position)
    }
    // What had reached the disk sooner may have been written over just now by something older.
  }

  writeAll(fd: number): void {
    this.writeFirst(fd, this.#changes.length)
  }

  #noteSize(fd: number): void {
    if (this.#changes.length === 0) this.#size = this.#fs.fstatSync(fd).size
  }

  #writeWhole(fd: number, bytes: Buffer, position: number): void {
    for (let put = 0; put < bytes.length; ) {
      put += this.#fs.writeSync(fd, bytes, put, bytes.length - put, position + put)
    }
  }

  #writeSectors(fd: number, bytes: Buffer, position: number): void {
    for (let start = 0; start < bytes.length; ) {
      const sectorEnd = (Math.floor((position + start) / sectorBytes) + 1) * sectorBytes
      const end = Math.min(bytes.length, sectorEnd - position)
      if (Math.random() < 0.5) this.#writeWhole(fd, bytes.subarray(start, end), position + start)
      start = end
    }
  }
}

function overlay(
  wanted: Uint8Array,
  position: number,
  change: { readonly bytes: Buffer; readonly position: number },
): void {
  const from = Math.max(position, change.position)
  const to = Math.min(position + wanted.length, change.position + change.bytes.length)
  if (from >= to) return
  const part = change.bytes.subarray(from - change.position, to - change.position)
  wanted.set(part, from - position)
}
