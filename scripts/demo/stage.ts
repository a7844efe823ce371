/** What a person sees: the story on the left, and beside it the events as the editor gets them. */
import { styleText } from 'node:util'
import type { Claim } from './claims.ts'
import { feedLines } from './event-feed.ts'
import type { SeenEvent } from './messages.ts'

/** Where and how to print. */
export interface StageOptions {
  readonly write: (text: string) => void
  /** Whether there is a person in front of it: then lines are wrapped, and the last one may change. */
  readonly terminal: boolean
  readonly colours: boolean
  readonly columns: number
  /** Milliseconds since the beginning. */
  readonly elapsedMs: () => number
}

/** Who speaks. */
export type Speaker = keyof typeof styles

/**
 * Prints what happens, as it happens.
 *
 * On a wide terminal the events stand in a column of their own; elsewhere they are lines between the others. Without a terminal
 * nothing is wrapped, coloured or overwritten.
 */
export class Stage {
  readonly #options: StageOptions
  /** Width of the story; undefined when nothing is wrapped. */
  readonly #leftWidth: number | undefined
  readonly #sideBySide: boolean
  #events: SeenEvent[] = []
  #flushing: NodeJS.Timeout | undefined
  #progress = ''

  constructor(options: StageOptions) {
    this.#options = options
    this.#sideBySide = options.terminal && options.columns >= sideBySideMinColumns
    if (this.#sideBySide) this.#leftWidth = Math.min(storyMaxWidth, options.columns - feedWidth - 5)
    else if (options.terminal) this.#leftWidth = Math.min(storyMaxWidth, options.columns - 1)
  }

  /** The name of the play. */
  title(name: string, about: string): void {
    this.#row('')
    this.#row(` ${this.#paint('bold', name)}  ${this.#paint('dim', about)}`)
  }

  /** A new act. */
  act(name: string): void {
    this.flush()
    this.#row('')
    this.#row(` ${this.#paint('bold', name)}`)
  }

  /** Somebody does or says something. */
  say(speaker: Speaker, text: string): void {
    const time = `${(this.#options.elapsedMs() / 1000).toFixed(1)} s`.padStart(timeWidth)
    const name = speaker.padEnd(speakerWidth)
    const [first = '', ...rest] = this.#wrap(text)
    const head = ` ${this.#paint('dim', time)}  ${this.#paint(styles[speaker], name)} `
    this.#pair(`${head}${first}`, indentWidth + first.length)
    for (const line of rest)
      this.#pair(`${' '.repeat(indentWidth)}${line}`, indentWidth + line.length)
  }

  /** A line that belongs to what was said last. */
  detail(label: string, text: string): void {
    const [first = '', ...rest] = this.#wrap(text, labelWidth)
    const blank = ' '.repeat(indentWidth)
    const shown = `${blank}${this.#paint('dim', label.padEnd(labelWidth))}${first}`
    this.#pair(shown, indentWidth + labelWidth + first.length)
    for (const line of rest) {
      this.#pair(`${blank}${' '.repeat(labelWidth)}${line}`, indentWidth + labelWidth + line.length)
    }
  }

  /** Events that somebody has just been sent; they appear within a moment. */
  feed(events: readonly SeenEvent[]): void {
    this.#events.push(...events)
    this.#flushing ??= setTimeout(() => this.flush(), feedEveryMs)
  }

  /** Prints the events that wait. */
  flush(): void {
    clearTimeout(this.#flushing)
    this.#flushing = undefined
    for (const line of this.#takeFeed()) {
      if (this.#sideBySide) this.#row(`${' '.repeat(this.#leftWidth ?? 0)} ${this.#feedCell(line)}`)
      else this.#row(this.#paint('cyan', `${' '.repeat(timeWidth + 3)}· ${line}`))
    }
  }

  /** A line that changes in place; only a terminal gets it. */
  progress(text: string): void {
    if (!this.#options.terminal) return
    const line = `${' '.repeat(indentWidth)}${text}`
    this.#options.write(`${eraseLine}${this.#paint('dim', line)}`)
    this.#progress = line
  }

  /** The judgement: each claim with what was measured. */
  claims(claims: readonly Claim[]): void {
    this.act('What was claimed, and what was measured')
    this.#row('')
    for (const [index, { claim, holds, measured }] of claims.entries()) {
      const mark = holds ? this.#paint('green', '✓') : this.#paint('red', '✗')
      const number = String(index + 1).padStart(2)
      this.#row(` ${mark} ${number}  ${holds ? claim : this.#paint('red', claim)}`)
      for (const line of this.#wrap(measured, 0, claimIndent)) {
        this.#row(`${' '.repeat(claimIndent)}${this.#paint('dim', line)}`)
      }
    }
  }

  /** The last words. */
  close(text: string, good: boolean): void {
    this.#row('')
    this.#row(` ${this.#paint(good ? 'green' : 'red', text)}`)
    this.#row('')
  }

  /** What a person may want to do now: commands, and what they are for. */
  next(commands: readonly (readonly [command: string, about: string])[]): void {
    const width = Math.max(...commands.map(([command]) => command.length))
    for (const [command, about] of commands) {
      this.#row(` ${command.padEnd(width)}  ${this.#paint('dim', about)}`)
    }
    this.#row('')
  }

  /** A story line, with an event beside it if one waits and there is room. */
  #pair(shown: string, width: number): void {
    if (!this.#sideBySide) {
      this.flush()
      this.#row(shown)
      return
    }
    const [line, ...rest] = this.#takeFeed()
    const left = this.#leftWidth ?? 0
    this.#row(
      line === undefined
        ? shown
        : `${shown}${' '.repeat(Math.max(0, left - width))} ${this.#feedCell(line)}`,
    )
    for (const more of rest) this.#row(`${' '.repeat(left)} ${this.#feedCell(more)}`)
  }

  #feedCell(line: string): string {
    return `${this.#paint('dim', '│')} ${this.#paint('cyan', line)}`
  }

  #takeFeed(): string[] {
    const lines = feedLines(this.#events, this.#sideBySide ? feedWidth : undefined)
    this.#events = []
    return lines
  }

  #wrap(text: string, less = 0, indent = indentWidth): string[] {
    if (this.#leftWidth === undefined) return [text]
    const whole = indent === claimIndent ? this.#options.columns - 1 : this.#leftWidth
    return wrapWords(text, Math.max(20, Math.min(whole, claimMaxWidth) - indent - less))
  }

  #row(text: string): void {
    const erase = this.#progress === '' ? '' : eraseLine
    this.#progress = ''
    this.#options.write(`${erase}${text}\n`)
  }

  #paint(style: Parameters<typeof styleText>[0], text: string): string {
    return this.#options.colours ? styleText(style, text) : text
  }
}

const styles = {
  demo: 'bold',
  daemon: 'magenta',
  editor: 'cyan',
  ci: 'yellow',
  agent: 'green',
  triage: 'blue',
  review: 'blue',
  writers: 'blue',
} as const

const timeWidth = 6
const speakerWidth = 7
/** Blank, time, two blanks, speaker, blank. */
const indentWidth = 1 + timeWidth + 2 + speakerWidth + 1
const labelWidth = 12
const claimIndent = 7
const claimMaxWidth = 110
const storyMaxWidth = 76
const feedWidth = 44
const sideBySideMinColumns = 112
const feedEveryMs = 250
const eraseLine = '\r\u001b[K'

/** Breaks a text between words into lines of at most so many characters; a longer word keeps its own line. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
