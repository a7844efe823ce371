/** A daemon, its writer, a witness and its watchers, and what may happen to them. */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { defaultLimits } from '../../../daemon/limits.ts'
import { transportLimits } from '../../../daemon/session/listener.ts'
import { memoryPair } from '../../../sdk/transport/memory.ts'
import { startDaemon, type TestDaemon } from '../../support/daemon.ts'
import { type Parsed, WireClient, WireFailure } from '../../support/wire-client.ts'
import { Gate } from './gated-transport.ts'
import { keyOf, placeOf, type State, stateOf, Truth } from './truth.ts'
import { Watcher, type Wish } from './watcher.ts'

/** One thing that happens. */
export type Step =
  | { readonly do: 'write'; readonly writes: readonly Write[]; readonly turns: number }
  | { readonly do: 'open'; readonly wish: Wish; readonly from: 'now' | 'snapshot' }
  | { readonly do: 'stall' | 'release' | 'check' | 'restart' | 'backup' | 'restore' }
  | { readonly do: 'break'; readonly watcher: number; readonly after: number }
  | { readonly do: 'compact'; readonly share: number }

/** One request of the writer; it may be refused. */
export type Write =
  | { readonly method: 'create' | 'update'; readonly id: string; readonly count: number }
  | { readonly method: 'delete' | 'restore' | 'archive' | 'purge'; readonly id: string }
  | { readonly method: 'publish' }
  | { readonly method: 'transact'; readonly ids: readonly string[]; readonly count: number }

const limits = { logTailMaxEvents: 8, eventsHeldMax: 25, bookmarkEveryMs: 60, drainMaxMs: 200 }

/** Everything of one run. */
export class World {
  readonly #t: TestContext
  #daemon: TestDaemon
  #writer: WireClient
  readonly #truth: Truth
  readonly #watchers: { readonly watcher: Watcher; gate: Gate }[] = []
  readonly #backups: { readonly path: string; readonly seq: number }[] = []
  #writing: Promise<unknown> = Promise.resolve()
  /** How many gaps were told, so that a run can be seen to have had some. */
  gaps = 0

  static async start(t: TestContext): Promise<World> {
    const daemon = await startDaemon(t, { limits })
    return new World(t, daemon, await daemon.connect())
  }

  private constructor(t: TestContext, daemon: TestDaemon, writer: WireClient) {
    this.#t = t
    this.#daemon = daemon
    this.#writer = writer
    this.#truth = new Truth(daemon.daemon.status().store.epoch)
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'write':
        return this.#write(step.writes, step.turns)
      case 'open':
        return this.#open(new Watcher(step.wish, this.#truth), step.from)
      case 'stall':
        for (const { gate } of this.#watchers) gate.close()
        return
      case 'release':
        for (const { gate } of this.#watchers) gate.open()
        return
      case 'break':
        return this.#break(step.watcher, step.after)
      case 'compact':
        return this.#compact(step.share)
      case 'restart':
        await this.#restart()
        return this.#reopen()
      case 'backup':
        return this.#backup()
      case 'restore':
        return this.#restore()
      case 'check':
        return this.check()
    }
  }

  /** Everybody has everything, and the witness and the store agree. */
  async check(): Promise<void> {
    await this.#writing
    for (const { gate } of this.#watchers) gate.open()
    for (const { watcher } of this.#watchers) {
      const { token } = await watcher.flush()
      await this.#witness()
      watcher.handle()
      watcher.assertWhole(placeOf(token).seq)
    }
    await this.#witness()
    const stored = new Map<string, State>()
    const lifecycle = ['active', 'archived', 'deleted']
    for (const type of ['Note', 'Tally']) {
      const { records } = await this.#writer.call('record/list', { type, lifecycle, limit: 1000 })
      for (const record of records) stored.set(keyOf(record), stateOf(record))
    }
    const { epoch, lastSeq: seq } = this.#truth
    assert.deepEqual(
      new Map([...this.#truth.at({ epoch, seq })].sort()),
      new Map([...stored].sort()),
    )
    this.gaps = this.#watchers.reduce((sum, { watcher }) => sum + watcher.gaps, 0)
  }

  async close(): Promise<void> {
    for (const { gate } of this.#watchers) gate.open()
    await this.#daemon.daemon.close()
  }

  async #write(writes: readonly Write[], turns: number): Promise<void> {
    await this.#writing
    this.#writing = Promise.all(writes.map((write) => this.#send(write)))
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
  }

  async #send(write: Write): Promise<void> {
    try {
      await this.#writer.call(methodOf(write), paramsOf(write))
    } catch (error) {
      if (!(error instanceof WireFailure) || error.error.code >= 50_000) throw error
    }
  }

  async #open(watcher: Watcher, from: 'now' | 'snapshot'): Promise<void> {
    if (this.#watchers.length >= watchersMax) return
    const entry = { watcher, gate: new Gate() }
    this.#watchers.push(entry)
    await watcher.open(await this.#connect(entry.gate), from)
  }

  async #connect(gate: Gate): Promise<WireClient> {
    const [server, end] = memoryPair(transportLimits(defaultLimits))
    this.#daemon.daemon.attach(gate.in(server))
    const client = new WireClient(end)
    await client.initialize()
    return client
  }

  /** The connection breaks after some messages; what came later is lost, and has to come again. */
  async #break(index: number, after: number): Promise<void> {
    const entry = this.#watchers[index % Math.max(1, this.#watchers.length)]
    if (entry === undefined) return
    await this.#witness()
    entry.watcher.handle(after)
    entry.watcher.handlePart(after % 4)
    entry.gate.open()
    await entry.watcher.client?.close()
    entry.gate = new Gate()
    await entry.watcher.open(await this.#connect(entry.gate), 'snapshot')
  }

  async #compact(share: number): Promise<void> {
    await this.#witness()
    const { token } = await this.#writer.call('daemon/status')
    const before = token.replace(/\d+$/, String(Math.floor(this.#truth.lastSeq * share)))
    await this.#writer.call('daemon/compact', { before })
  }

  async #restart(replace: () => void = () => {}): Promise<void> {
    await this.#writing
    await this.#witness()
    for (const { gate } of this.#watchers) gate.open()
    await this.#daemon.daemon.close()
    for (const { watcher } of this.#watchers) watcher.handle(watcher.wish.windowEvents)
    replace()
    this.#daemon = await startDaemon(this.#t, { limits, location: this.#daemon.location })
    this.#writer = await this.#daemon.connect()
  }

  async #reopen(): Promise<void> {
    for (const entry of this.#watchers) {
      entry.gate = new Gate()
      await entry.watcher.open(await this.#connect(entry.gate), 'snapshot')
    }
  }

  async #backup(): Promise<void> {
    await this.#writing
    // Seen before a later purge erases it: a restore brings it back.
    await this.#witness()
    const { path, token } = await this.#writer.call('daemon/backup')
    this.#backups.push({ path, seq: placeOf(token).seq })
  }

  async #restore(): Promise<void> {
    const backup = this.#backups.at(-1)
    const place = backup === undefined ? () => {} : () => this.#putInPlace(backup.path)
    await this.#restart(place)
    const { epoch } = this.#daemon.daemon.status().store
    if (backup !== undefined) {
      assert.notEqual(epoch, this.#truth.epoch, 'a restored backup begins a new epoch')
      this.#truth.fork(epoch, backup.seq)
      this.#backups.length = 0
    }
    await this.#reopen()
  }

  #putInPlace(path: string): void {
    copyFileSync(path, this.#daemon.location.databasePath)
  }

  /** Reads the log to its end, as pollers do. */
  async #witness(): Promise<void> {
    for (;;) {
      const { token } = await this.#writer.call('daemon/status')
      const after = token.replace(/\d+$/, String(this.#truth.lastSeq))
      if (placeOf(token).seq === this.#truth.lastSeq) return
      const { events, gap }: Parsed = await this.#writer.call('event/list', { after, limit: 1000 })
      assert.equal(gap, undefined)
      for (const event of events) this.#truth.add(event)
    }
  }
}

const watchersMax = 6

function methodOf({ method }: Write): string {
  if (method === 'publish') return 'event/publish'
  return `record/${method}`
}

function paramsOf(write: Write): object {
  switch (write.method) {
    case 'publish':
      return { topic: 'Build.finished', payload: 1 }
    case 'create':
      return { type: 'Note', id: write.id, data: { title: 'a', count: write.count } }
    case 'update':
      return { type: 'Note', id: write.id, set: { count: write.count }, force: true }
    case 'transact': {
      const { count, ids } = write
      const updates = ids.map((id) => ({
        op: 'update',
        type: 'Note',
        id,
        set: { count },
        force: true,
      }))
      return { operations: [{ op: 'create', type: 'Tally', data: { total: count } }, ...updates] }
    }
    default:
      return { type: 'Note', id: write.id, force: true }
  }
}
