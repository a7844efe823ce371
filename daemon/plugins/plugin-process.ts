/** The process of a plugin: started with little, watched, and ended when it has to end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { daemonEnvironment, defaultDaemonCommand } from '../../sdk/launch/daemon-command.ts'
import { stdioTransport } from '../../sdk/transport/stdio.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { TransportLimits } from '../../sdk/transport/transport-limits.ts'
import type { Limits } from '../limits.ts'
import type { PluginPlace } from './plugin-code.ts'

/** What is started. */
export interface PluginProcessParts {
  readonly name: string
  readonly place: PluginPlace
  readonly limits: Limits
  readonly transportLimits: Partial<TransportLimits>
}

/** How a process ended. */
export interface ProcessEnd {
  /** In words. */
  readonly how: string
  /** What it is can't be served: starting it again changes nothing. */
  readonly isUnusable: boolean
}

/** What a plugin runs in. */
export interface PluginLife {
  readonly transport: Transport
  /** What it prints; undefined where that is not kept apart. */
  readonly stderr: Readable | undefined
  readonly ended: Promise<ProcessEnd>
  readonly pid: number | undefined
  /** Bytes that it holds; undefined where the system does not tell. */
  memoryBytes(): number | undefined
  /** Ends it at once. */
  kill(): void
}

/** A running process of a plugin. */
export class PluginProcess implements PluginLife {
  readonly transport: Transport
  readonly stderr: Readable
  readonly ended: Promise<ProcessEnd>
  readonly #child: ChildProcess
  #isAlive = true

  /** @throws when the system can't make a process; one that ends at once tells it by `ended`. */
  constructor({ name, place, limits, transportLimits }: PluginProcessParts) {
    const { command, args } = hostCommand(limits)
    const child = spawn(command, [...args, place.entry, String(process.pid)], {
      cwd: place.root ?? dirname(place.entry),
      env: environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    this.#child = child
    this.stderr = child.stderr
    this.ended = new Promise((resolve) => {
      const end = (how: string, isUnusable: boolean): void => {
        this.#isAlive = false
        resolve({ how, isUnusable })
      }
      child.once('error', (error) => end(`could not be run: ${error.message}`, true))
      child.once('exit', (code, signal) =>
        end(
          signal === null ? `ended with status ${code}` : `was ended by ${signal}`,
          code === unusable,
        ),
      )
    })
    this.transport = stdioTransport({
      side: 'server',
      streams: quiet({ input: child.stdout, output: child.stdin }),
      limits: { ...transportLimits, inFlightMaxRequests: limits.pluginRequestsInFlightMax },
      description: `plugin ${name}`,
    })
    giveWay(child.pid)
  }

  get pid(): number | undefined {
    return this.#isAlive ? this.#child.pid : undefined
  }

  memoryBytes(): number | undefined {
    const { pid } = this
    if (pid === undefined || process.platform !== 'linux') return undefined
    try {
      const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
      return line === null ? undefined : Number(line[1]) * 1024
    } catch {
      return undefined // It has just ended.
    }
  }

  kill(): void {
    if (this.#isAlive) this.#child.kill('SIGKILL')
  }
}

/** What `bin/plugin-host.mjs` ends with when there is no plugin in the file. */
const unusable = 3

function hostCommand({ pluginHeapMaxKib }: Limits): { command: string; args: string[] } {
  const { command, args } = defaultDaemonCommand()
  const host = join(dirname(args[0] ?? ''), 'plugin-host.mjs')
  return { command, args: [`--max-old-space-size=${Math.ceil(pluginHeapMaxKib / 1024)}`, host] }
}

/** The user's environment without what concerns Orion: tokens and stores are none of a plugin's business. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(daemonEnvironment(process.env))
  return Object.fromEntries(kept.filter(([name]) => !name.startsWith('ORION_')))
}

/** A pipe that breaks is seen when the process ends, or the transport does. */
function quiet(streams: { readonly input: Readable; readonly output: Writable }): typeof streams {
  streams.input.on('error', () => {})
  streams.output.on('error', () => {})
  return streams
}

/** Who serves comes first. */
function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 10)
  } catch {
    // It has ended already, or the system does not let us.
  }
}
