/** Finds the owner of a store by its place, or becomes it. */
import { isOrionError } from '../errors.ts'
import { type DaemonCommand, defaultDaemonCommand } from '../launch/daemon-command.ts'
import { LaunchError } from '../launch/launch-error.ts'
import { replaceDaemon } from '../launch/replace-daemon.ts'
import { findDaemon, findOrStartDaemon } from '../launch/start-daemon.ts'
import type { Environment, StoreLocation } from '../launch/store-location.ts'
import type { InitializeParams } from '../protocol/handshake.ts'
import { connectSocket } from '../transport/socket.ts'
import type { Dialer, DialWish } from './dialer.ts'
import type { InProcessDaemon, InProcessFactory } from './in-process.ts'
import { Session } from './session.ts'
import { DisconnectedError, typedError } from './typed-errors.ts'

/** Where a store is, and how to greet its owner. */
export interface StoreDialerOptions {
  readonly location: StoreLocation
  readonly env: Environment
  readonly hello: InitializeParams
  /** What starts a daemon; by default the one of this installation. */
  readonly daemonCommand: DaemonCommand | undefined
}

/** Connects to the daemon's socket, and starts a daemon if that is wished and there is none. */
export class SocketDialer implements Dialer {
  readonly redials = true
  readonly #options: StoreDialerOptions

  constructor(options: StoreDialerOptions) {
    this.#options = options
  }

  async dial(wish: DialWish): Promise<Session> {
    try {
      return await this.#dialOnce(wish)
    } catch (error) {
      if (wish.mode !== 'start' || !this.#isOlder(error)) throw error
      const { location, env } = this.#options
      await replaceDaemon({ location, env, daemonCommand: this.#daemonCommand(), ...wish })
      return await this.#dialOnce(wish)
    }
  }

  async #dialOnce({ mode, deadlineMs, signal }: DialWish): Promise<Session> {
    const { location, env } = this.#options
    const opened = new Set<Session>()
    const probe = async (path: string, probeSignal: AbortSignal): Promise<Session | undefined> => {
      const session = await this.#greet(path, probeSignal)
      if (session !== undefined) opened.add(session)
      return session
    }
    const search = { location, env, probe, deadlineMs, signal }
    try {
      const found =
        mode === 'start'
          ? await findOrStartDaemon({ ...search, daemonCommand: this.#daemonCommand() })
          : await findDaemon(search)
      if (found === undefined) throw nobodyServes(location)
      opened.delete(found.connection)
      return found.connection
    } finally {
      // A session that opened just as the search ended belongs to nobody.
      for (const session of opened) void session.close()
    }
  }

  async close(): Promise<void> {}

  /** Whether a daemon refused us that only knows protocols before ours; then this installation's takes its place. */
  #isOlder(error: unknown): boolean {
    const { protocol } = this.#options.hello
    if (!isOrionError(error, 'protocol_unsupported') || protocol === undefined) return false
    const { supported } = error.data
    return supported !== undefined && supported.max < protocol.min
  }

  #daemonCommand(): DaemonCommand {
    return this.#options.daemonCommand ?? defaultDaemonCommand()
  }

  /** Undefined when nobody serves there, so that the search goes on. */
  async #greet(path: string, signal: AbortSignal): Promise<Session | undefined> {
    try {
      const transport = await connectSocket(path, { signal })
      return await Session.open(
        transport,
        { hello: this.#options.hello, endpoint: pipeName(path) },
        signal,
      )
    } catch (error) {
      if (isRefusal(error) && !signal.aborted) throw error
      return undefined
    }
  }
}

/**
 * Becomes the owner inside this process, or joins the one there is.
 *
 * The lock decides: `held` means that somebody else serves, or works in process for a moment. Then the socket is
 * tried, and the lock again, until the deadline.
 */
export class InProcessDialer implements Dialer {
  readonly redials = true
  readonly #options: StoreDialerOptions
  readonly #factory: InProcessFactory
  readonly #owner: SocketDialer
  #daemon: InProcessDaemon | undefined

  constructor(options: StoreDialerOptions, factory: InProcessFactory) {
    this.#options = options
    this.#factory = factory
    this.#owner = new SocketDialer(options)
  }

  async dial({ deadlineMs, signal }: DialWish): Promise<Session> {
    await this.close() // The daemon of a session that ended may still hold the lock.
    const end = performance.now() + deadlineMs
    for (let waitMs = 0; ; waitMs = Math.min(waitMs * 2 + firstLockWaitMs, lockWaitMaxMs)) {
      const leftMs = Math.max(0, end - performance.now())
      const daemon = await this.#factory(this.#options.location, {
        waitMs: Math.min(waitMs * (0.5 + Math.random()), leftMs),
        signal,
      })
      if (daemon !== 'held') return await this.#openOwn(daemon, signal)
      const joined = await this.#join(Math.max(leftMs, 1), signal)
      if (joined !== undefined) return joined
      signal.throwIfAborted()
      if (performance.now() >= end) throw stillHeld(this.#options.location, deadlineMs)
    }
  }

  async close(): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = undefined
    await daemon?.close()
  }

  async #openOwn(daemon: InProcessDaemon, signal: AbortSignal): Promise<Session> {
    this.#daemon = daemon
    try {
      return await Session.open(daemon.transport, { hello: this.#options.hello }, signal)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #join(deadlineMs: number, signal: AbortSignal): Promise<Session | undefined> {
    try {
      return await this.#owner.dial({ mode: 'join-only', deadlineMs, signal })
    } catch (error) {
      if (error instanceof DisconnectedError) return undefined
      throw error
    }
  }
}

const firstLockWaitMs = 10
const lockWaitMaxMs = 200

/** Named pipes are open to everybody on the machine, and anybody may have made one of this name. */
function pipeName(path: string): string | undefined {
  return path.startsWith('\\\\') ? path : undefined
}

/** Whether somebody serves there and does not want us; one that is ending makes room for the next. */
function isRefusal(error: unknown): boolean {
  return isOrionError(error) && error.kind !== 'disconnected' && error.kind !== 'draining'
}

function nobodyServes(location: StoreLocation): DisconnectedError {
  return typedError('disconnected', `no daemon serves ${location.directory}`, {
    data: { remedy: 'start one with `orion serve`, or let the client start it' },
  })
}

function stillHeld(location: StoreLocation, deadlineMs: number): LaunchError {
  return new LaunchError(
    'lock_held',
    `expected to own or join the store ${location.directory} within ${deadlineMs} ms, got neither: its owner has no socket`,
    { remedy: 'wait until the other process has ended, then try again' },
  )
}
