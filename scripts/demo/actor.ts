import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type ReportOf, type Role, reports, type WriterCue } from './messages.ts'
import { patiently } from './patience.ts'
import type { Place } from './place.ts'

/** A process that plays a role: what it reports can be waited for, and it can be given cues. */
export class Actor<R extends Role> {
  readonly name: string
  readonly #child: ChildProcess
  readonly #unread: ReportOf<R>[] = []
  readonly #waiting = new Set<() => void>()
  #stderr = ''
  /** Why it plays no more. */
  #ended: string | undefined

  /** @param parts.onReport - Called with each report when it comes, read or not. */
  constructor(
    role: R,
    parts: {
      readonly place: Place
      readonly name?: string
      readonly onReport?: (report: ReportOf<R>) => void
    },
  ) {
    this.name = parts.name ?? role
    const program = fileURLToPath(new URL(`./roles/${role}.ts`, import.meta.url))
    this.#child = fork(program, [this.name], {
      env: parts.place.env,
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // What the keyboard sends is for the director alone.
      detached: true,
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-stderrMaxLength)
    })
    this.#child.on('message', (raw) => {
      const report = parseReport(role, raw)
      this.#unread.push(report)
      parts.onReport?.(report)
      this.#wake()
    })
    this.#child.once('error', (error) => this.#end(error.message))
    this.#child.once('close', (code, signal) => this.#end(`it ended (${signal ?? code})`))
  }

  /**
   * The next report of one of these kinds; reports of other kinds that came before it are dropped.
   *
   * @throws Error with what the process wrote to stderr, if it ends without one; Error if none comes in time.
   */
  async next<K extends ReportOf<R>['kind']>(
    ...kinds: readonly K[]
  ): Promise<Extract<ReportOf<R>, { kind: K }>> {
    return await patiently(`${this.name} to report ${kinds.join(' or ')}`, this.#next(kinds))
  }

  /** Tells it what to do. */
  cue(cue: WriterCue): void {
    this.#child.send(cue)
  }

  /** Ends it as a crash would. Safe to repeat. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #next<K extends ReportOf<R>['kind']>(
    kinds: readonly K[],
  ): Promise<Extract<ReportOf<R>, { kind: K }>> {
    for (;;) {
      for (let report = this.#unread.shift(); report; report = this.#unread.shift()) {
        if (isOfKind(report, kinds)) return report
      }
      if (this.#ended !== undefined) {
        throw new Error(
          `expected ${this.name} to report ${kinds.join(' or ')}, got that ${this.#ended}`,
        )
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #end(how: string): void {
    this.#ended ??= this.#stderr === '' ? how : `${how} and said:\n${this.#stderr.trim()}`
    this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

const stderrMaxLength = 4000

function parseReport<R extends Role>(role: R, raw: unknown): ReportOf<R> {
  return reports[role].parse(raw) as ReportOf<R>
}

function isOfKind<T extends { readonly kind: string }, K extends T['kind']>(
  report: T,
  kinds: readonly K[],
): report is Extract<T, { kind: K }> {
  return kinds.some((kind) => kind === report.kind)
}
