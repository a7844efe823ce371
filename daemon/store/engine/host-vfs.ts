import fs from 'node:fs'
import { guarded, type OpenFiles, writeFileMethods } from './file-methods.ts'
import { HostDatabase } from './host-database.ts'
import type { FileRole, HostFile } from './host-file.ts'
import type { HostIo } from './host-io.ts'
import { AccessFlag, LockLevel, OpenFlag, ResultCode } from './sqlite-codes.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

const namePrefix = '/orion/'

/**
 * A SQLite VFS that keeps databases on the host's file system.
 *
 *   SQLite (wasm) -- xOpen, xRead, xWrite, ... --> HostVfs --> HostDatabase --> HostFile --> HostIo (node:fs)
 * SQLite knows a database by a short name that `register` gives out, never by its path, so that a
 * path may have any length; the names of its log and journal follow from it. All other names are
 * left to the build's own VFS.
 *
 * Deliberately absent: shared memory and locks between connections. Every connection has its file
 * for itself (`locking_mode=EXCLUSIVE`), and then SQLite keeps the log's index in its heap. It
 * could not do otherwise without shared memory, and says so.
 *
 * No callback throws: an exception that unwinds SQLite's frames would leave it in pieces. Errors
 * become result codes, and the cause is kept in `HostDatabase.lastError`.
 */
export class HostVfs {
  readonly #io: HostIo
  readonly #databases = new Map<string, HostDatabase>()
  readonly #files: OpenFiles = new Map()
  #namesGiven = 0

  constructor(io: HostIo) {
    this.#io = io
  }

  /** Makes a path known. SQLite is to open it by the name returned. */
  register(
    path: string,
    readOnly: boolean,
  ): { readonly name: string; readonly database: HostDatabase } {
    const name = `${namePrefix}${this.#namesGiven}`
    this.#namesGiven += 1
    const database = new HostDatabase(this.#io, { path, readOnly })
    this.#databases.set(name, database)
    return { name, database }
  }

  /** Forgets a name. Its files must be closed. */
  unregister(name: string): void {
    this.#databases.delete(name)
  }

  /**
   * Puts the methods into SQLite's function table; the binding writes their indexes into a
   * `sqlite3_vfs`.
   *
   * @param base - The methods of the build's own VFS, for names that are not ours.
   */
  install(runtime: WasmRuntime, base: VfsMethods): VfsMethodIndexes {
    const { memory } = runtime
    const fileMethods = writeFileMethods(runtime, this.#files)
    return {
      xOpen: runtime.addFunction((vfs, zName, pFile, flags, pGranted) => {
        const named = zName === 0 ? undefined : this.#resolve(memory.readText(zName))
        if (named === undefined) return base.xOpen(vfs, zName, pFile, flags, pGranted)
        const { database } = named
        memory.writeWord(pFile, 0)
        return guarded(database, ResultCode.cannotOpen, () => {
          const file = this.#open(named, flags)
          this.#files.set(pFile, { database, file, lockLevel: LockLevel.none })
          memory.writeWord(pFile, fileMethods)
          if (pGranted !== 0) memory.writeWord(pGranted, grantedFlags(flags, file))
          return ResultCode.ok
        })
      }, 'iiiiii'),
      xDelete: runtime.addFunction((vfs, zName, withDirectory) => {
        const named = this.#resolve(memory.readText(zName))
        if (named === undefined) return base.xDelete(vfs, zName, withDirectory)
        const { database, role } = named
        return guarded(database, ResultCode.ioDelete, () => {
          const wasThere = database.deleteFile(role, { thenSyncDirectory: withDirectory !== 0 })
          return wasThere ? ResultCode.ok : ResultCode.ioDeleteNoEntry
        })
      }, 'iiii'),
      xAccess: runtime.addFunction((vfs, zName, question, pAnswer) => {
        const named = this.#resolve(memory.readText(zName))
        if (named === undefined) return base.xAccess(vfs, zName, question, pAnswer)
        return guarded(named.database, ResultCode.io, () => {
          memory.writeWord(pAnswer, this.#access(named, question) ? 1 : 0)
          return ResultCode.ok
        })
      }, 'iiiii'),
      xFullPathname: runtime.addFunction((vfs, zName, outBytes, pOut) => {
        const name = memory.readText(zName)
        if (this.#resolve(name) === undefined) {
          return base.xFullPathname(vfs, zName, outBytes, pOut)
        }
        if (name.length >= outBytes) return ResultCode.cannotOpen
        memory.bytes.write(`${name}\0`, pOut, 'latin1')
        return ResultCode.ok
      }, 'iiiii'),
    }
  }

  #resolve(name: string): NamedFile | undefined {
    if (!name.startsWith(namePrefix)) return undefined
    const dash = name.indexOf('-', namePrefix.length)
    const database = this.#databases.get(dash < 0 ? name : name.slice(0, dash))
    const role = dash < 0 ? 'main' : name.slice(dash + 1)
    return database !== undefined && isFileRole(role) ? { database, role } : undefined
  }

  #open({ database, role }: NamedFile, flags: number): HostFile {
    const file = database.openFile(role, {
      create: (flags & OpenFlag.create) !== 0,
      exclusive: (flags & OpenFlag.exclusive) !== 0,
    })
    if (role !== 'main' || !this.#isOpenElsewhere(file)) return file
    database.closeFile(file)
    throw new Error(`${file.path} is already open in this process`)
  }

  #isOpenElsewhere(file: HostFile): boolean {
    for (const { file: open } of this.#files.values()) {
      if (open.inode === file.inode && open.device === file.device) return true
    }
    return false
  }

  #access({ database, role }: NamedFile, question: number): boolean {
    const path = database.pathOf(role)
    if (question === AccessFlag.exists) {
      const facts = this.#io.find(path)
      return facts !== undefined && (!facts.isFile || facts.size > 0)
    }
    const { R_OK, W_OK } = fs.constants
    try {
      this.#io.access(path, question === AccessFlag.readWrite ? R_OK | W_OK : R_OK)
      return true
    } catch {
      return false // The question was whether it may be accessed; it may not.
    }
  }
}

/**
 * The methods of a `sqlite3_vfs` that take names. The rest (random bytes, time) is left as it is.
 */
export interface VfsMethods {
  xOpen(vfs: number, zName: number, pFile: number, flags: number, pGranted: number): number
  xDelete(vfs: number, zName: number, withDirectory: number): number
  xAccess(vfs: number, zName: number, question: number, pAnswer: number): number
  xFullPathname(vfs: number, zName: number, outBytes: number, pOut: number): number
}

/** The same as indexes in SQLite's function table. */
export type VfsMethodIndexes = { readonly [method in keyof VfsMethods]: number }

interface NamedFile {
  readonly database: HostDatabase
  readonly role: FileRole
}

function isFileRole(text: string): text is FileRole {
  return text === 'main' || text === 'wal' || text === 'journal'
}

function grantedFlags(asked: number, file: HostFile): number {
  if (!file.readOnly) return asked
  return (asked & ~(OpenFlag.readWrite | OpenFlag.create)) | OpenFlag.readOnly
}
