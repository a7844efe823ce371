import {
  Disposable,
  EventEmitter,
  type FileChangeEvent,
  FileChangeType,
  FilePermission,
  type FileStat,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  Uri,
  window,
  workspace,
} from 'vscode'
import { isOrionError } from '../../../../sdk/errors.ts'
import type { Event } from '../../../../sdk/model.ts'
import { GetRecord } from '../../../../sdk/protocol/records.ts'
import { editDocument, newDocument, rebased, versionNamed } from '../model/edit-document.ts'
import { problemLine, problemOf } from '../model/problem.ts'
import type { RecordAddress } from '../model/record-address.ts'
import { fieldsOf, saveRecord } from '../model/save-record.ts'
import { plainLine } from '../model/visible-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import type { Conflicts } from './conflicts.ts'
import { addressOf, editScheme } from './documents.ts'
import type { Stores } from './stores.ts'

/**
 * Records as files that can be edited. Saving is a compare-and-swap: the text names the version that it is based on, and whoever
 * was first is asked about, never overwritten.
 *
 * While a document has changes of its own, the record behind it seems to stand still: the editor’s own way of dealing with files
 * that changed on disk offers to overwrite them, and knows nothing of versions. A save finds out, and shows all three sides.
 */
export class RecordFiles implements FileSystemProvider, Disposable {
  readonly #stores: Stores
  readonly #conflicts: Conflicts
  readonly #emitter = new EventEmitter<FileChangeEvent[]>()
  readonly #registrations: Disposable[]
  /** What the editor was told last of documents that are open. */
  readonly #told = new Map<string, Told>()

  readonly onDidChangeFile = this.#emitter.event

  constructor(stores: Stores, conflicts: Conflicts) {
    this.#stores = stores
    this.#conflicts = conflicts
    this.#registrations = [
      workspace.registerFileSystemProvider(editScheme, this, { isCaseSensitive: true }),
      workspace.onDidCloseTextDocument(({ uri }) => this.#told.delete(uri.toString())),
      stores.onChange(({ session, event }) => this.#note(session, event)),
    ]
  }

  async stat(uri: Uri): Promise<FileStat> {
    const told = this.#told.get(uri.toString())
    if (told?.savedFrom !== undefined) {
      // The editor takes note of its own save. Then it reads the record again, and so learns which version it has now.
      setTimeout(() => this.#readAgain(uri, told), afterSaveMs)
      return statOf(told)
    }
    if (told !== undefined && isDirty(uri)) return statOf(told)
    return statOf(await this.#look(uri))
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    return (await this.#look(uri)).bytes
  }

  async writeFile(uri: Uri, content: Uint8Array): Promise<void> {
    const { session, address } = await this.#session(uri)
    const written = Buffer.from(content).toString('utf8')
    const text = this.#basedOnSave(uri, written)
    const outcome = await attempt(async () => await saveRecord(session.client, address, text))
    switch (outcome.kind) {
      case 'saved':
      case 'unchanged':
        this.#conflicts.settle(uri)
        this.#saved(uri, { content, version: outcome.version, from: versionNamed(written) ?? 0 })
        return
      case 'conflict': {
        const { current } = outcome.conflict
        void this.#conflicts.meet(uri, outcome.conflict)
        const who = plainLine(current.updatedBy, 60)
        throw FileSystemError.Unavailable(
          `${who} was first (version ${current.version}). Nothing was written, and your text is kept: merge, or take a side`,
        )
      }
      default:
        outcome satisfies never
    }
  }

  watch(): Disposable {
    // All records are followed as it is.
    return new Disposable(() => {})
  }

  readDirectory(): [string, FileType][] {
    return []
  }

  createDirectory(): never {
    throw FileSystemError.NoPermissions('records are no directories')
  }

  delete(): never {
    throw FileSystemError.NoPermissions('delete a record by the command Orion: Delete Record')
  }

  rename(): never {
    throw FileSystemError.NoPermissions('a record keeps its id')
  }

  dispose(): void {
    for (const one of this.#registrations) one.dispose()
    this.#emitter.dispose()
  }

  /** What was saved is what the editor is told of, until it has taken note of it. */
  #saved(
    uri: Uri,
    save: { readonly content: Uint8Array; readonly version: number; readonly from: number },
  ) {
    const { version, from: savedFrom } = save
    const changedAt = Math.max(Date.now(), (this.#told.get(uri.toString())?.changedAt ?? 0) + 1)
    const told = {
      version,
      bytes: Buffer.from(save.content),
      changedAt,
      isReadOnly: false,
      savedFrom,
    }
    this.#told.set(uri.toString(), told)
    setTimeout(() => this.#readAgain(uri, told), afterSaveMaxMs)
  }

  /** Who goes on typing before the editor has read again what it saved has built on that save, whatever the first line says. */
  #basedOnSave(uri: Uri, text: string): string {
    const told = this.#told.get(uri.toString())
    if (told?.savedFrom === undefined || told.savedFrom !== versionNamed(text)) return text
    return rebased(text, told.version)
  }

  #readAgain(uri: Uri, told: Told): void {
    if (this.#told.get(uri.toString()) !== told || isDirty(uri)) return
    const { savedFrom: _, ...rest } = told
    this.#told.set(uri.toString(), rest)
    this.#tellChange(uri)
  }

  /** Reads a record as the editor shall see it now. */
  async #look(uri: Uri): Promise<Told> {
    const { session, address } = await this.#session(uri)
    return await attempt(async () => {
      const { version, text, isReadOnly } = await documentOf(session, address)
      const key = uri.toString()
      const before = this.#told.get(key)
      const bytes = Buffer.from(text)
      const isSame = before?.bytes.equals(bytes) === true
      const changedAt = isSame
        ? before.changedAt
        : Math.max(Date.now(), (before?.changedAt ?? 0) + 1)
      const told = { version, bytes, changedAt, isReadOnly }
      this.#told.set(key, told)
      return told
    })
  }

  /** A document may be there before the connection: those of the last time are opened with the window. */
  async #session(
    uri: Uri,
  ): Promise<{ readonly session: StoreSession; readonly address: RecordAddress }> {
    const address = addressOf(uri)
    if (address === undefined || address.version !== undefined) {
      throw FileSystemError.FileNotFound(uri)
    }
    const session = await this.#stores.connected(address.store, connectMs)
    if (session !== undefined) return { session, address }
    throw FileSystemError.Unavailable('There is no connection to the store of this record.')
  }

  #note(session: StoreSession, event: Event | undefined): void {
    if (this.#told.size === 0) return
    for (const key of this.#told.keys()) {
      const uri = Uri.parse(key, true)
      const address = addressOf(uri)
      if (address?.store !== session.place.key) continue
      if (event !== undefined && (event.type !== address.type || event.id !== address.id)) continue
      if (!isDirty(uri)) this.#tellChange(uri)
      else if (event !== undefined) this.#warn(uri, event)
    }
  }

  /** Said once a version, in the status bar: who writes is not interrupted, and a save will ask. */
  #warn(uri: Uri, { version, actor }: Event): void {
    const told = this.#told.get(uri.toString())
    if (told === undefined || version === undefined || version <= told.version) return
    const who = plainLine(actor.principal, 60)
    window.setStatusBarMessage(
      `$(warning) ${who} has changed the record that you edit (version ${version}); saving will ask what to take`,
      warnMs,
    )
  }

  #tellChange(uri: Uri): void {
    this.#emitter.fire([{ type: FileChangeType.Changed, uri }])
  }
}

interface Told {
  readonly version: number
  readonly bytes: Buffer
  readonly changedAt: number
  readonly isReadOnly: boolean
  /** Of a save that the editor has not read again yet: the version that it was based on. */
  readonly savedFrom?: number
}

/** The editor takes note of its own save first; where it does not, it is told all the same. */
const afterSaveMs = 100
const afterSaveMaxMs = 2_000
/** How long a document waits for a connection, in milliseconds. */
const connectMs = 15_000
const warnMs = 10_000

function statOf({ bytes, changedAt, isReadOnly }: Told): FileStat {
  const stat = { type: FileType.File, ctime: 0, mtime: changedAt, size: bytes.byteLength }
  return isReadOnly ? { ...stat, permissions: FilePermission.Readonly } : stat
}

async function documentOf({ client }: StoreSession, { type, id }: RecordAddress) {
  const fields = await fieldsOf(client, type)
  try {
    const record = await client.request(GetRecord, { type, id })
    const text = editDocument(record, record.data, fields)
    // What was handed in is what others look at: it is taken back and proposed anew, never edited.
    const isReadOnly = type === 'Proposal' && record.data.status !== 'draft'
    return { version: record.version, text, isReadOnly }
  } catch (error) {
    if (!isOrionError(error, 'not_found')) throw error
    return { version: 0, text: newDocument(type, id, fields), isReadOnly: false }
  }
}

function isDirty(uri: Uri): boolean {
  const key = uri.toString()
  return workspace.textDocuments.some((one) => one.isDirty && one.uri.toString() === key)
}

/** What goes wrong is told as the editor tells it: after “Failed to save …”. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FileSystemError) throw error
    const issues = isOrionError(error, 'invalid_record') ? error.data.issues : []
    const where = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`)
    const told = plainLine([problemLine(problemOf(error)), ...where].join(' '), 800)
    throw isOrionError(error, 'not_found')
      ? FileSystemError.FileNotFound(told)
      : FileSystemError.Unavailable(told)
  }
}
