/** Which topics there are, so that a pattern that can match none is an error instead of a silence. */
import { didYouMean } from '../../sdk/did-you-mean.ts'
import { OrionError } from '../../sdk/errors.ts'
import { firstWord } from '../../sdk/model.ts'
import { movesOf } from '../../sdk/proposal-states.ts'
import type { EventSource } from './event-source.ts'
import { fitsType, operations } from './record-topics.ts'
import type { TopicPattern } from './topic-pattern.ts'

/**
 * The topics of the record types, and those of clients that the log holds.
 *
 * The log is searched for clients' topics only when a pattern fits no record type, once, in slices that yield;
 * later searches go on where the last one ended.
 */
export class KnownTopics {
  readonly #source: EventSource
  readonly #clientTopics = new Set<string>()
  readonly #fitting = new WeakSet<TopicPattern>()
  #searchedTo = 0

  constructor(source: EventSource) {
    this.#source = source
  }

  /**
   * @param reads - First words of the topics that the caller may know of; without them, of all.
   * @throws OrionError `invalid_request` naming the first pattern that no known topic fits.
   */
  async assertKnown(
    patterns: readonly TopicPattern[],
    reads?: ReadonlySet<string> | undefined,
  ): Promise<void> {
    for (const pattern of patterns) {
      if (await this.#isKnown(pattern, reads)) continue
      const meant = this.#suggestion(pattern, this.#types(reads))
      throw new OrionError(
        'invalid_request',
        `pattern ${pattern.text} matches no known topic: no record type has it, and the log holds no such event`,
        {
          ...(meant === undefined ? {} : { didYouMean: meant }),
          remedy:
            'correct the pattern, or pass allowUnknown: true if the topic is still to come; topics look like Proposal.created',
        },
      )
    }
  }

  /** What fits is remembered only for those who may read everything. */
  async #isKnown(pattern: TopicPattern, reads: ReadonlySet<string> | undefined): Promise<boolean> {
    if (reads === undefined && this.#fitting.has(pattern)) return true
    const fits = (topic: string): boolean =>
      pattern.matches(topic) && (reads === undefined || reads.has(firstWord(topic)))
    const known =
      this.#types(reads).some(
        (type) => fitsType(pattern, type) || pattern.matches(`${type}.migrated`),
      ) || (await this.#fitsClientTopic(fits))
    if (known && reads === undefined) this.#fitting.add(pattern)
    return known
  }

  #types(reads: ReadonlySet<string> | undefined): readonly string[] {
    const types = this.#source.typeNames()
    return reads === undefined ? types : types.filter((type) => reads.has(type))
  }

  async #fitsClientTopic(matches: (topic: string) => boolean): Promise<boolean> {
    for (const topic of this.#clientTopics) {
      if (matches(topic)) return true
    }
    const { log } = this.#source
    while (this.#searchedTo < log.durableSeq) {
      // With more topics than are kept nobody can say that a pattern fits none.
      if (this.#clientTopics.size >= clientTopicsMax) return true
      const events = log.readEvents(Math.max(this.#searchedTo, log.floorSeq), sliceEvents)
      let fits = false
      for (const event of events) {
        if (event.type !== undefined) continue
        this.#clientTopics.add(event.topic)
        fits ||= matches(event.topic)
      }
      this.#searchedTo = Math.max(this.#searchedTo, events.at(-1)?.seq ?? log.durableSeq)
      if (fits) return true
      await new Promise(setImmediate)
    }
    return [...this.#clientTopics].some(matches)
  }

  #suggestion(pattern: TopicPattern, types: readonly string[]): string | undefined {
    const [name = '', ...rest] = pattern.text.split('.')
    const type = didYouMean(name, types)
    if (type === undefined) return undefined
    const operation = rest.length === 1 && rest[0] !== undefined ? rest[0] : '*'
    const known = didYouMean(operation, [...operations, ...movesOf(type)]) ?? '*'
    return `${type}.${known}`
  }
}

const clientTopicsMax = 4096
const sliceEvents = 256
