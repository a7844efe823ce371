import { spawn } from 'node:child_process'
import { orionProgram, type Place, projectDirectory } from './place.ts'

/** This project's own quick tests, as `orion run` is given them. */
export const quickTests: readonly string[] = ['npm', 'run', '--silent', 'test:quick']

/** What came out of `orion run`. */
export interface ObservedRun {
  readonly exitCode: number
  readonly wallMs: number
  readonly stdoutBytes: number
  readonly stderrBytes: number
  readonly tests: { readonly pass: number; readonly fail: number }
  /** The end of both outputs, should it be needed to find out what went wrong. */
  readonly tail: string
}

/** Runs a command under `orion run`, as a CI system would, and counts what comes out. */
export function runInCi(
  command: readonly string[],
  options: {
    readonly place: Place
    readonly jobId: string
    readonly onPassed: (tests: number) => void
    /** Given what ends the command with all that it has started. */
    readonly onStarted: (kill: () => void) => void
  },
): Promise<ObservedRun> {
  const began = performance.now()
  const words = ['run', '--store', options.place.store, '--job', options.jobId, '--', ...command]
  const child = spawn(process.execPath, [orionProgram, ...words], {
    cwd: projectDirectory,
    env: { ...options.place.env, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  options.onStarted(() => endGroup(child.pid))
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  let passed = 0
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk)
    passed += chunk.toString('latin1').match(passedLine)?.length ?? 0
    options.onPassed(passed)
  })
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const [out, err] = [Buffer.concat(stdout), Buffer.concat(stderr)]
      if (code === null) reject(new Error(`expected orion run to exit, got ${signal}`))
      else {
        resolve({
          exitCode: code,
          wallMs: performance.now() - began,
          stdoutBytes: out.length,
          stderrBytes: err.length,
          tests: countTests(out.toString('utf8')),
          tail: `${out}${err}`.slice(-tailMaxLength),
        })
      }
    })
  })
}

/** The counts that Node's test runner prints in the end, whichever reporter it takes for a pipe. */
export function countTests(output: string): { readonly pass: number; readonly fail: number } {
  const count = (what: string): number => {
    const found = [...output.matchAll(new RegExp(`^(?:#|ℹ) ${what} (\\d+)$`, 'gm'))].at(-1)
    return Number(found?.[1] ?? 0)
  }
  return { pass: count('pass'), fail: count('fail') }
}

/** A test that passed, in TAP or as the newer reporter has it (in bytes: a check mark). */
const passedLine = /^(?:ok |\u00e2\u009c\u0094)/gm
const tailMaxLength = 3000

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
