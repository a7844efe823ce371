import type { HostDatabase } from './host-database.ts'
import type { HostFile } from './host-file.ts'
import { isNoSpace } from './host-io.ts'
import { DeviceTrait, LockLevel, ResultCode } from './sqlite-codes.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

const structVersion = 1
const sectorBytes = 4096

/** The open files of a VFS, by the address of SQLite's `sqlite3_file`. */
export type OpenFiles = Map<number, OpenFile>

/**
 * An open file and the lock that SQLite believes to hold on it; nobody else is there to contend for
 * it.
 */
export interface OpenFile {
  readonly database: HostDatabase
  readonly file: HostFile
  lockLevel: number
}

/**
 * Writes a `sqlite3_io_methods` into SQLite's memory, for all files of a VFS, and returns its
 * address.
 *
 * Version 1 ends before the shared-memory methods: there are none, on purpose (see `HostVfs`).
 */
export function writeFileMethods(runtime: WasmRuntime, files: OpenFiles): number {
  const { memory } = runtime
  const answer = (signature: string, failure: number, action: FileAction<number>): number =>
    runtime.addFunction((pointer, a, b, c) => {
      const open = files.get(pointer)
      if (open === undefined) return ResultCode.misuse
      return guarded(open.database, failure, () => action(open, a, b, c))
    }, signature)
  const perform = (signature: string, failure: number, action: FileAction<void>): number =>
    answer(signature, failure, (open, a, b, c) => {
      action(open, a, b, c)
      return ResultCode.ok
    })
  const slots = [
    // xClose
    runtime.addFunction((pointer) => {
      const open = files.get(pointer)
      if (open === undefined) return ResultCode.ok
      files.delete(pointer)
      return guarded(open.database, ResultCode.ioClose, () => {
        open.database.closeFile(open.file)
        return ResultCode.ok
      })
    }, 'ii'),
    // xRead
    answer('iiiij', ResultCode.ioRead, ({ file }, target, length, position) => {
      const complete = file.read(memory.slice(target >>> 0, length), position)
      return complete ? ResultCode.ok : ResultCode.ioShortRead
    }),
    // xWrite
    perform('iiiij', ResultCode.ioWrite, ({ database, file }, source, length, position) => {
      database.assertSound()
      if (file.role === 'wal' && position === 0) database.beforeLogIsLost()
      file.write(memory.slice(source >>> 0, length), position)
    }),
    // xTruncate
    perform('iij', ResultCode.ioTruncate, ({ database, file }, size) => {
      database.assertSound()
      if (file.role === 'wal') database.beforeLogIsLost()
      file.truncate(size)
    }),
    // xSync
    perform('iii', ResultCode.ioSync, ({ database, file }) => database.sync(file)),
    // xFileSize
    perform('iii', ResultCode.io, ({ file }, target) => memory.writeInt64(target, file.size)),
    // xLock
    perform('iii', ResultCode.io, (open, level) => {
      open.lockLevel = Math.max(open.lockLevel, level)
    }),
    // xUnlock
    perform('iii', ResultCode.io, (open, level) => {
      open.lockLevel = Math.min(open.lockLevel, level)
    }),
    // xCheckReservedLock
    perform('iii', ResultCode.io, (open, target) => {
      memory.writeWord(target, open.lockLevel >= LockLevel.reserved ? 1 : 0)
    }),
    // xFileControl
    runtime.addFunction(() => ResultCode.notFound, 'iiii'),
    // xSectorSize
    runtime.addFunction(() => sectorBytes, 'ii'),
    // xDeviceCharacteristics
    runtime.addFunction(() => DeviceTrait.powersafeOverwrite | DeviceTrait.subpageRead, 'ii'),
  ]
  const struct = runtime.allocate(4 + 4 * slots.length)
  memory.writeWord(struct, structVersion)
  for (const [index, slot] of slots.entries()) memory.writeWord(struct + 4 + 4 * index, slot)
  return struct
}

/**
 * Runs what SQLite asked for and turns a throw into a result code, keeping the cause. A full disk
 * is told apart, because SQLite rolls back and goes on after it.
 */
export function guarded(database: HostDatabase, failure: number, action: () => number): number {
  try {
    return action()
  } catch (error) {
    database.lastError = error
    return isNoSpace(error) ? ResultCode.full : failure
  }
}

type FileAction<Result> = (open: OpenFile, a: number, b: number, c: number) => Result
