import type { Token } from '../model.ts'
import type { Feed } from './feed.ts'

/**
 * Tells the daemon how far named subscriptions are handled: one message at a time for each, always the newest position,
 * and not for every event, because each message is a write.
 */
export class Acknowledgements {
  readonly #send: (feed: Feed, token: Token) => Promise<boolean>
  readonly #told = new WeakMap<Feed, Token>()
  readonly #resting = new WeakSet<Feed>()

  /** @param send - Never rejects; false when it could not be told now. */
  constructor(send: (feed: Feed, token: Token) => Promise<boolean>) {
    this.#send = send
  }

  /** The reader of a feed has handled something. */
  handled(feed: Feed): void {
    if (!this.#resting.has(feed)) void this.#tellAndRest(feed)
  }

  /** Tells what is not told yet. The message is on its way when this returns. */
  async finish(feed: Feed): Promise<void> {
    await this.#tell(feed)
  }

  async #tellAndRest(feed: Feed): Promise<void> {
    this.#resting.add(feed)
    await this.#tell(feed)
    await pause(pauseMs)
    this.#resting.delete(feed)
    // What was handled meanwhile; while there is no session nothing can be told, and the next event will.
    if (feed.state === 'open' && this.#isBehind(feed)) this.handled(feed)
  }

  async #tell(feed: Feed): Promise<void> {
    const { token } = feed
    if (token === undefined || !this.#isBehind(feed)) return
    if (await this.#send(feed, token)) this.#told.set(feed, token)
  }

  #isBehind(feed: Feed): boolean {
    return feed.token !== undefined && feed.token !== this.#told.get(feed)
  }
}

/** Between two messages about one subscription, in milliseconds. */
const pauseMs = 50

/** Does not keep the process alive. */
async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, ms).unref())
}
