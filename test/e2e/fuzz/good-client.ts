/** A well-behaved client beside those that throw: what it writes must be acknowledged, told, and there at the end. */

import { integer } from '../../../sdk/field.ts'
import { type Client, connect } from '../../../sdk/index.ts'
import { defineRecordType } from '../../../sdk/record-type.ts'

/** What it writes; those that throw do not know its name. */
export const Kept = defineRecordType('KeptByTheGoodClient', { fields: { number: integer() } })

/** Writes one record after the other until it is stopped. */
export class GoodClient {
  readonly #client: Client
  readonly #acknowledged = new Map<number, string>()
  readonly #told: number[] = []
  readonly #problems: string[] = []
  #writing: Promise<void> = Promise.resolve()
  #listening: Promise<void> = Promise.resolve()
  #stopped = false

  private constructor(client: Client) {
    this.#client = client
  }

  /** Connects, subscribes, and begins to write. */
  static async start(place: { readonly store: string; readonly env: NodeJS.ProcessEnv }) {
    const client = await connect({
      ...place,
      daemon: 'join-only',
      client: { name: 'good', kind: 'script' },
      timeoutMs: 60_000,
      types: [Kept],
    })
    const good = new GoodClient(client)
    const stream = await client.subscribe(Kept)
    good.#listening = good.#listen(stream)
    good.#writing = good.#write()
    return good
  }

  /** How many of its writes were acknowledged so far. */
  get written(): number {
    return this.#acknowledged.size
  }

  /** What was acknowledged, by number. */
  get acknowledged(): ReadonlyMap<number, string> {
    return this.#acknowledged
  }

  /** Stops writing, waits for what it was told, and says what went wrong. */
  async stop(): Promise<readonly string[]> {
    this.#stopped = true
    await this.#writing
    const deadline = performance.now() + 60_000
    while (this.#told.length < this.written && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const wanted = [...this.#acknowledged.keys()]
    if (JSON.stringify(this.#told) !== JSON.stringify(wanted)) {
      this.#problems.push(`told ${this.#told.length} of ${wanted.length} writes, or not in order`)
    }
    await this.#client.close()
    await this.#listening
    return this.#problems
  }

  async #listen(
    stream: AsyncIterable<{ readonly record?: { readonly data: { readonly number: number } } }>,
  ): Promise<void> {
    for await (const { record } of stream) {
      if (record !== undefined) this.#told.push(record.data.number)
    }
  }

  async #write(): Promise<void> {
    const kept = this.#client.repository(Kept)
    for (let number = 1; !this.#stopped; number++) {
      try {
        const { id } = await kept.create({ number })
        this.#acknowledged.set(number, id)
      } catch (error) {
        this.#problems.push(`write ${number}: ${error}`)
        return
      }
    }
  }
}
