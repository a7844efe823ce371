/** The process of a plugin: started with little, watched, and ended when it has to end. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { daemonEnvironment, defaultDaemonCommand } from '../../sdk/launch/daemon-command.ts'
import { stdioTransport } from '../../sdk/transport/stdio.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { TransportLimits } from '../../sdk/transport/transport-limits.ts'
import type { Limits } from '../limits.ts'
import type { PluginPlace } from './plugin-code.ts'
import type { ProcessCommand, RawEnd, StartedProcess } from './started-process.ts'

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
  readonly #started: StartedProcess
  #isAlive = true

  /** Made of what runs `pluginCommand`; `name` is what the plugin is called in messages. */
  constructor(started: StartedProcess, { name, limits, transportLimits }: PluginProcessParts) {
    this.#started = started
    this.stderr = started.stderr
    this.ended = started.ended.then((end) => {
      this.#isAlive = false
      return endOf(end)
    })
    this.transport = stdioTransport({
      side: 'server',
      streams: quiet({ input: started.stdout, output: started.stdin }),
      limits: { ...transportLimits, inFlightMaxRequests: limits.pluginRequestsInFlightMax },
      description: `plugin ${name}`,
    })
  }

  get pid(): number | undefined {
    return this.#isAlive ? this.#started.pid : undefined
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
    if (this.#isAlive) this.#started.kill()
  }
}

/** How the process of a plugin is seen. */
export interface PluginProcessParts {
  readonly name: string
  readonly limits: Limits
  readonly transportLimits: Partial<TransportLimits>
}

/** What `bin/plugin-host.mjs` ends with when there is no plugin in the file. */
const unusable = 3

function endOf({ code, signal, error }: RawEnd): ProcessEnd {
  if (error !== undefined) return { how: `could not be run: ${error}`, isUnusable: true }
  if (typeof signal === 'string') return { how: `was ended by ${signal}`, isUnusable: false }
  if (typeof code !== 'number') return { how: 'lost its parent', isUnusable: false }
  return { how: `ended with status ${code}`, isUnusable: code === unusable }
}

/** What runs a plugin. */
export function pluginCommand(
  { entry, root }: PluginPlace,
  { pluginHeapMaxKib }: Limits,
): ProcessCommand {
  const { command, program } = ownProgram('plugin-host.mjs')
  const heap = `--max-old-space-size=${Math.ceil(pluginHeapMaxKib / 1024)}`
  return {
    command,
    args: [heap, program, entry],
    cwd: root ?? dirname(entry),
    env: environment(),
  }
}

/** A program of this package beside `orion.mjs`, and what runs it. */
export function ownProgram(name: string): { readonly command: string; readonly program: string } {
  const { command, args } = defaultDaemonCommand()
  return { command, program: join(dirname(args[0] ?? ''), name) }
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
