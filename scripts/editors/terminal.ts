/** A terminal without a screen in which an editor runs: what a person types there, and what they see. Needs tmux. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoPlace } from './demo-place.ts'
import { runCommand } from './run-command.ts'

/** Longest wait for something to be seen, in milliseconds: generous, for machines under load. */
const patienceMs = 60_000
const lookAgainMs = 50

/** What a terminal shows. */
export interface TerminalSight {
  /** One text for each row, with the sequences that colour it. */
  readonly rows: readonly string[]
  readonly columns: number
  /** Where the cursor is, from 0, or that there is none. */
  readonly cursor: { readonly column: number; readonly row: number } | undefined
}

/** A program in a terminal of a fixed size. */
export class Terminal {
  readonly #place: DemoPlace
  readonly #columns: number

  private constructor(place: DemoPlace, columns: number) {
    this.#place = place
    this.#columns = columns
  }

  /** Starts a program. */
  static open(place: DemoPlace, options: TerminalOptions): Terminal {
    const { command, cwd, columns, rows } = options
    const terminal = new Terminal(place, columns)
    const size = ['-x', String(columns), '-y', String(rows)]
    const plain = [
      'status off',
      'escape-time 0',
      'default-terminal tmux-256color',
      'remain-on-exit on',
    ]
    const settings = plain.flatMap((setting) => ['set', '-g', ...setting.split(' '), ';'])
    terminal.#tmux(
      'start-server',
      ';',
      ...settings,
      'new-session',
      '-d',
      ...size,
      '-c',
      cwd,
      ...command,
    )
    return terminal
  }

  /** Presses keys, named as tmux names them: `Enter`, `C-c`, `Down`. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  /** Writes text. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text)
  }

  /** Waits until the text is seen and nothing moves any more. */
  async wait(text: string): Promise<void> {
    if (await this.shows(text, patienceMs)) return
    throw new Error(`expected ${text} on the screen, got\n${this.#tmux('capture-pane', '-p')}`)
  }

  /** Whether the text is seen, and nothing moves any more, within a time. */
  async shows(text: string, withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs
    let before = ''
    while (performance.now() < until) {
      const seen = this.#tmux('capture-pane', '-p')
      const there = seen.includes(text)
      if (there && seen === before) return true
      before = seen
      await sleep(there ? lookAgainMs * 10 : lookAgainMs)
    }
    return false
  }

  /** What is seen now. */
  look(): TerminalSight {
    const rows = this.#tmux('capture-pane', '-p', '-e', '-N').replace(/\n$/, '').split('\n')
    const format = '#{cursor_flag} #{cursor_x} #{cursor_y}'
    const [shown, column = 0, row = 0] = this.#tmux('display-message', '-p', format)
      .split(' ')
      .map(Number)
    return { rows, columns: this.#columns, cursor: shown === 1 ? { column, row } : undefined }
  }

  /** Ends the program. */
  close(): void {
    this.#tmux('kill-server')
  }

  #tmux(...args: readonly string[]): string {
    const socket = join(this.#place.root, 'terminal.sock')
    const env = {
      ...this.#place.env,
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      LC_ALL: 'C.UTF-8',
    }
    return runCommand('tmux', ['-u', '-S', socket, '-f', '/dev/null', ...args], {
      cwd: this.#place.root,
      env,
    })
  }
}

/** What runs in a terminal. */
export interface TerminalOptions {
  readonly command: readonly string[]
  readonly cwd: string
  readonly columns: number
  readonly rows: number
}
