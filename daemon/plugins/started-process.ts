/** A process with pipes, whoever has started it. */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import type { Readable, Writable } from 'node:stream'

/** What is run. The id of the process whose child it becomes is put after `args`. */
export interface ProcessCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** What its end was: an exit code, a signal, or why it could not be run at all; nothing if nobody saw it. */
export interface RawEnd {
  readonly code?: number | null | undefined
  readonly signal?: string | null | undefined
  readonly error?: string | undefined
}

/** A process that was started. */
export interface StartedProcess {
  readonly pid: number | undefined
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly ended: Promise<RawEnd>
  /** Ends it at once; nothing happens when it has ended. */
  kill(): void
}

/** Starts a process as a child of this one, that gives way to it. @throws when the system can't make one. */
export function startProcess({ command, args, cwd, env }: ProcessCommand): StartedProcess {
  const child = spawn(command, [...args, String(process.pid)], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  })
  giveWay(child.pid)
  const ended = new Promise<RawEnd>((resolve) => {
    child.once('error', (error) => resolve({ error: error.message }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const { pid, stdin, stdout, stderr } = child
  return { pid, stdin, stdout, stderr, ended, kill: () => void child.kill('SIGKILL') }
}

/** Whoever serves comes first. */
export function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 10)
  } catch {
    // It has ended already, or the system does not let us.
  }
}
