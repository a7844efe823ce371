/**
 * One plugin and its processes, one after the other.
 *
 * ```
 * idle ── needed ──> starting ── ready ──> running ── asked to ──> idle
 *                     │    ^                  │
 *        does not     │    └── pause ── waiting <── crashed ┐
 *        fit          v                           └─────────┘ too often ──> disabled
 *                   failed (says why; nothing is tried again by itself)
 * ```
 */
import { isOrionError, OrionError } from '../../sdk/errors.ts'
import { messageOf } from '../../sdk/launch/launch-error.ts'
import { PingPlugin, type PluginManifest, StopPlugin } from '../../sdk/protocol/plugin-messages.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import { PluginCalls } from './plugin-calls.ts'
import { type GrantedPlugin, manifestDigest } from './plugin-grants.ts'
import type { PluginLog } from './plugin-log.ts'
import type { PluginLife } from './plugin-process.ts'
import { grantsOf, type PluginPeer, type PluginSeat } from './plugin-seat.ts'
import { UnansweredHooks } from './unanswered-hooks.ts'

/** How a plugin is. */
export type PluginState =
  | { readonly name: 'idle' | 'starting' | 'running' }
  | { readonly name: 'waiting' | 'failed' | 'disabled'; readonly reason: string }

/** What a supervised plugin is made of. */
export interface SupervisionParts {
  readonly plugin: GrantedPlugin
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  readonly pluginLog: PluginLog
  /** Runs it. @throws OrionError when its code is not what was granted; Error when the system can't. */
  readonly launch: () => Promise<PluginLife>
  /** Serves its connection. */
  readonly attach: (transport: Transport, seat: PluginSeat) => void
  /** Makes its record types and looks for clashes. @throws OrionError that says what does not fit. */
  readonly admit: (manifest: PluginManifest) => Promise<void>
  readonly read: PluginSeat['read']
  readonly assertMayFollow: PluginSeat['assertMayFollow']
  /** It has crashed so often that it is not started again. */
  readonly onGivenUp: (reason: string) => void
}

/** Starts one plugin, keeps it running, and gives up in time. */
export class SupervisedPlugin {
  readonly plugin: GrantedPlugin
  readonly hooks = new UnansweredHooks()
  readonly #parts: SupervisionParts
  /** Changed only in `#become`. */
  #state: PluginState = { name: 'idle' }
  #process: PluginLife | undefined
  /** Settles when the process that is being started is there, or is not. */
  #launching: Promise<void> | undefined
  #calls: PluginCalls | undefined
  #crashedAtMs: number[] = []
  #restart: NodeJS.Timeout | undefined
  #startLimit: NodeJS.Timeout | undefined
  #ping: NodeJS.Timeout | undefined
  /** Who waits until it runs, or does not. */
  #waiting: (() => void)[] = []
  #stopping = false

  constructor(parts: SupervisionParts) {
    this.#parts = parts
    this.plugin = parts.plugin
    const { disabled } = parts.plugin
    if (disabled !== undefined) this.#state = { name: 'disabled', reason: disabled.reason }
  }

  get state(): PluginState {
    return this.#state
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get crashes(): number {
    return this.#crashedAtMs.length
  }

  /** Starts it the first time. What has failed or is held stays so: a person looks at it first. */
  start(): void {
    if (this.#state.name === 'idle') this.#begin()
  }

  /** Something about it is not as it was granted: it does not run, and says why. */
  hold(reason: string): void {
    this.#become({ name: 'failed', reason })
  }

  /**
   * What it can be asked by; waits for one that is starting.
   *
   * @throws OrionError that says why it does not run; `overloaded` when it is not there in time.
   */
  async running(timeMaxMs: number): Promise<PluginCalls> {
    this.start()
    const untilMs = performance.now() + timeMaxMs
    for (;;) {
      const state = this.#state
      if (state.name === 'running' && this.#calls !== undefined) return this.#calls
      if (state.name === 'failed' || state.name === 'disabled' || this.#stopping)
        throw this.#notThere()
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0) {
        const message = `plugin ${this.plugin.name} is not running yet: ${describeState(state)}`
        throw new OrionError('overloaded', message, {
          retryAfterMs: this.#parts.limits.pluginRestartMs,
        })
      }
      await this.#change(leftMs)
    }
  }

  /** Ends it; resolves when its process is gone. */
  async stop(reason: string): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    if (this.#launching !== undefined) await this.#launching
    const process = this.#process
    if (process !== undefined) {
      const { pluginStopMaxMs } = this.#parts.limits
      const late = setTimeout(() => process.kill(), pluginStopMaxMs)
      this.#calls
        ?.ask(StopPlugin, { reason }, { timeMaxMs: pluginStopMaxMs })
        .catch(() => process.transport.close())
      if (this.#calls === undefined) process.kill()
      await process.ended
      clearTimeout(late)
    }
    this.#become({ name: 'idle' })
    this.#stopping = false
    this.#parts.pluginLog.close()
  }

  #begin(): void {
    this.#become({ name: 'starting' })
    this.#launching = this.#launch().finally(() => {
      this.#launching = undefined
    })
  }

  async #launch(): Promise<void> {
    try {
      this.#began(await this.#parts.launch())
    } catch (error) {
      const reason = messageOf(error)
      if (isOrionError(error)) this.#become({ name: 'failed', reason })
      else if (!this.#stopping) this.#crashed(`it could not be started: ${reason}`)
    }
  }

  #began(process: PluginLife): void {
    const { plugin, limits, pluginLog } = this.#parts
    pluginLog.note(`${plugin.name} starts as process ${process.pid}`)
    if (process.stderr !== undefined) pluginLog.take(process.stderr)
    this.#process = process
    this.#limitStart(process)
    void process.ended.then(({ how, isUnusable }) => this.#ended(how, isUnusable))
    // A connection that breaks, over broken frames say, is no connection any more.
    process.transport.onClose(() =>
      setTimeout(() => process.kill(), limits.pluginStopMaxMs).unref(),
    )
    this.#parts.attach(process.transport, this.#seat(process))
  }

  #limitStart(process: PluginLife): void {
    const { limits, pluginLog } = this.#parts
    clearTimeout(this.#startLimit)
    this.#startLimit = setTimeout(() => {
      pluginLog.note(`it did not serve within ${limits.pluginStartMaxMs} ms`)
      process.kill()
    }, limits.pluginStartMaxMs)
  }

  #seat(process: PluginLife): PluginSeat {
    const { plugin, limits, admit, read, assertMayFollow } = this.#parts
    const principal = `plugin:${plugin.name}`
    const { hooks } = this
    return {
      get hooksOutcome() {
        return hooks.outcome
      },
      principal,
      grants: grantsOf(plugin.manifest),
      read,
      assertMayFollow,
      register: async (manifest, peer) => {
        if (manifestDigest(manifest) !== manifestDigest(plugin.manifest)) {
          throw this.#refuse(hasChanged('what it asks for', plugin))
        }
        // The daemon may have many records to migrate for it, which is not the plugin's time.
        clearTimeout(this.#startLimit)
        try {
          await admit(manifest)
        } catch (error) {
          throw this.#refuse(messageOf(error))
        }
        if (this.#process !== process)
          throw new OrionError('disconnected', `plugin ${plugin.name} has ended meanwhile`, {})
        this.#limitStart(process)
        this.#calls = new PluginCalls(plugin.name, peer, limits.pluginCallsMax)
        this.#watch(process, peer)
        return { settings: plugin.settings, hookMaxMs: limits.hookMaxMs }
      },
      ready: (problem) => {
        if (problem !== undefined) this.#refuse(problem)
        else if (this.#process === process && this.#state.name === 'starting') {
          clearTimeout(this.#startLimit)
          this.#become({ name: 'running' })
        }
      },
    }
  }

  /** It is said, and not tried again: it would end the same way. */
  #refuse(reason: string): OrionError<'forbidden'> {
    this.#become({ name: 'failed', reason })
    const process = this.#process
    if (process !== undefined) setTimeout(() => process.kill(), refusedEndsMs).unref()
    return new OrionError('forbidden', reason, { needs: 'a grant that fits' })
  }

  /** Ends it when it does not answer any more, or holds too much memory. */
  #watch(process: PluginLife, peer: PluginPeer): void {
    const { limits, pluginLog, plugin } = this.#parts
    const calls = new PluginCalls(plugin.name, peer, 1)
    clearInterval(this.#ping)
    const look = (): void => {
      const bytes = process.memoryBytes() ?? 0
      if (bytes > limits.pluginMemoryMaxBytes) {
        pluginLog.note(
          `it holds ${bytes} bytes of memory, more than ${limits.pluginMemoryMaxBytes}`,
        )
        process.kill()
        return
      }
      calls
        .ask(PingPlugin, {}, { timeMaxMs: limits.pluginAskedEveryMs })
        .catch((error: unknown) => {
          if (this.#process !== process || process.pid === undefined) return
          pluginLog.note(`it does not answer: ${messageOf(error)}`)
          process.kill()
        })
    }
    this.#ping = setInterval(look, limits.pluginAskedEveryMs * 2).unref()
  }

  #ended(how: string, isUnusable: boolean): void {
    const { pluginLog, log, plugin } = this.#parts
    clearTimeout(this.#startLimit)
    clearInterval(this.#ping)
    this.#calls?.end()
    this.#calls = undefined
    this.#process = undefined
    const said = pluginLog.lastLines
    pluginLog.note(`it ${how}`)
    if (this.#stopping || this.#state.name === 'failed') {
      this.#tell()
      return
    }
    const reason = `it ${how}${said === '' ? '' : `; the last that it printed: ${shortened(said)}`}`
    log.warn('a plugin has ended', { plugin: plugin.name, how })
    if (isUnusable) this.#become({ name: 'failed', reason })
    else this.#crashed(reason)
  }

  #crashed(reason: string): void {
    const { clock, limits, onGivenUp } = this.#parts
    const now = clock.monotonicMs()
    const { pluginCrashesWithinMs, pluginCrashesMax, pluginRestartMs } = limits
    this.#crashedAtMs = [...this.#crashedAtMs, now].filter((at) => now - at < pluginCrashesWithinMs)
    const crashes = this.#crashedAtMs.length
    if (crashes >= pluginCrashesMax) {
      const given = `it crashed ${crashes} times: ${reason}`
      this.#become({ name: 'disabled', reason: given })
      onGivenUp(given)
      return
    }
    this.#become({ name: 'waiting', reason })
    this.#restart = setTimeout(() => this.#begin(), pluginRestartMs * 2 ** (crashes - 1)).unref()
  }

  #become(state: PluginState): void {
    this.#state = state
    this.#tell()
  }

  #tell(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const tell of waiting) tell()
  }

  async #change(leftMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, leftMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #notThere(): OrionError<'invalid_request'> {
    const { name } = this.plugin
    const message = `plugin ${name} is not running: ${describeState(this.#state)}`
    const remedy = `look at \`orion plugin list\` and \`orion plugin logs ${name}\`; \`orion plugin enable ${name}\` starts it again`
    return new OrionError('invalid_request', message, { remedy })
  }
}

/** A state in words. */
export function describeState(state: PluginState): string {
  return 'reason' in state ? `${state.name}: ${state.reason}` : state.name
}

/** So long a plugin that was refused is left to say its last words. */
const refusedEndsMs = 500
const reasonMaxLength = 400

function shortened(text: string): string {
  const line = text.split('\n').filter((part) => part.trim() !== '')
  const kept = line.find((part) => /error/i.test(part)) ?? line.at(-1) ?? ''
  return kept.trim().slice(0, reasonMaxLength)
}

/** Why a plugin is not run that is not what was granted. */
export function hasChanged(what: string, { name, root, entry }: GrantedPlugin): string {
  return `${what} has changed since ${name} was granted; look at it, then grant it again: orion plugin add ${root ?? entry}`
}
