import { devNull } from 'node:os'
import { type FileRole, HostFile } from './host-file.ts'
import { type HostIo, hostErrorCode, syncDirectoryOf } from './host-io.ts'

/**
 * The files of one open database, and whether they can still be trusted.
 *
 * After a failed sync nobody knows what is on disk: the kernel may have dropped the pages it could
 * not write and will report success the next time. So the first failure is kept as `fault`, and
 * from then on every write, sync and delete is refused until the database is opened anew and
 * recovers from what is there.
 */
export class HostDatabase {
  readonly path: string
  readonly readOnly: boolean
  /** The last host error below SQLite, to tell the cause behind its code. */
  lastError: unknown
  readonly #io: HostIo
  readonly #open = new Map<FileRole, HostFile>()
  #fault: Error | undefined
  #defersMainSync = false
  #hasDeferred = false
  /**
   * Whether files were made or deleted, by us or by a predecessor, that the directory on disk may
   * not know of.
   */
  #directoryIsUnsynced: boolean

  constructor(io: HostIo, options: { readonly path: string; readonly readOnly: boolean }) {
    this.#io = io
    this.path = options.path
    this.readOnly = options.readOnly
    this.#directoryIsUnsynced = !options.readOnly
  }

  /** The first failed sync or vanished file. */
  get fault(): Error | undefined {
    return this.#fault
  }

  file(role: FileRole): HostFile | undefined {
    return this.#open.get(role)
  }

  /**
   * Opens one of the files. A read-only database without a log is given an empty one, so that
   * nothing is created.
   */
  openFile(
    role: FileRole,
    how: { readonly create: boolean; readonly exclusive: boolean },
  ): HostFile {
    const path = this.pathOf(role)
    const absent = this.readOnly && role === 'wal' && this.#io.find(path) === undefined
    const file = new HostFile(this.#io, {
      path: absent ? devNull : path,
      role,
      access: this.readOnly ? 'read' : 'write',
      ...how,
    })
    if (how.create && !file.readOnly) this.#directoryIsUnsynced = true
    this.#open.set(role, file)
    return file
  }

  closeFile(file: HostFile): void {
    if (this.#open.get(file.role) === file) this.#open.delete(file.role)
    file.close()
  }

  /** Deletes one of the files; false if it was not there. */
  deleteFile(role: FileRole, options: { readonly thenSyncDirectory: boolean }): boolean {
    this.assertSound()
    if (this.readOnly) throw new Error(`${this.path} is open for reading only`)
    if (role === 'wal') this.beforeLogIsLost()
    try {
      this.#io.unlink(this.pathOf(role))
    } catch (error) {
      if (hostErrorCode(error) === 'ENOENT') return false
      throw error
    }
    this.#directoryIsUnsynced = true
    if (options.thenSyncDirectory) this.#poisonOnThrow(() => this.#syncDirectory())
    return true
  }

  pathOf(role: FileRole): string {
    return role === 'main' ? this.path : `${this.path}-${role}`
  }

  /** Throws the fault, if there is one. */
  assertSound(): void {
    if (this.#fault !== undefined) throw this.#fault
  }

  /**
   * SQLite's own sync of a file: at a commit in `full` mode, at the start of a log, in a
   * checkpoint.
   */
  sync(file: HostFile): void {
    this.assertSound()
    if (file.role === 'main' && this.#defersMainSync) {
      this.#hasDeferred = true
      return
    }
    file.flush()
    this.#poisonOnThrow(() => {
      file.sync()
      this.#syncDirectory()
    })
  }

  /** Puts the log on disk, blocking. */
  syncLog(): void {
    this.assertSound()
    const file = this.#open.get('wal')
    if (file === undefined || file.readOnly) return
    this.#poisonOnThrow(() => {
      this.#open.get('main')?.assertNotReplaced()
      file.sync()
      this.#syncDirectory()
    })
  }

  /** Puts the log on disk without blocking. */
  async syncLogAsync(): Promise<void> {
    await this.#syncAsync('wal')
  }

  /**
   * Runs a checkpoint whose sync of the main file is left to `syncMainAsync`.
   *
   * Until that is done the log is the only durable copy of the pages, so it must not be restarted,
   * cut or deleted: `beforeLogIsLost` sees to it.
   */
  withDeferredMainSync(checkpoint: () => void): void {
    this.#defersMainSync = true
    try {
      checkpoint()
    } finally {
      this.#defersMainSync = false
    }
  }

  /** Puts the main file on disk without blocking, if a checkpoint has left that to us. */
  async syncMainAsync(): Promise<void> {
    if (this.#hasDeferred) await this.#syncAsync('main')
  }

  /** To be called before the log's frames are overwritten, cut off or deleted. */
  beforeLogIsLost(): void {
    const main = this.#open.get('main')
    if (!this.#hasDeferred || main === undefined || !main.isUnsynced) return
    this.#poisonOnThrow(() => main.sync())
  }

  async #syncAsync(role: FileRole): Promise<void> {
    this.assertSound()
    const file = this.#open.get(role)
    if (file === undefined || file.readOnly) return
    try {
      this.#open.get('main')?.assertNotReplaced()
      await file.syncAsync()
      this.#syncDirectory()
    } catch (error) {
      throw this.#poison(error)
    }
    this.assertSound()
  }

  #syncDirectory(): void {
    if (!this.#directoryIsUnsynced) return
    syncDirectoryOf(this.#io, this.path)
    this.#directoryIsUnsynced = false
  }

  #poisonOnThrow(action: () => void): void {
    try {
      action()
    } catch (error) {
      throw this.#poison(error)
    }
  }

  #poison(error: unknown): Error {
    this.#fault ??= error instanceof Error ? error : new Error(String(error))
    return this.#fault
  }
}
