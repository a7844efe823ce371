/** A real daemon in a process of its own, with trouble between it and its disk and clock, that is killed in the end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { locateRuntime } from '../../sdk/launch/runtime-directory.ts'
import { locateStore } from '../../sdk/launch/store-location.ts'
import type { Trouble } from './troubled-host.ts'

/** Where a store and what belongs to it lie: a directory with a short path, because of the sockets in it. */
export class TorturePlace {
  readonly directory: string
  readonly store: string
  readonly env: NodeJS.ProcessEnv
  readonly discoveryPath: string

  /** @param runsSources - Have the program run its sources rather than what was built of them. */
  constructor(directory: string, runsSources: boolean) {
    mkdirSync(directory, { recursive: true })
    this.directory = directory
    this.env = {
      ...environmentWithoutOurs(),
      ORION_RUNTIME_DIR: join(directory, 'run'),
      XDG_STATE_HOME: join(directory, 'state'),
      XDG_CACHE_HOME: join(directory, '..', 'cache'),
      ORION_FROM_SOURCE: runsSources ? '1' : '0',
    }
    const location = locateStore({ store: join(directory, 'store'), cwd: directory, env: {} })
    this.store = location.directory
    this.discoveryPath = locateRuntime({
      storeDirectory: this.store,
      env: this.env,
    }).discoveryPath
  }
}

/** How one life of a daemon is. */
export interface LifeSettings {
  /** The program's `orion.mjs`. */
  readonly program: string
  /** What is preloaded: the bundle of `troubled-host.ts`. */
  readonly preload: string
  readonly place: TorturePlace
  /** What is not synced is lost when it is killed. */
  readonly isVolatile: boolean
  readonly takesOver: boolean
  readonly limits: Readonly<Record<string, string>>
}

/** One life. */
export class TorturedDaemon {
  readonly settings: LifeSettings
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  #stderr = ''
  #wasKilled = false

  constructor(settings: LifeSettings) {
    this.settings = settings
    const { program, preload, place, isVolatile, takesOver, limits } = settings
    const args = ['--require', preload, program, 'serve', '--store', place.store]
    this.#child = spawn(process.execPath, [...args, ...(takesOver ? ['--take-over'] : [])], {
      env: {
        ...place.env,
        ...limits,
        ORION_LOG: 'error',
        ORION_TORTURE_DISK: isVolatile ? 'volatile' : 'plain',
      },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#exited = once(this.#child, 'exit')
  }

  /** How it ended by itself, with what it said; undefined while it lives, or when it was killed. */
  get ownEnd(): string | undefined {
    const { exitCode, signalCode } = this.#child
    if (this.#wasKilled || (exitCode === null && signalCode === null)) return undefined
    return `${signalCode ?? `exit ${exitCode}`}: ${this.#stderr.slice(0, 1000)}`
  }

  /** What it said that it should not have to say. */
  get errors(): string {
    return this.#stderr.slice(0, 1000)
  }

  /** Waits until it is published; false if it has ended, or is not in time. */
  async serves(withinMs: number): Promise<boolean> {
    const endMs = performance.now() + withinMs
    while (this.isAlive && performance.now() < endMs) {
      if (publishedPid(this.settings.place.discoveryPath) === this.#child.pid) return true
      await sleep(8)
    }
    return false
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  suffer(trouble: Trouble): void {
    if (this.#child.connected) this.#child.send(trouble, () => {})
  }

  /** Stops it for a while, as a machine that has too much to do. */
  async pause(ms: number): Promise<void> {
    this.#child.kill('SIGSTOP')
    await sleep(ms)
    this.#child.kill('SIGCONT')
  }

  /** Ends it as a crash does; on a volatile disk, as a power cut. */
  async kill(): Promise<void> {
    if (this.isAlive) this.#wasKilled = true
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Ends it in order; what it ended with. */
  async stop(): Promise<string> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => void this.kill(), orderlyEndMaxMs)
    await this.#exited
    clearTimeout(timer)
    return this.ownEnd ?? 'it had to be killed'
  }
}

const orderlyEndMaxMs = 120_000

function publishedPid(path: string): number | undefined {
  try {
    return discovery.parse(JSON.parse(readFileSync(path, 'utf8'))).pid
  } catch {
    return undefined // Nothing is published, or something else.
  }
}

const discovery = z.object({ pid: z.int() })

/** What was set for the runner's own process is not meant for the daemons it starts. */
function environmentWithoutOurs(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env)
  const ours = /^(CI|ORION_(?!ENGINE).*|NODE_TEST_CONTEXT|NODE_OPTIONS)$/
  return Object.fromEntries(entries.filter(([name]) => !ours.test(name)))
}
