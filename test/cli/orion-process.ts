/** The program itself, in processes of its own, on a store of the test's own. */
import assert from 'node:assert/strict'
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Path of the program. */
export const program = fileURLToPath(new URL('../../bin/orion.mjs', import.meta.url))

/** How an invocation ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly bytes: Buffer
}

/** What an invocation is given beside its arguments. */
export interface Given {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

/** A working directory with a store, run-time files and a home of its own; daemons that were started there are ended. */
export interface Place {
  readonly directory: string
  readonly store: string
  readonly env: NodeJS.ProcessEnv
  /** Runs the program to its end. */
  orion(args: readonly string[], given?: Given): Promise<Ended>
  /** Runs it with `--json`, expects it to succeed, and gives its result. */
  json(args: readonly string[], given?: Given): Promise<unknown>
  /** Starts it and leaves it running; it is killed after the test. */
  start(args: readonly string[], options?: SpawnOptions): ChildProcess
  /** Process ids of the daemons that are published here. */
  daemons(): number[]
}

/**
 * Makes a place for a test. No daemon runs there yet.
 *
 * @param installed - Path of the program, if it is not the one of this checkout.
 */
export function makePlace(t: TestContext, installed = program): Place {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'orion-cli-')))
  const runtime = join(directory, 'run')
  const store = join(directory, 'work', '.orion')
  mkdirSync(store, { recursive: true })
  const isBuilt = installed !== program
  const env = { ...environmentOf(directory, runtime), ...(isBuilt && { ORION_FROM_SOURCE: '0' }) }
  const started: ChildProcess[] = []
  const start = (args: readonly string[], options: SpawnOptions = {}): ChildProcess => {
    const cwd = join(directory, 'work')
    const child = spawn(process.execPath, [installed, ...args], { env, cwd, ...options })
    started.push(child)
    return child
  }
  const daemons = (): number[] => daemonsIn(runtime)
  t.after(async () => {
    for (const child of started) child.kill('SIGKILL')
    for (const pid of processesOf(runtime)) await killed(pid)
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  const orion: Place['orion'] = async (args, { input, env: more, cwd } = {}) => {
    const child = start(args, {
      env: { ...env, ...more },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    return await ended(child, input)
  }
  const json: Place['json'] = async (args, given) => {
    const end = args.indexOf('--') < 0 ? args.length : args.indexOf('--')
    const told = await orion([...args.slice(0, end), '--json', ...args.slice(end)], given)
    assert.equal(told.code, 0, told.stderr)
    return JSON.parse(told.stdout)
  }
  return { directory: join(directory, 'work'), store, env, orion, json, start, daemons }
}

/** The lines that a process prints, one for each call. */
export function linesOf(child: ChildProcess): () => Promise<string> {
  assert.ok(child.stdout)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    assert.ok(!done, 'the process ended without another line')
    return value
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20)
}

/** Whether there is a process with this id that is not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** How a process that was started ends. */
export async function ended(child: ChildProcess, input?: string | Buffer): Promise<Ended> {
  const chunks: Buffer[] = []
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin?.on('error', () => {
    // The program has ended without reading all of it.
  })
  child.stdin?.end(input)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
    (resolve, reject) => {
      child.once('error', reject)
      child.once('close', (...how) => resolve(how))
    },
  )
  const bytes = Buffer.concat(chunks)
  return { code, signal, stdout: bytes.toString('utf8'), stderr, bytes }
}

function environmentOf(directory: string, runtime: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(CI|ORION_.*|NODE_TEST_CONTEXT|NO_COLOR|FORCE_COLOR|NODE_OPTIONS)$/.test(name)) {
      env[name] = value
    }
  }
  return {
    ...env,
    HOME: directory,
    XDG_RUNTIME_DIR: directory,
    XDG_STATE_HOME: directory,
    ORION_RUNTIME_DIR: runtime,
    // Of one file alone nobody knows whether the built program is of the present sources.
    ORION_FROM_SOURCE: process.env.ORION_TESTED_PROGRAM === 'built' ? '0' : '1',
    ORION_RUN_DEADLINE: '5m',
    // Whatever goes wrong in a test, nothing stays behind for long.
    ORION_LIMIT_IDLE_EXIT_MS: '120000',
  }
}

function daemonsIn(runtime: string): number[] {
  try {
    return readdirSync(runtime).flatMap((name) => {
      try {
        return [Number(JSON.parse(readFileSync(join(runtime, name, 'daemon.json'), 'utf8')).pid)]
      } catch {
        return []
      }
    })
  } catch {
    return []
  }
}

/** Every process that was given these run-time files: a daemon that is ending is published no more, and still writes. */
function processesOf(runtime: string): number[] {
  const given = `ORION_RUNTIME_DIR=${runtime}\0`
  return readdirSync('/proc').flatMap((name) => {
    try {
      const isOurs = readFileSync(join('/proc', name, 'environ'), 'latin1').includes(given)
      return isOurs ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

async function killed(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return
  }
  await until(() => !isAlive(pid))
}
