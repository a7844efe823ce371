/** Daemons for tests: in this process over the memory pair, or over a real socket in a process of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Clock, systemClock } from '../../daemon/clock.ts'
import { configFileName, loadConfig } from '../../daemon/config.ts'
import { type Daemon, startDaemon as startRealDaemon } from '../../daemon/daemon.ts'
import type { Limits } from '../../daemon/limits.ts'
import { type Log, silentLog } from '../../daemon/log.ts'
import type { Channel } from '../../daemon/session/channel.ts'
import { transportLimits } from '../../daemon/session/listener.ts'
import type { Session } from '../../daemon/session/session.ts'
import { type HostIo, nodeHostIo } from '../../daemon/store/engine/host-io.ts'
import { orionActions } from '../../plugins/orion/actions.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import { acquireOwnerLock } from '../../sdk/launch/owner-lock.ts'
import { locateRuntime } from '../../sdk/launch/runtime-directory.ts'
import { locateStore, prepareStore, type StoreLocation } from '../../sdk/launch/store-location.ts'
import type { Action } from '../../sdk/plugin/action.ts'
import type { Plugin } from '../../sdk/plugin/define-plugin.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import { connectSocket } from '../../sdk/transport/socket.ts'
import { loadTestEngine } from './engine.ts'
import { scriptArguments } from './script-arguments.ts'
import { Note, Tally } from './store.ts'
import { WireClient } from './wire-client.ts'

/** How a test's daemon differs from an ordinary one. */
export interface TestDaemonOptions {
  readonly limits?: Partial<Limits>
  readonly clock?: Clock
  readonly log?: Log
  readonly types?: readonly RecordTypeDefinition[]
  /** Actions beside the bundled ones. */
  readonly actions?: readonly Action[]
  /** Use the store of an earlier daemon of the same test. */
  readonly location?: StoreLocation
  /** Settings of the store's own file. */
  readonly settings?: object
  /** The disk under the store, where it is to fail. */
  readonly io?: Partial<HostIo>
  /** Also listen on a socket and publish the discovery file. */
  readonly socket?: boolean
  /** Plugins that run inside this process. */
  readonly plugins?: readonly Plugin[]
  /** Where the key of grants lies. */
  readonly stateDirectory?: string
}

/** A daemon in this process. */
export interface TestDaemon {
  readonly daemon: Daemon
  readonly location: StoreLocation
  readonly env: Readonly<Record<string, string>>
  /** A connection that has not shaken hands, and the session at the other end. */
  dial(channel?: Channel): { readonly client: WireClient; readonly session: Session }
  /** A connection through its handshake. */
  connect(hello?: object, channel?: Channel): Promise<WireClient>
}

/** Starts a daemon on a real store, without a socket unless asked; it ends after the test. */
export async function startDaemon(
  t: TestContext,
  options: TestDaemonOptions = {},
): Promise<TestDaemon> {
  const { location, env } = testPlace(t, options.location)
  prepareStore(location)
  if (options.settings !== undefined) {
    writeFileSync(join(location.directory, configFileName), JSON.stringify(options.settings))
  }
  const lock = await acquireOwnerLock(location.lockPath, { waitMs: 10_000 })
  if (lock === undefined) throw new Error('expected the lock of a test store to be free')
  const config = loadConfig({
    storeDirectory: location.directory,
    env: {},
    limits: { ...options.limits },
  })
  const daemon = await startRealDaemon({
    location,
    lock,
    engine: await loadTestEngine(
      options.io === undefined ? {} : { io: { ...nodeHostIo, ...options.io } },
    ),
    config,
    log: options.log ?? silentLog,
    clock: options.clock ?? systemClock,
    actions: [...orionActions, ...(options.actions ?? [])],
    bundledTypes: [
      ...orionRecordTypes.map(({ definition }) => definition),
      ...(options.types ?? [Note.definition, Tally.definition]),
    ],
    listen: options.socket ? { on: 'socket', env } : { on: 'none' },
    localPlugins: (options.plugins ?? []).map((plugin) => ({ plugin })),
    stateDirectory: options.stateDirectory,
  })
  t.after(() => daemon.close('the test is over'))
  const dial: TestDaemon['dial'] = (channel) => {
    const [server, end] = memoryPair(transportLimits(config.limits))
    const session = daemon.attach(server, channel)
    const client = new WireClient(end)
    t.after(() => client.close())
    return { client, session }
  }
  const connect: TestDaemon['connect'] = async (hello = {}, channel) => {
    const { client } = dial(channel)
    await client.initialize(hello)
    return client
  }
  return { daemon, location, env, dial, connect }
}

/** A daemon in a process of its own. */
export interface DaemonProcess {
  readonly pid: number
  readonly location: StoreLocation
  readonly socketPath: string
  /** An environment in which a client finds it. */
  readonly env: Readonly<Record<string, string>>
  /** Exit code or signal, when it has ended. */
  readonly exited: Promise<number | NodeJS.Signals>
  /** What it has written to stderr. */
  stderr(): string
  kill(signal: NodeJS.Signals): void
  dial(): Promise<WireClient>
  connect(hello?: object): Promise<WireClient>
}

/** How a daemon's process is started. */
export interface DaemonProcessOptions {
  readonly location?: StoreLocation
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts `orion serve` on a real store and waits until it is published; it is killed after the test. */
export async function startDaemonProcess(
  t: Pick<TestContext, 'after'>,
  options: DaemonProcessOptions = {},
): Promise<DaemonProcess> {
  const { location, env } = testPlace(t, options.location)
  const child = spawnServe(t, location, { ...options, env: { ...env, ...options.env } })
  const runtime = locateRuntime({ storeDirectory: location.directory, env })
  const socketPath = await publishedSocket(runtime.discoveryPath, child)
  const dial = async (): Promise<WireClient> => {
    const client = new WireClient(await connectSocket(socketPath))
    t.after(() => client.close())
    return client
  }
  const connect = async (hello: object = {}): Promise<WireClient> => {
    const client = await dial()
    await client.initialize(hello)
    return client
  }
  return { ...child, location, env, socketPath, dial, connect }
}

/** A process that runs the daemon's own main. */
export type ServeProcess = Pick<DaemonProcess, 'pid' | 'exited' | 'stderr' | 'kill'> & {
  readonly stdin: Writable
  readonly stdout: Readable
}

/** Runs `orion serve` without waiting for anything. */
export function spawnServe(
  t: Pick<TestContext, 'after'>,
  location: StoreLocation,
  options: DaemonProcessOptions,
): ServeProcess {
  const program = fileURLToPath(new URL('./serve.ts', import.meta.url))
  const args = ['--store', location.directory, ...(options.args ?? [])]
  const child = spawn(process.execPath, [...scriptArguments(program), ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = once(child, 'close').then(([code, signal]) => code ?? signal)
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return {
    pid: child.pid ?? 0,
    exited,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    stdin: child.stdin,
    stdout: child.stdout,
  }
}

/** A store's place in a directory that is gone after the test, and an environment that keeps run-time files there. */
export function testPlace(
  t: Pick<TestContext, 'after'>,
  known?: StoreLocation,
): { readonly location: StoreLocation; readonly env: Readonly<Record<string, string>> } {
  if (known !== undefined) return { location: known, env: environmentOf(known) }
  const root = mkdtempSync(join(tmpdir(), 'orion-d-'))
  t.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 20 }))
  const location = locateStore({ store: join(root, 'store'), cwd: root, env: {} })
  return { location, env: environmentOf(location) }
}

function environmentOf(location: StoreLocation): Readonly<Record<string, string>> {
  const root = join(location.directory, '..')
  return { ORION_RUNTIME_DIR: join(root, 'run'), XDG_STATE_HOME: join(root, 'state') }
}

async function publishedSocket(path: string, child: ServeProcess): Promise<string> {
  let ended: number | NodeJS.Signals | undefined
  void child.exited.then((how) => {
    ended = how
  })
  for (;;) {
    try {
      const entry = JSON.parse(readFileSync(path, 'utf8'))
      if (entry.pid === child.pid) return entry.socket // Not that of a daemon which was killed.
    } catch {
      // Not published yet.
    }
    if (ended !== undefined) throw new Error(`the daemon ended (${ended}): ${child.stderr()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
