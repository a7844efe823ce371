import { type ChildProcess, fork } from 'node:child_process'
import { Socket } from 'node:net'
import { z } from 'zod'
import { daemonEnvironment } from '../../sdk/launch/daemon-command.ts'
import { ownProgram } from './plugin-process.ts'
import {
  giveWay,
  type ProcessCommand,
  type RawEnd,
  type StartedProcess,
  startProcess,
} from './started-process.ts'

/**
 * Starts processes from a small process of its own, `bin/process-starter.mjs`, which this one starts when it is first needed.
 *
 * On Linux a process is made by fork, which copies the page tables of whoever forks and then has each of its pages fault once:
 * for a daemon with its store in memory that is tens of milliseconds in which it answers nobody, for a small process hardly
 * one. The pipes of what it starts are handed over, so that nothing passes through it.
 *
 * Messages to it: `{id, start}`, `{id}` to kill. From it: `{id, pid}`, then `{id, stream}` with each pipe, `stdin` last, and
 * in the end `{id, code, signal}` or `{id, error}`.
 */
export class ProcessStarter {
  readonly #timeMaxMs: number
  readonly #starts = new Map<number, Start>()
  #child: ChildProcess | undefined
  #lastId = 0

  /** @param timeMaxMs - Longest time for a start, in milliseconds. */
  constructor(timeMaxMs: number) {
    this.#timeMaxMs = timeMaxMs
  }

  /** Starts a process. @throws Error when the system can't make one, or not in time. */
  async start(command: ProcessCommand): Promise<StartedProcess> {
    // Elsewhere the system starts a program without a fork, or a pipe can't be handed over.
    if (process.platform !== 'linux') return startProcess(command)
    this.#child ??= this.#begin()
    const child = this.#child
    const id = ++this.#lastId
    const start = new Start(() => tell(child, { id }))
    this.#starts.set(id, start)
    child.channel?.ref()
    // Whoever does not start in time does not start the next one either.
    const late = setTimeout(() => child.kill('SIGKILL'), this.#timeMaxMs)
    try {
      tell(child, { id, start: command })
      return await start.started
    } finally {
      clearTimeout(late)
    }
  }

  /** Ends it. What it has started is to be ended before. */
  close(): void {
    if (this.#child?.connected === true) this.#child.disconnect()
    this.#child = undefined
  }

  #begin(): ChildProcess {
    const { command, program } = ownProgram('process-starter.mjs')
    const child = fork(program, {
      execPath: command,
      execArgv: ['--max-old-space-size=16', '--max-semi-space-size=1'],
      env: daemonEnvironment(process.env),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    giveWay(child.pid) // And so does what it starts.
    // It keeps nobody alive; what it has started does, until it ends.
    child.unref()
    child.on('message', (message, handle) => {
      const { id, ...told } = toldShape.parse(message) // It is a program of ours, and no plugin has its channel.
      this.#starts.get(id)?.take(told, handle)
      if (isEnd(told)) this.#starts.delete(id)
      if (this.#starts.size === 0) child.channel?.unref()
    })
    child.once('error', (error) => this.#gone(child, { error: error.message }))
    child.once('exit', () => this.#gone(child, {}))
    return child
  }

  /** What it had started ends by itself: `bin/plugin-host.mjs` looks whose child it is. */
  #gone(child: ChildProcess, end: RawEnd): void {
    if (this.#child === child) this.#child = undefined
    const starts = [...this.#starts.values()]
    this.#starts.clear()
    for (const start of starts) start.end(end)
  }
}

/** One process, as it comes to be known. */
class Start {
  readonly started: Promise<StartedProcess>
  readonly #ended: Promise<RawEnd>
  readonly #kill: () => void
  readonly #streams = new Map<string, Socket>()
  #pid: number | undefined
  #resolve: (process: StartedProcess) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #resolveEnd: (end: RawEnd) => void = () => {}

  constructor(kill: () => void) {
    this.#kill = kill
    this.started = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#ended = new Promise((resolve) => {
      this.#resolveEnd = resolve
    })
  }

  take(told: Told, handle: unknown): void {
    if (told.pid !== undefined) this.#pid = told.pid
    if (told.stream !== undefined && handle instanceof Socket) this.#add(told.stream, handle)
    if (isEnd(told)) this.end(told)
  }

  end(end: RawEnd): void {
    // Nothing happens to what was started; pipes of one that was not belong to nobody.
    this.#reject(new Error(end.error ?? 'it ended before it began'))
    for (const socket of this.#streams.values()) socket.destroy()
    this.#resolveEnd(end)
  }

  #add(name: string, socket: Socket): void {
    this.#streams.set(name, socket)
    const { stdin, stdout, stderr } = Object.fromEntries(this.#streams)
    if (stdin === undefined || stdout === undefined || stderr === undefined) return
    this.#streams.clear()
    stdin.write('go\n')
    this.#resolve({ pid: this.#pid, stdin, stdout, stderr, ended: this.#ended, kill: this.#kill })
  }
}

const toldShape = z.object({
  id: z.int(),
  pid: z.int().optional(),
  stream: z.enum(['stdin', 'stdout', 'stderr']).optional(),
  code: z.int().nullable().optional(),
  signal: z.string().nullable().optional(),
  error: z.string().optional(),
})

type Told = Omit<z.output<typeof toldShape>, 'id'>

function isEnd({ code, error }: Told): boolean {
  return code !== undefined || error !== undefined
}

function tell(child: ChildProcess, message: object): void {
  // Who is gone tells it by its end.
  if (child.connected) child.send(message, () => {})
}
