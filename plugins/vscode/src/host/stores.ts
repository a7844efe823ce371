import { dirname } from 'node:path'
import {
  commands,
  type Disposable,
  EventEmitter,
  type ExtensionContext,
  RelativePattern,
  Uri,
  workspace,
} from 'vscode'
import type { Event } from '../../../../sdk/model.ts'
import { environmentForDaemon } from '../model/orion-program.ts'
import type { Problem } from '../model/problem.ts'
import { type StorePlace, storePlaces } from '../model/store-places.ts'
import type { SummaryNews } from '../model/store-summary.ts'
import { StoreSession } from '../views/store-session.ts'
import { storeOpener } from './open-store.ts'
import { readSettings } from './settings.ts'

/**
 * What the window as a whole has to say, beside its stores: nobody trusts it, there is no folder, no store, or all is well.
 * The welcome texts of the views go by it.
 */
export type Face = 'untrusted' | 'noFolder' | 'noStore' | 'off' | 'problem' | 'connecting' | 'ready'

/**
 * The stores of the window’s folders, each with one session. Folders come and go, stores appear, trust is given: it follows.
 * Before trust is given nothing is looked for, connected to or started.
 */
export class Stores implements Disposable {
  readonly #context: ExtensionContext
  readonly #sessions = new Map<string, StoreSession>()
  readonly #stateEmitter = new EventEmitter<void>()
  readonly #changeEmitter = new EventEmitter<StoreChange>()
  readonly #newsEmitter = new EventEmitter<StoreNews>()
  readonly #report: (error: unknown) => void
  readonly #watchers = new Map<string, Disposable>()
  readonly #registrations: Disposable[] = []
  #places: readonly StorePlace[] = []
  #problems: readonly Problem[] = []
  /** Stores that somebody wants although they are not there yet, or although nothing is to be connected to by itself. */
  readonly #wanted = new Set<string>()

  /** The connection of a store, or which stores there are, has changed. */
  readonly onState = this.#stateEmitter.event
  /** Something happened to records. */
  readonly onChange = this.#changeEmitter.event
  /** A summary was read anew. */
  readonly onNews = this.#newsEmitter.event

  constructor(context: ExtensionContext, report: (error: unknown) => void) {
    this.#context = context
    this.#report = report
  }

  /** Begins to follow the window. */
  start(): void {
    this.#registrations.push(
      workspace.onDidChangeWorkspaceFolders(() => this.look()),
      workspace.onDidGrantWorkspaceTrust(() => this.look()),
      workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('orion.store')) this.look()
        if (change.affectsConfiguration('orion.program')) this.retry()
      }),
    )
    this.look()
  }

  /** The sessions, in the order of the folders. */
  get sessions(): readonly StoreSession[] {
    return this.#places.flatMap(({ key }) => this.#sessions.get(key) ?? [])
  }

  /** Stores that could be made. */
  get absent(): readonly StorePlace[] {
    return this.#places.filter(({ key }) => !this.#sessions.has(key))
  }

  /** What the window as a whole has to say. */
  get face(): Face {
    if (!workspace.isTrusted) return 'untrusted'
    const { sessions } = this
    if (sessions.length > 0) {
      if (sessions.length > 1 || sessions.some(({ isReady }) => isReady)) return 'ready'
      const kind = sessions[0]?.link.state.kind
      return kind === 'failed' ? 'problem' : kind === 'connecting' ? 'connecting' : 'ready'
    }
    if (this.#problems.length > 0) return 'problem'
    if (this.#places.length === 0) return 'noFolder'
    return this.#places.some(({ exists }) => exists) ? 'off' : 'noStore'
  }

  /** What is wrong, if the face is a problem. */
  get problem(): Problem | undefined {
    for (const { link } of this.sessions)
      if (link.state.kind === 'failed') return link.state.problem
    return this.#problems[0]
  }

  /** The session of a store by its key. */
  find(key: string): StoreSession | undefined {
    return this.#sessions.get(key)
  }

  /** The session of a store once it is connected; undefined when it is not within the time, in milliseconds. */
  async connected(key: string, timeoutMs: number): Promise<StoreSession | undefined> {
    const look = (): StoreSession | undefined => {
      const session = this.find(key)
      return session?.link.client === undefined ? undefined : session
    }
    const there = look()
    if (there !== undefined || !workspace.isTrusted) return there
    return await new Promise((resolve) => {
      const settle = (): void => {
        registration.dispose()
        clearTimeout(timer)
        resolve(look())
      }
      const timer = setTimeout(settle, timeoutMs)
      const registration = this.onState(() => {
        if (look() !== undefined) settle()
      })
    })
  }

  /** Connects to a store although it is not there yet: the daemon makes it. */
  want(place: StorePlace): void {
    this.#wanted.add(place.key)
    this.look()
  }

  /** A person wants connections now. */
  retry(): void {
    for (const place of this.#places) if (place.exists) this.#wanted.add(place.key)
    this.look()
    for (const { link } of this.sessions) void link.retry()
  }

  /** Ends the connection of a store and makes another, as who the person is now. */
  async reopen(key: string): Promise<void> {
    const session = this.#sessions.get(key)
    this.#sessions.delete(key)
    this.#wanted.add(key)
    await session?.close()
    this.look()
  }

  /** Looks which stores there are now, and connects to them. */
  look(): void {
    if (workspace.isTrusted) this.#lookAtFolders()
    this.#tellState()
  }

  dispose(): void {
    for (const one of [...this.#registrations, ...this.#watchers.values()]) one.dispose()
    for (const session of this.#sessions.values()) void session.close()
    this.#sessions.clear()
    for (const emitter of [this.#stateEmitter, this.#changeEmitter, this.#newsEmitter])
      emitter.dispose()
  }

  /** Ends all connections; resolves when they are closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()))
  }

  #tellState(): void {
    void commands.executeCommand('setContext', 'orion.face', this.face)
    void commands.executeCommand('setContext', 'orion.problem', this.problem?.kind)
    this.#stateEmitter.fire()
  }

  #lookAtFolders(): void {
    const folders = (workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === 'file')
      .map(({ uri, name }) => ({ path: uri.fsPath, name, store: readSettings(uri).store }))
    const { places, problems } = storePlaces(folders, environmentForDaemon(process.env))
    this.#places = places
    this.#problems = problems
    for (const [key, session] of this.#sessions) {
      if (places.some((place) => place.key === key)) continue
      this.#sessions.delete(key)
      void session.close()
    }
    for (const place of places) {
      const connects = place.exists && readSettings(Uri.file(place.folder)).connect
      if (this.#sessions.has(place.key) || !(connects || this.#wanted.has(place.key))) continue
      this.#begin(place)
    }
    this.#watch(places)
  }

  #begin(place: StorePlace): void {
    const session = new StoreSession(place, {
      open: storeOpener(place, this.#context),
      intervalMs: readSettings(Uri.file(place.folder)).refreshMs,
      listener: {
        onState: () => this.#tellState(),
        onSummary: (from, news) => this.#newsEmitter.fire({ session: from, news }),
        onChange: (from, event) => this.#changeEmitter.fire({ session: from, event }),
        onError: this.#report,
      },
    })
    this.#sessions.set(place.key, session)
    void session.link.start()
  }

  /** A store that appears (`orion run` made it) is connected to at once. */
  #watch(places: readonly StorePlace[]): void {
    const absent = new Set(places.filter(({ exists }) => !exists).map(({ directory }) => directory))
    for (const [directory, watcher] of this.#watchers) {
      if (absent.delete(directory)) continue
      watcher.dispose()
      this.#watchers.delete(directory)
    }
    for (const directory of absent) {
      const pattern = new RelativePattern(Uri.file(dirname(directory)), '.orion')
      const watcher = workspace.createFileSystemWatcher(pattern, false, true, true)
      watcher.onDidCreate(() => this.look())
      this.#watchers.set(directory, watcher)
    }
  }
}

/** Something happened to records of a store; without an event, anything may have. */
export interface StoreChange {
  readonly session: StoreSession
  readonly event: Event | undefined
}

/** A store’s summary was read anew. */
export interface StoreNews {
  readonly session: StoreSession
  readonly news: SummaryNews
}
