/** A daemon for the tests of plugins and of programs that use the SDK: in this process, gone without a trace. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { orionActions } from '../../plugins/orion/actions.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import type { Client } from '../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../sdk/client/connect.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { acquireOwnerLock } from '../../sdk/launch/owner-lock.ts'
import { locateStore, prepareStore, type StoreLocation } from '../../sdk/launch/store-location.ts'
import type { Claims } from '../../sdk/model.ts'
import type { Action } from '../../sdk/plugin/action.ts'
import type { Plugin } from '../../sdk/plugin/define-plugin.ts'
import type { ClientInfo } from '../../sdk/protocol/handshake.ts'
import { type Scope, scopes } from '../../sdk/protocol/schemas.ts'
import { CreateToken, type CreateTokenParams } from '../../sdk/protocol/tokens.ts'
import type { RecordType } from '../../sdk/record-type.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { Clock } from '../clock.ts'
import { loadConfig } from '../config.ts'
import { type Daemon, startDaemon } from '../daemon.ts'
import type { Limits } from '../limits.ts'
import { silentLog } from '../log.ts'
import type { LocalPlugin } from '../plugins/plugin-host-parts.ts'
import { transportLimits } from '../session/listener.ts'
import { nodeHostIo } from '../store/engine/host-io.ts'
import { loadEngine } from '../store/engine/load-engine.ts'
import { handlersSettled, pluginsRun } from './handlers-settled.ts'
import { handClock, type TestClock } from './test-clock.ts'

/** How a test's daemon is to be. */
export interface TestDaemonOptions {
  /** When time begins; by default 2026-01-01T00:00:00Z, so that every run is the same. */
  readonly now?: string
  /** Plugins that run in this process, and may do what they ask for. What they log goes to stderr. */
  readonly plugins?: readonly Plugin[]
  /** The settings of plugins, by their names, as `orion plugin add --set` would give them. */
  readonly settings?: { readonly [plugin: string]: JsonObject }
  /** Record types that are there from the first day, beside the bundled ones. */
  readonly types?: readonly RecordType[]
  /** Actions beside the bundled ones. */
  readonly actions?: readonly Action[]
  /** Bounds other than those of every daemon, by their names in docs/settings.md. */
  readonly limits?: Partial<Limits>
}

/** Who a client of a test is. */
export interface TestClientOptions {
  /** Whom it acts as; without a name it is the store's owner. Each has a token of its own, as in earnest. */
  readonly principal?: string
  /** What it may do; everything, unless said otherwise. */
  readonly scopes?: readonly Scope[]
  /** The record types it may do it with; all of them, unless said otherwise. */
  readonly types?: readonly string[]
  readonly client?: ClientInfo
  readonly claims?: Claims
}

/** A daemon in this process, with a store of its own that is deleted when it is closed. */
export interface TestDaemon extends AsyncDisposable {
  /** Its time: stands still until the test moves it. */
  readonly clock: TestClock
  /** A client of somebody; it is closed with the daemon. */
  client(options?: TestClientOptions): Promise<Client>
  /**
   * Resolves when the handlers of the plugins have handled everything that is committed, and everything that came of it.
   *
   * @throws Error that names the handler when one has not within `timeoutMs` of the machine's clock, by default 10 s.
   */
  settled(options?: { readonly timeoutMs?: number }): Promise<void>
  /** Ends the daemon and starts another on the same store, as after a crash or an upgrade. Clients come back by themselves. */
  restart(): Promise<void>
  /** Ends everything and deletes the store. Safe to repeat. */
  close(): Promise<void>
}

/**
 * Starts a daemon for a test: the real one, with every rule and limit, whose store is a temporary directory that nothing
 * is synced to, and whose clock the test moves by hand.
 *
 * @throws LaunchError or OrionError as any daemon that can't start, such as for types that do not fit together; Error for
 *   a plugin that does not start, with its reason.
 */
export async function testDaemon(options: TestDaemonOptions = {}): Promise<TestDaemon> {
  const place = temporaryPlace()
  try {
    const stage = new Stage(place.location, options)
    await stage.start()
    return new RunningTestDaemon(stage, place)
  } catch (error) {
    place.remove()
    throw error
  }
}

interface Place {
  readonly location: StoreLocation
  remove(): void
}

/** A directory that is gone with the daemon, or with the process if the test forgets. */
function temporaryPlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'orion-test-'))
  const location = locateStore({ store: join(directory, 'store'), cwd: directory, env: {} })
  const deleteAll = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', deleteAll)
  return {
    location,
    remove: () => {
      process.off('exit', deleteAll)
      deleteAll()
    },
  }
}

/** The store and its daemons, one after the other. */
class Stage {
  readonly clock: Clock & TestClock
  readonly #location: StoreLocation
  readonly #options: TestDaemonOptions
  #daemon: Daemon | undefined
  #transportLimits: ReturnType<typeof transportLimits> | undefined

  constructor(location: StoreLocation, options: TestDaemonOptions) {
    this.clock = handClock(options.now)
    this.#location = location
    this.#options = options
  }

  async start(): Promise<void> {
    const { types = [], actions = [], plugins = [], settings = {} } = this.#options
    prepareStore(this.#location)
    const lock = await acquireOwnerLock(this.#location.lockPath, { waitMs: lockWaitMs })
    if (lock === undefined) throw new Error('expected nobody else in the store of a test')
    const env = { ORION_ENGINE: process.env.ORION_ENGINE }
    const limits = { bookmarkEveryMs, ...this.#options.limits }
    const config = loadConfig({ storeDirectory: this.#location.directory, env, limits })
    this.#transportLimits = transportLimits(config.limits)
    const daemon = await startDaemon({
      location: this.#location,
      lock,
      engine: await loadEngine(config.engine, { io: unsynced }),
      config,
      log: silentLog,
      clock: this.clock,
      actions: [...orionActions, ...actions],
      bundledTypes: [...orionRecordTypes, ...types].map(({ definition }) => definition),
      localPlugins: withSettings(plugins, settings),
      listen: { on: 'none' },
    })
    this.#daemon = daemon
    try {
      await pluginsRun(daemon)
    } catch (error) {
      await this.stop('a plugin did not start')
      throw error
    }
  }

  async settled(timeoutMs: number): Promise<void> {
    await handlersSettled(this.#running, this.#options.plugins ?? [], timeoutMs)
  }

  /** One more connection to the daemon that runs now. */
  dial(): Transport {
    const [server, end] = memoryPair(this.#transportLimits)
    this.#running.attach(server)
    return end
  }

  get #running(): Daemon {
    if (this.#daemon !== undefined) return this.#daemon
    throw new Error('expected a daemon that is not closed')
  }

  async stop(reason: string): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = undefined
    await daemon?.close(reason)
  }
}

/** @throws Error for settings of a plugin that is not there. */
function withSettings(
  plugins: readonly Plugin[],
  settings: { readonly [plugin: string]: JsonObject },
): LocalPlugin[] {
  const names = plugins.map(({ name }) => name)
  const unknown = Object.keys(settings).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const there = names.length === 0 ? 'there are none' : `there are: ${names.join(', ')}`
    throw new Error(
      `settings: expected the name of a plugin of this test, got ${unknown}; ${there}`,
    )
  }
  return plugins.map((plugin) => {
    const own = Object.hasOwn(settings, plugin.name) ? settings[plugin.name] : undefined
    return own === undefined ? { plugin } : { plugin, settings: own }
  })
}

/** Nothing of a test outlives the machine, so nothing waits for its disk. */
const unsynced = {
  ...nodeHostIo,
  syncData: () => {},
  syncDataAsync: async () => {},
  sync: () => {},
}

const lockWaitMs = 10_000
/** Handlers tell how far they are at the next one: a test does not want to wait for it. */
const bookmarkEveryMs = 20
const settledMaxMs = 10_000

class RunningTestDaemon implements TestDaemon {
  readonly clock: TestClock
  readonly #stage: Stage
  readonly #place: Place
  readonly #clients = new Set<Client>()
  #closing: Promise<void> | undefined

  constructor(stage: Stage, place: Place) {
    this.clock = stage.clock
    this.#stage = stage
    this.#place = place
  }

  async client(options: TestClientOptions = {}): Promise<Client> {
    const { principal, scopes: held = scopes, types } = options
    const rights = { scopes: [...held], ...(types === undefined ? {} : { types: [...types] }) }
    const { client = { name: 'test', kind: 'script' }, claims } = options
    if (principal === undefined) return await this.#connect({ client, claims, narrow: rights })
    const token = await this.#tokenOf(principal, rights)
    return await this.#connect({ client, claims, token })
  }

  async settled({ timeoutMs = settledMaxMs } = {}): Promise<void> {
    await this.#stage.settled(timeoutMs)
  }

  async restart(): Promise<void> {
    if (this.#closing !== undefined) throw new Error('expected a daemon that is not closed')
    await this.#stage.stop('the test restarts it')
    await this.#stage.start()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    try {
      for (const client of this.#clients) await client.close()
      await this.#stage.stop('the test is over')
    } finally {
      this.#place.remove()
    }
  }

  /** Each principal proves who it is by something of its own, so that rules about who approves whom hold. */
  async #tokenOf(
    name: string,
    rights: Pick<CreateTokenParams, 'scopes' | 'types'>,
  ): Promise<string> {
    const owner = await this.#connect({ client: { name: 'test' } })
    try {
      return (await owner.request(CreateToken, { name, ...rights })).token
    } finally {
      this.#clients.delete(owner)
      await owner.close()
    }
  }

  async #connect(options: Omit<ConnectOptions, 'transport' | 'env'>): Promise<Client> {
    const transport = async (): Promise<Transport> => this.#stage.dial()
    const client = await connect({ ...options, transport, env: {} })
    this.#clients.add(client)
    return client
  }
}
