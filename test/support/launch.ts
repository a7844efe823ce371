import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DaemonCommand } from '../../sdk/launch/daemon-command.ts'
import { locateRuntime, type RuntimeDirectory } from '../../sdk/launch/runtime-directory.ts'
import type { FindOrStartOptions } from '../../sdk/launch/start-daemon.ts'
import { locateStore, type StoreLocation } from '../../sdk/launch/store-location.ts'
import { scriptArguments } from './script-arguments.ts'

/** An empty directory with its real path, gone after the test. */
export function temporaryDirectory(t: TestContext): string {
  const directory = makeDirectory()
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A store and a run-time directory of a test's own; every daemon that was started there is killed after the test. */
export interface LaunchPlace {
  readonly location: StoreLocation
  readonly env: NodeJS.ProcessEnv
  readonly runtime: RuntimeDirectory
  /** Process ids of all the daemons that were started, in order. */
  starts(): number[]
  /** What `findOrStartDaemon` needs to find or start a fake daemon here. */
  options(mode?: FakeDaemonMode): FindOrStartOptions<FakeAnswer>
}

/** What a fake daemon does after its start; see `fake-daemon.ts`. */
export type FakeDaemonMode = 'serve' | 'parent' | 'gated' | 'fail' | 'die' | 'babble' | 'hang'

/** What a fake daemon tells whoever connects. */
export interface FakeAnswer {
  readonly pid: number
  readonly instanceId: string
}

/** Makes a place for a test. The store does not exist yet. */
export function launchPlace(t: TestContext): LaunchPlace {
  const directory = makeDirectory()
  const env = { ...process.env, ORION_RUNTIME_DIR: join(directory, 'run') }
  const location = locateStore({ store: 'store', cwd: directory, env: {} })
  const starts = () => pidsIn(join(location.directory, 'starts'))
  t.after(async () => {
    for (const pid of [...processesOf(location), ...pidsIn(join(location.directory, 'children'))]) {
      process.kill(pid, 'SIGKILL')
      await gone(pid)
    }
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    location,
    env,
    runtime: locateRuntime({ storeDirectory: location.directory, env }),
    starts,
    options: (mode = 'serve') => ({
      location,
      env: { ...env, FAKE_DAEMON: mode },
      daemonCommand: scriptCommand('fake-daemon.ts'),
      probe: askName,
      deadlineMs: 120_000,
    }),
  }
}

/** The command that runs a TypeScript file of this directory. */
export function scriptCommand(name: string): DaemonCommand {
  const script = fileURLToPath(new URL(name, import.meta.url))
  return { command: process.execPath, args: scriptArguments(script) }
}

/** Asks a fake daemon for its name; undefined if nobody is there. */
export function askName(socketPath: string, signal: AbortSignal): Promise<FakeAnswer | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ path: socketPath, signal })
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(text === '' ? undefined : JSON.parse(text)))
  })
}

/** A script in a process of its own that prints lines and reads commands. Killed after the test. */
export class ScriptProcess {
  readonly child: ChildProcess
  readonly #lines: string[] = []
  #wake: () => void = () => {}
  #ended = false

  constructor(t: TestContext, name: string, env: NodeJS.ProcessEnv) {
    const { command, args } = scriptCommand(name)
    this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.#lines.push(line)
        this.#wake()
      })
    }
    this.child.once('exit', () => {
      this.#ended = true
      this.#wake()
    })
    t.after(() => this.kill())
  }

  /** The next line it prints. */
  async line(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) return line
      if (this.#ended) throw new Error('the script ended without the line that was waited for')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Sends a line. */
  say(line: string): void {
    this.child.stdin?.write(`${line}\n`)
  }

  /** Ends it as a crash would, and waits until it is gone. */
  async kill(): Promise<void> {
    if (this.#ended) return
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await ended
  }
}

/** Waits until a condition holds that only another process can make true. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10)
}

/** Waits until a process is gone. */
export async function gone(pid: number): Promise<void> {
  await until(() => !isAlive(pid))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody waits for has let go of everything, once its other threads have ended too.
    const isZombie = /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return !isZombie || readdirSync(`/proc/${pid}/task`).length > 1
  } catch {
    return false
  }
}

function pidsIn(path: string): number[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number)
}

/** Whatever was started with this store on its command line: nobody else has that path. */
function processesOf(location: StoreLocation): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLine(pid).includes(location.directory))
    .map(Number)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It has ended between the two looks.
  }
}

function makeDirectory(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'orion-test-')))
}
