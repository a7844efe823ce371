/** The line from the tests in the extension host to the hands that hold the browser. */
import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { answered, type Deed, type Sight, sight } from '../../../scripts/editors/hands-protocol.ts'

/** A person's hands and eyes. */
export class Hands {
  readonly #socket: Socket
  readonly #waiting = new Map<number, { done(answer: unknown): void; failed(error: Error): void }>()
  #count = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    createInterface({ input: socket }).on('line', (line) => {
      const { id, answer, error } = answered.parse(JSON.parse(line))
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.done(answer)
      else waiting?.failed(new Error(error))
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const { failed } of this.#waiting.values()) failed(new Error('the hands are gone'))
    })
  }

  /** Connects. */
  static async connect(path: string): Promise<Hands> {
    const socket = createConnection(path)
    await new Promise<void>((resolve, reject) =>
      socket.once('connect', resolve).once('error', reject),
    )
    return new Hands(socket)
  }

  /** Asks for something; rejects with what went wrong. */
  async do(deed: Deed): Promise<unknown> {
    const id = ++this.#count
    const answer = new Promise<unknown>((done, failed) => this.#waiting.set(id, { done, failed }))
    this.#socket.write(`${JSON.stringify({ id, deed })}\n`)
    return await answer
  }

  /** Presses keys one after another. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const each of keys) await this.do({ do: 'press', keys: each })
  }

  /** Writes where the focus is. */
  async type(text: string): Promise<void> {
    await this.do({ do: 'type', text })
  }

  /** Clicks on the first element that fits, once it is there. */
  async click(selector: string, text?: string, more: ClickOptions = {}): Promise<void> {
    await this.do({ do: 'click', selector, ...(text === undefined ? {} : { text }), ...more })
  }

  /** Moves the pointer over the first element that fits. */
  async hover(selector: string, text?: string): Promise<void> {
    await this.do({ do: 'hover', selector, ...(text === undefined ? {} : { text }) })
  }

  /** What all elements that fit show now. */
  async look(selector: string): Promise<Sight[]> {
    return z.array(sight).parse(await this.do({ do: 'look', selector }))
  }

  /** Waits until an element that fits can be seen; answers when, in milliseconds of the clock. */
  async see(selector: string, text?: string, timeoutMs?: number): Promise<number> {
    return await this.#wait({ selector, text, timeoutMs, gone: false })
  }

  /** Waits until no element that fits can be seen. */
  async miss(selector: string, text?: string, timeoutMs?: number): Promise<number> {
    return await this.#wait({ selector, text, timeoutMs, gone: true })
  }

  /** Takes a picture. Those that the documents show are kept with them. */
  async picture(name: string, part: PictureOptions = {}): Promise<void> {
    await this.do({ do: 'picture', name, ...part })
  }

  /** Longest task of the window since it was asked last, in milliseconds. */
  async longestTask(): Promise<number> {
    return z.number().parse(await this.do({ do: 'longest-task' }))
  }

  /** Notes a figure for the result. */
  async figure(name: string, value: string): Promise<void> {
    await this.do({ do: 'figure', name, value })
  }

  async #wait(options: {
    readonly selector: string
    readonly text: string | undefined
    readonly timeoutMs: number | undefined
    readonly gone: boolean
  }): Promise<number> {
    const { selector, text, timeoutMs, gone } = options
    return z.number().parse(
      await this.do({
        do: 'await',
        selector,
        gone,
        ...(text === undefined ? {} : { text }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      }),
    )
  }
}

interface ClickOptions {
  readonly button?: 'left' | 'right'
  readonly clicks?: number
}

interface PictureOptions {
  readonly width?: number
  readonly height?: number
}
