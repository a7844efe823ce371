import { spawn } from 'node:child_process'
import { closeSync, fstatSync } from 'node:fs'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { errorWindowBytes } from './error-tail.ts'
import { type MemoryWatch, watchPeakMemory } from './peak-memory.ts'
import { makePipes } from './real-pipe.ts'
import { Relay } from './relay.ts'
import { TailBuffer } from './tail-buffer.ts'

/**
 * Starts a command as if it had been started without us: same input, same environment, its output where ours goes.
 *
 * A stream that leads to a terminal is given to the child as it is, because a command behaves differently in front of
 * a pipe (colours, progress bars, line buffering); then its size is not known. Any other goes through a relay. If both lead
 * to the same place, the child gets one pipe for both, so that the order of what it writes is kept; then only the sum
 * of both is known.
 */
export function startCommand(options: CommandOptions): RunningCommand {
  const output = planOutput()
  const spawned = spawnChild(options, output)
  for (const { writeFd } of output.pipes) closeSync(writeFd)
  const relays = output.pipes.map(
    ({ readFd, targetFd, kept }) => new Relay({ readFd, targetFd, kept }),
  )
  const delivered = async (): Promise<void> => {
    await Promise.all(relays.map((relay) => relay.finish()))
  }
  return {
    outcome: spawned.outcome,
    delivered,
    sizes: () => sizesOf(output.pipes),
    errorOutput: output.pipes.find(({ size }) => size !== 'stdoutBytes')?.kept,
    peakMemoryBytes: () => spawned.memory?.stop(),
    kill: spawned.kill,
  }
}

/** What to start. */
export interface CommandOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** A command that was started, or could not be. */
export interface RunningCommand {
  /** How it ended. Its output may not have been delivered yet. */
  readonly outcome: Promise<Outcome>
  /** Waits until what it has written is written on; call it after its end. */
  delivered(): Promise<void>
  /** What passed so far, as far as it is known. */
  sizes(): OutputSizes
  /** The end of its error output, or of both outputs if they lead to one place; undefined if it is not known. */
  readonly errorOutput: TailBuffer | undefined
  /** Ends the watch of its memory. */
  peakMemoryBytes(): number | undefined
  kill(signal: NodeJS.Signals): void
}

/** How a command ended. */
export type Outcome =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signalled'; readonly signal: NodeJS.Signals }
  | { readonly how: 'unstartable'; readonly code: 126 | 127; readonly message: string }

/** Bytes of output; `outputBytes` when standard output and error lead to one place. */
export interface OutputSizes {
  readonly stdoutBytes?: number
  readonly stderrBytes?: number
  readonly outputBytes?: number
}

/** The exit code by which a shell tells this outcome. */
export function exitCodeOf(outcome: Outcome): number {
  if (outcome.how !== 'signalled') return outcome.code
  return 128 + constants.signals[outcome.signal]
}

interface OutputPipe {
  readonly readFd: number
  readonly writeFd: number
  readonly targetFd: 1 | 2
  readonly size: keyof OutputSizes
  readonly kept: TailBuffer
}

interface OutputPlan {
  readonly stdio: readonly ('inherit' | number)[]
  readonly pipes: readonly OutputPipe[]
}

function planOutput(): OutputPlan {
  const piped = ([1, 2] as const).filter((fd) => !isatty(fd))
  const together = piped.length === 2 && leadToOnePlace()
  const made = makePipes(together ? 1 : piped.length)
  if (made === undefined) return { stdio: ['inherit', 'inherit', 'inherit'], pipes: [] }
  const pipes = made.map((pipe, index): OutputPipe => {
    const targetFd = piped[index] ?? 1
    const size = together ? 'outputBytes' : targetFd === 1 ? 'stdoutBytes' : 'stderrBytes'
    return { ...pipe, targetFd, size, kept: new TailBuffer(errorWindowBytes) }
  })
  const fdFor = (target: 1 | 2): number | 'inherit' =>
    pipes.find(({ targetFd }) => together || targetFd === target)?.writeFd ?? 'inherit'
  return { stdio: ['inherit', fdFor(1), fdFor(2)], pipes }
}

/** Whether standard output and error are one file, pipe or socket, as after `2>&1`. A device has no order to keep. */
function leadToOnePlace(): boolean {
  const [out, error] = [fstatSync(1), fstatSync(2)]
  return out.dev === error.dev && out.ino === error.ino && !out.isCharacterDevice()
}

interface Spawned {
  readonly outcome: Promise<Outcome>
  readonly memory: MemoryWatch | undefined
  readonly kill: (signal: NodeJS.Signals) => void
}

function spawnChild({ command, args, env }: CommandOptions, { stdio }: OutputPlan): Spawned {
  try {
    const child = spawn(command, [...args], { stdio: [...stdio], env })
    const outcome = new Promise<Outcome>((resolve) => {
      child.once('error', (error) => resolve(unstartable(command, error)))
      child.once('exit', (code, signal) =>
        resolve(
          signal === null ? { how: 'exited', code: code ?? 1 } : { how: 'signalled', signal },
        ),
      )
    })
    const memory = child.pid === undefined ? undefined : watchPeakMemory(child.pid)
    return { outcome, memory, kill: (signal) => void child.kill(signal) }
  } catch (error) {
    const outcome = Promise.resolve(unstartable(command, error))
    return { outcome, memory: undefined, kill: () => {} }
  }
}

function unstartable(command: string, error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT' || command === '') {
    return { how: 'unstartable', code: 127, message: `${command}: command not found` }
  }
  const reasons: { readonly [code: string]: string } = {
    EACCES: 'permission denied',
    E2BIG: 'argument list too long',
    ENOEXEC: 'not an executable of this system',
  }
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error))
  return { how: 'unstartable', code: 126, message: `${command}: ${reason}` }
}

function sizesOf(pipes: readonly OutputPipe[]): OutputSizes {
  return Object.fromEntries(pipes.map(({ size, kept }) => [size, kept.totalBytes]))
}
