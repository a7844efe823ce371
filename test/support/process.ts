/** Processes of a test's own: started, listened to, waited for, and gone after it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { TestContext } from 'node:test'

/** Where a process runs. */
export interface ProcessPlace {
  readonly env: NodeJS.ProcessEnv
  readonly directory?: string
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A process that runs. */
export interface RunningProcess {
  readonly pid: number
  readonly stdin: Writable
  readonly stdout: Readable
  readonly ended: Promise<ProcessEnd>
  kill(signal: NodeJS.Signals): void
}

/** Starts a command; it is killed after the test. Whoever starts it reads its stdout. */
export function startProcess(
  t: Pick<TestContext, 'after'>,
  [program = '', ...args]: readonly string[],
  place: ProcessPlace,
): RunningProcess {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(program, args, {
    env: place.env,
    cwd: place.directory,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {
    // It has ended without reading all of it.
  })
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, stderr: String(error) }))
    child.once('close', (code, signal) => resolve({ code, signal, stderr }))
  })
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const { pid = 0, stdin, stdout } = child
  return { pid, stdin, stdout, ended, kill: (signal) => void child.kill(signal) }
}

/** Runs a command to its end. */
export async function runProcess(
  t: Pick<TestContext, 'after'>,
  command: readonly string[],
  place: ProcessPlace,
): Promise<ProcessEnd & { readonly stdout: string }> {
  const child = startProcess(t, command, place)
  child.stdin.end()
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  return { ...(await child.ended), stdout }
}
