/**
 * The composition root: builds the parts of a daemon and owns the order in which they start and stop.
 *
 * ```
 * start: lock -> store -> bus -> sessions -> listener -> discovery file
 * stop:  discovery file -> listener -> sessions (drained) -> bus -> store -> lock
 * ```
 */

import { join } from 'node:path'
import { counted } from '../sdk/counted.ts'
import { type Instant, instantFromMicros } from '../sdk/instant.ts'
import { type DaemonFiles, newInstanceId, openDaemonFiles } from '../sdk/launch/daemon-files.ts'
import { messageOf } from '../sdk/launch/launch-error.ts'
import type { OwnerLock } from '../sdk/launch/owner-lock.ts'
import type { Environment, StoreLocation } from '../sdk/launch/store-location.ts'
import type { Action } from '../sdk/plugin/action.ts'
import type { DaemonStatusResult } from '../sdk/protocol/daemon.ts'
import { protocolRange } from '../sdk/protocol/handshake.ts'
import type { RecordTypeDefinition } from '../sdk/record-type.ts'
import type { Transport } from '../sdk/transport/transport.ts'
import { VERSION } from '../sdk/version.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { openPlugins } from './daemon-plugins.ts'
import { servicesOf } from './daemon-services.ts'
import { EventBus } from './events/event-bus.ts'
import { copyVerifier, fileInspector, type InspectFile } from './file-inspector.ts'
import { approverFileName } from './governance/approver.ts'
import { Governance } from './governance/governance.ts'
import { CloseStack } from './lifecycle/close-stack.ts'
import { IdleExit } from './lifecycle/idle-exit.ts'
import { keepLogShort } from './lifecycle/log-rotation.ts'
import { fileInPlace, type OwnThing, watchOwnThings } from './lifecycle/self-check.ts'
import { Shutdown } from './lifecycle/shutdown.ts'
import type { Log } from './log.ts'
import { type OpenedStore, openOrMaintain, warningsOf } from './opened-store.ts'
import type { PluginHost } from './plugins/plugin-host.ts'
import type { LocalPlugin } from './plugins/plugin-host-parts.ts'
import { AccessTokens } from './session/access/access-tokens.ts'
import { tokenFileName } from './session/access/token-file.ts'
import type { Channel } from './session/channel.ts'
import { listen } from './session/listener.ts'
import type { Session } from './session/session.ts'
import { SessionRegistry } from './session/session-registry.ts'
import type { Engine } from './store/engine/engine.ts'
import type { StoreApi } from './store/store-api.ts'
import { StoreMemory } from './store/store-memory.ts'
import type { StoreOptions } from './store/store-options.ts'
import { Upkeep } from './upkeep.ts'

/** What a daemon is started with. */
export interface DaemonOptions {
  readonly location: StoreLocation
  /** The daemon's from now on: released when it has ended, or could not start. */
  readonly lock: OwnerLock
  readonly engine: Engine
  readonly config: Config
  readonly log: Log
  readonly clock?: Clock
  /** Types that are there from the first day. */
  readonly bundledTypes: readonly RecordTypeDefinition[]
  /** What can be done by name; no two of one name. */
  readonly actions: readonly Action[]
  /** The user's directory for what outlives stores; without it a store that was put back is not always noticed. */
  readonly stateDirectory?: string | undefined
  /** Plugins that run inside this process and may do what they ask for; for tests. */
  readonly localPlugins?: readonly LocalPlugin[]
  /** A daemon that lives for a moment starts no plugin before it is needed. */
  readonly startsPlugins?: 'at once' | 'when needed'
  /** What inspects copies of the store; by default a process of this installation. */
  readonly inspect?: InspectFile
  /**
   * `socket` listens and makes the daemon findable, with run-time files where the environment says; `none`
   * serves only what is attached.
   */
  readonly listen: { readonly on: 'socket'; readonly env: Environment } | { readonly on: 'none' }
}

/** A daemon that serves one store. */
export interface Daemon extends AsyncDisposable {
  readonly instanceId: string
  /** The socket it listens on; undefined when it does not. */
  readonly socketPath: string | undefined
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>
  /** Whether it has ended, or is about to, so that another one opens the store anew in its place. */
  begunAnew(): boolean
  /** Serves a transport; by default as one of this process, which needs no token. */
  attach(transport: Transport, channel?: Channel): Session
  status(): DaemonStatusResult
  /** Ends it: drains within the limit, closes everything, releases the lock. Idempotent. */
  close(reason?: string): Promise<void>
}

/**
 * Starts a daemon; it serves when this resolves.
 *
 * @throws OrionError or LaunchError when a part can't start; everything that was opened is closed then.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const stack = new CloseStack(options.log)
  const told: Told = { because: () => undefined }
  stack.push('owner lock', () => {
    options.lock.noteEnd(told.because() ?? 'it was closed')
    options.lock.release()
  })
  try {
    return await compose(options, stack, told)
  } catch (error) {
    told.because = () => `it could not start: ${messageOf(error)}`
    await stack.close()
    throw error
  }
}

/** What the owner's note says of the end. */
interface Told {
  because: () => string | undefined
}

async function compose(options: DaemonOptions, stack: CloseStack, told: Told): Promise<Daemon> {
  const { config, log, clock = systemClock } = options
  const files = await openFiles(options)
  const work = { changed: () => {} }
  const tokens = openTokens(options, stack)
  const inspect = options.inspect ?? fileInspector(options.engine.name)
  // The next client starts a daemon that opens the store again, and learns what was stored.
  const onFailure = (failure: Error): void =>
    void shutdown.begin(`the store failed: ${failure.message}`)
  const opened = await openOrMaintain(
    { ...storeOptionsOf(options, inspect), onFailure, onWork: () => work.changed() },
    files !== undefined,
  )
  const { store } = opened
  stack.push('store', () => store.close())
  const bus = new EventBus(store, { clock, log })
  stack.push('events', () => bus.close())
  const plugins = openPlugins(options, { opened, clock }, stack)
  const governance = openGovernance(options, { store, clock, plugins }, stack)
  const shutdown = new Shutdown({ stack, log, retryAfterMs: retryAfterEndMs })
  told.because = () => shutdown.reason
  const birth = birthOf(files, clock)
  let webSocketUrl: string | undefined
  const status = (): DaemonStatusResult =>
    statusOf(birth, {
      webSocketUrl,
      opened,
      clock,
      connections: sessions.status(),
      plugins: plugins.status(),
      aliveBecause: idle.aliveBecause(),
    })
  const reopen = (reason: string): void => void shutdown.begin(reason, 'anew')
  const upkeep = new Upkeep({ ...options, ...options.location, opened, inspect, reopen })
  const services = servicesOf(
    { opened, bus, governance, plugins, tokens, clock, shutdown, status, upkeep, ...birth },
    options,
  )
  const sessions = new SessionRegistry(services, () => idle.changed())
  stack.push('sessions', () => sessions.drain(shutdown.closing, config.limits.drainMaxMs))
  const idle = new IdleExit({
    idleExitMs: files === undefined ? 0 : config.limits.idleExitMs,
    reasons: () => reasonsToLive(sessions, store),
    onIdle: () => void shutdown.begin('nobody needed it'),
  })
  work.changed = () => idle.changed()
  stack.push('idle timer', () => idle.close())
  const attach: Daemon['attach'] = (transport, channel = { kind: 'memory' }) =>
    sessions.attach(transport, channel)
  if (files !== undefined) {
    webSocketUrl = await serveWebSockets({ options, tokens, attach }, stack)
    await serveSocket({ files, store, attach, options, birth, webSocketUrl }, stack)
  }
  plugins.start((transport, seat) => void attach(transport, { kind: 'plugin', seat }))
  watchOver({ options, files, shutdown }, stack)
  const { instanceId, socketPath } = birth
  const { directory: storeDirectory } = options.location
  log.info('the daemon serves', { store: storeDirectory, instanceId, socketPath, webSocketUrl })
  const close = (reason = 'it was closed'): Promise<void> => shutdown.begin(reason)
  return {
    instanceId,
    socketPath,
    ended: shutdown.ended,
    begunAnew: () => shutdown.anew,
    attach,
    status,
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

function openTokens({ location, config, log, clock }: DaemonOptions, stack: CloseStack) {
  const path = join(location.directory, tokenFileName)
  const tokens = new AccessTokens({ path, clock: clock ?? systemClock, limits: config.limits, log })
  stack.push('access tokens', () => tokens.close())
  return tokens
}

function openGovernance(
  { actions, config, location, log }: DaemonOptions,
  parts: { readonly store: StoreApi; readonly clock: Clock; readonly plugins: PluginHost },
  stack: CloseStack,
): Governance {
  const approverPath = join(location.directory, approverFileName)
  const { hooks, actions: pluginActions } = parts.plugins
  const brought = { hooks, pluginActions }
  const governance = new Governance({ ...config, ...parts, ...brought, actions, approverPath, log })
  stack.push('governance', () => governance.close())
  return governance
}

/** What is fixed when a daemon starts. */
interface Birth {
  readonly instanceId: string
  readonly startedAt: Instant
  readonly startedMs: number
  readonly socketPath: string | undefined
}

function birthOf(files: DaemonFiles | undefined, clock: Clock): Birth {
  return {
    instanceId: files?.instanceId ?? newInstanceId(),
    startedAt: instantFromMicros(clock.nowMicros()),
    startedMs: clock.monotonicMs(),
    socketPath: files?.socketPath,
  }
}

interface StatusParts extends Pick<DaemonStatusResult, 'connections' | 'aliveBecause' | 'plugins'> {
  readonly webSocketUrl: string | undefined
  readonly opened: OpenedStore
  readonly clock: Clock
}

function statusOf(birth: Birth, parts: StatusParts): DaemonStatusResult {
  const { opened, clock, connections, aliveBecause, webSocketUrl, plugins } = parts
  const { store } = opened
  const { socketPath } = birth
  return {
    version: VERSION,
    instanceId: birth.instanceId,
    pid: process.pid,
    startedAt: birth.startedAt,
    uptimeMs: Math.round(clock.monotonicMs() - birth.startedMs),
    mode: socketPath === undefined ? 'in-process' : 'daemon',
    ...(socketPath === undefined ? {} : { socket: socketPath }),
    ...(webSocketUrl === undefined ? {} : { websocket: webSocketUrl }),
    ...store.status(),
    token: store.token(),
    floor: store.floor(),
    connections,
    plugins,
    aliveBecause,
    warnings: warningsOf(opened),
    memoryBytes: process.memoryUsage.rss(),
  }
}

function storeOptionsOf(options: DaemonOptions, inspect: InspectFile): StoreOptions {
  const { location, engine, config, log, bundledTypes, stateDirectory, clock } = options
  return {
    path: location.databasePath,
    engine,
    clock: clock ?? systemClock,
    limits: config.limits,
    log,
    bundledTypes,
    historyKeptMs: config.historyKeptMs,
    verifyCopy: copyVerifier(inspect, (reason) =>
      log.warn('a backup could not be inspected', { reason }),
    ),
    ...(stateDirectory === undefined
      ? {}
      : { memory: new StoreMemory(join(stateDirectory, 'stores')) }),
  }
}

/** Clients that were refused while the daemon ended find, or start, the next one after this. */
const retryAfterEndMs = 200

async function openFiles(options: DaemonOptions): Promise<DaemonFiles | undefined> {
  const { listen, location, lock } = options
  if (listen.on === 'none') return undefined
  return openDaemonFiles({ location, env: listen.env, lock })
}

interface SocketParts {
  readonly files: DaemonFiles
  readonly store: StoreApi
  readonly attach: Daemon['attach']
  readonly options: DaemonOptions
  readonly birth: Birth
  readonly webSocketUrl: string | undefined
}

/** Off unless the configuration or the command line asks for it; loaded only then. Returns the address. */
async function serveWebSockets(
  parts: Pick<SocketParts, 'attach' | 'options'> & { readonly tokens: AccessTokens },
  stack: CloseStack,
): Promise<string | undefined> {
  const { attach, options, tokens } = parts
  const { log, config } = options
  if (config.webSocket === undefined) return undefined
  const { listenForWebSockets } = await import('./session/websocket-listener.ts')
  const listener = await listenForWebSockets({
    address: config.webSocket.listen,
    settings: config.webSocket,
    tokens,
    limits: config.limits,
    log,
    onTransport: (transport, channel) => void attach(transport, channel),
  })
  stack.push('WebSocket listener', () => listener.close())
  return listener.url
}

async function serveSocket(parts: SocketParts, stack: CloseStack): Promise<void> {
  const { files, store, attach, options, birth, webSocketUrl } = parts
  const { startedAt } = birth
  const { log, config } = options
  const listener = await listen({
    path: files.socketPath,
    limits: config.limits,
    log,
    onTransport: (transport) => void attach(transport, channelOf(files.socketPath)),
  })
  // Not awaited: it resolves only when the last connection is closed, and closing those comes after it.
  stack.push('listener', () => void listener.close())
  stack.push('discovery file', () => files.withdraw())
  files.publish({
    storeId: store.storeId,
    version: VERSION,
    protocol: protocolRange,
    startedAt,
    ...(webSocketUrl === undefined ? {} : { websocket: webSocketUrl }),
  })
}

/** Ends the daemon when it can't be found or does not own its store any more; keeps its log short. */
function watchOver(
  parts: {
    readonly options: DaemonOptions
    readonly files: DaemonFiles | undefined
    readonly shutdown: Shutdown
  },
  stack: CloseStack,
): void {
  const { options, files, shutdown } = parts
  const { limits } = options.config
  const { selfCheckEveryMs: everyMs, logFileMaxBytes: maxBytes } = limits
  const things: OwnThing[] = [
    { name: 'the owner lock', holds: () => options.lock.intact() },
    fileInPlace('the file of its store', options.location.databasePath),
  ]
  if (files !== undefined) {
    things.push({ name: 'its discovery file', holds: () => files.published() })
    if (process.platform !== 'win32') things.push(fileInPlace('its socket', files.socketPath))
    const rotation = keepLogShort({ path: files.logPath, fd: 2, maxBytes, everyMs })
    stack.push('log rotation', () => rotation.dispose())
  }
  const watch = watchOwnThings(things, everyMs, (name) => {
    void shutdown.begin(`${name} was taken away`)
  })
  stack.push('self-check', () => watch.dispose())
}

/** On Windows the path names a pipe, which is open to everybody on the machine. */
function channelOf(path: string): Channel {
  return process.platform === 'win32' ? { kind: 'pipe', endpoint: path } : { kind: 'socket' }
}

function reasonsToLive(sessions: SessionRegistry, store: StoreApi): string[] {
  const reasons: string[] = []
  const { waiting } = store.status().queue
  if (sessions.size > 0) reasons.push(counted(sessions.size, 'connection'))
  if (sessions.inFlight > 0) reasons.push(`${counted(sessions.inFlight, 'request')} under way`)
  if (waiting > 0) reasons.push(`${counted(waiting, 'write')} waiting`)
  if (store.backups.isRunning) reasons.push('a backup under way')
  return reasons
}
