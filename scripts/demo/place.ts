/** Where a demonstration takes place: a directory of its own, from which nothing is left in the end. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Path of the program `orion`. */
export const orionProgram = fileURLToPath(new URL('../../bin/orion.mjs', import.meta.url))
/** The directory of this project. */
export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url))

/** A place with a store that does not exist yet. */
export interface Place {
  readonly directory: string
  readonly store: string
  /** For every process of the demonstration: it leads to this store, and to run-time files in this place. */
  readonly env: NodeJS.ProcessEnv
  /** Ids of the daemons that run here. */
  daemons(): number[]
  /** What the daemons of this place have logged. */
  daemonLog(): string
  /** Ends whatever still runs here, and removes the place. Safe to repeat. */
  clear(): Promise<void>
}

/** Makes a place. */
export function makePlace(): Place {
  const directory = realpathSync(mkdtempSync(join(shortTemporaryDirectory(), 'orion-demo-')))
  const runtime = join(directory, 'run')
  const store = join(directory, 'repository', '.orion')
  return {
    directory,
    store,
    env: environmentFor(store, runtime),
    daemons: () => processesNaming(directory, '\0serve\0'),
    daemonLog: () => logsIn(runtime),
    clear: async () => {
      for (let quiet = 0; quiet < 2; ) {
        const left = processesNaming(directory)
        for (const pid of left) kill(pid)
        quiet = left.length === 0 ? quiet + 1 : 0
        await sleep(lookAgainMs)
      }
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A process that is about to start another one is found the second time. */
const lookAgainMs = 20

/** Paths of sockets are short; some systems have a long TMPDIR. */
function shortTemporaryDirectory(): string {
  return tmpdir().length <= 40 ? tmpdir() : '/tmp'
}

/** Ours, without what was meant for this process alone or would lead elsewhere. */
function environmentFor(store: string, runtime: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !notPassedOn.test(name))
  return {
    ...Object.fromEntries(kept),
    ORION_STORE: store,
    ORION_RUNTIME_DIR: runtime,
    // The sources that are here, not what was built of them some time.
    ORION_FROM_SOURCE: process.env.ORION_FROM_SOURCE ?? '1',
    // Should even the clearing fail, nothing stays for long.
    ORION_LIMIT_IDLE_EXIT_MS: '60000',
  }
}

const notPassedOn = /^(CI|ORION_.*|NODE_OPTIONS|NODE_TEST_CONTEXT|NODE_V8_COVERAGE|FORCE_COLOR)$/

/** Processes with these texts on their command line: nobody else has a path that was made up here. */
function processesNaming(...texts: readonly string[]): number[] {
  return processIds().filter((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return pid !== process.pid && texts.every((text) => line.includes(text))
    } catch {
      return false // It has ended meanwhile.
    }
  })
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return [] // No such file system here, and no daemon either: its lock needs Linux for now.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

function logsIn(runtime: string): string {
  try {
    return readdirSync(runtime)
      .map((name) => readFileSync(join(runtime, name, 'daemon.log'), 'utf8'))
      .join('')
  } catch {
    return '' // There is none.
  }
}
