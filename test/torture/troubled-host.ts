/**
 * What a daemon under torture is preloaded with: between it and Node's own file system it makes trouble when it is told
 * to. The daemon itself is the one that is installed, and knows nothing of this.
 *
 * On a volatile disk (`ORION_TORTURE_DISK=volatile`) what is written to the store's files lies in this process until it
 * is synced: a SIGKILL is a power cut then. Some of it reaches the disk sooner, in parts of sectors, as on a real one.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { VolatileFile } from './volatile-file.ts'

/** What a daemon can be told to suffer, by a message. */
export type Trouble =
  | { readonly kind: 'write fails' | 'sync fails'; readonly code: string; readonly forMs: number }
  | { readonly kind: 'clock jumps'; readonly byMs: number }

const storeFiles = /^store\.sqlite(-wal)?$/
const real = { ...fs }
const isVolatile = process.env.ORION_TORTURE_DISK === 'volatile'
/** The store's files that are open, by descriptor. */
const open = new Map<number, VolatileFile>()
const byPath = new Map<string, VolatileFile>()
let failing: { kind: Trouble['kind']; code: string; untilMs: number } | undefined

function failIf(kind: Trouble['kind']): void {
  if (failing?.kind !== kind || performance.now() > failing.untilMs) return
  throw Object.assign(new Error(`${failing.code}: injected, ${kind}`), { code: failing.code })
}

function fileAt(path: string, fd: number): VolatileFile {
  const known = byPath.get(path)
  if (known?.isSame(real.fstatSync(fd))) return known
  const file = new VolatileFile(real, fd, isVolatile)
  byPath.set(path, file)
  return file
}

const changed = {
  openSync(path: fs.PathLike, ...rest: [fs.OpenMode, fs.Mode?]): number {
    const fd = real.openSync(path, ...rest)
    if (storeFiles.test(basename(String(path)))) open.set(fd, fileAt(String(path), fd))
    return fd
  },
  closeSync(fd: number): void {
    // Whoever opens the file next sees what was written, synced or not.
    open.get(fd)?.writeAll(fd)
    open.delete(fd)
    real.closeSync(fd)
  },
  readSync(fd: number, bytes: Uint8Array, ...rest: [number, number, number]): number {
    const file = open.get(fd)
    if (file === undefined) return real.readSync(fd, bytes, ...rest)
    const [offset, length, position] = rest
    return file.read(fd, bytes.subarray(offset, offset + length), position)
  },
  writeSync(fd: number, bytes: Uint8Array, ...rest: [number, number, number]): number {
    const file = open.get(fd)
    if (file === undefined) return real.writeSync(fd, bytes, ...rest)
    failIf('write fails')
    const [offset, length, position] = rest
    return file.write(fd, bytes.subarray(offset, offset + length), position)
  },
  ftruncateSync(fd: number, size: number): void {
    const file = open.get(fd)
    if (file === undefined) {
      real.ftruncateSync(fd, size)
      return
    }
    failIf('write fails')
    file.truncate(fd, size)
  },
  fdatasyncSync(fd: number): void {
    failIfStore(fd)
    open.get(fd)?.writeAll(fd)
    real.fdatasyncSync(fd)
  },
  fsyncSync(fd: number): void {
    failIfStore(fd)
    open.get(fd)?.writeAll(fd)
    real.fsyncSync(fd)
  },
  fdatasync(fd: number, done: (error: Error | null) => void): void {
    try {
      failIfStore(fd)
    } catch (error) {
      setImmediate(() => done(error instanceof Error ? error : new Error(String(error))))
      return
    }
    const file = open.get(fd)
    if (file === undefined) {
      real.fdatasync(fd, done)
      return
    }
    const count = file.pending
    const finish = (): void => {
      file.writeFirst(fd, count)
      real.fdatasync(fd, done)
    }
    if (isVolatile) setTimeout(finish, Math.random() * 5)
    else finish()
  },
  fstatSync(fd: number, options?: fs.StatOptions): fs.Stats | fs.BigIntStats {
    const stats = real.fstatSync(fd, options)
    const size = open.get(fd)?.size
    if (size === undefined || typeof stats.size === 'bigint') return stats
    return Object.assign(stats, { size })
  },
  statSync(path: fs.PathLike, options?: fs.StatSyncOptions): fs.Stats | fs.BigIntStats | undefined {
    const stats = real.statSync(path, options)
    const size = byPath.get(String(path))?.size
    if (stats === undefined || size === undefined || typeof stats.size === 'bigint') return stats
    return Object.assign(stats, { size })
  },
  unlinkSync(path: fs.PathLike): void {
    byPath.delete(String(path))
    real.unlinkSync(path)
  },
}

function failIfStore(fd: number): void {
  if (open.has(fd)) failIf('sync fails')
}

Object.assign(fs, changed)
syncBuiltinESMExports()

const now = Date.now.bind(Date)
let jumpedMs = 0
Date.now = () => now() + jumpedMs

process.on('message', (trouble: Trouble) => {
  if (trouble.kind === 'clock jumps') jumpedMs += trouble.byMs
  else failing = { ...trouble, untilMs: performance.now() + trouble.forMs }
})
// It lives no longer than whoever tortures it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.channel?.unref()
