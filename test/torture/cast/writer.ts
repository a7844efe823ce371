/** Writers that never rest. What they send, and what becomes of it, stands in their journal before and after. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import {
  type Answer,
  type JournalWriter,
  type Shown,
  saysNothingOfEarlier,
  steadyUs,
} from '../journal.ts'
import { type Attempt, contested, contestedType, type Known, nextAttempt } from './attempts.ts'
import { No, NobodyKnows, type Speaker } from './speaker.ts'

/** How a writer writes. */
export interface WriterOptions {
  /** Begins every key; no two writers of a store have the same. */
  readonly name: string
  readonly speaker: Speaker
  readonly journal: JournalWriter
  readonly random: () => number
  /** Shared by the writers of one process. */
  readonly known: Known
  /** Makes the next attempt, or undefined to look at a record first. By default what `nextAttempt` says. */
  readonly next?: (key: string) => Attempt | undefined
  readonly isOver: () => boolean
  /** Longest rest between two attempts, in milliseconds. */
  readonly restMs: number
}

/** Share of the acknowledged writes that are sent once more. */
const repeatedShare = 0.04

/** One attempt after the other. What nobody knows of is sent again with its key, until somebody does. */
export class Writer {
  readonly #options: WriterOptions
  #number = 0

  constructor(options: WriterOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { isOver, random, known, name, restMs, next } = this.#options
    while (!isOver()) {
      this.#number += 1
      const key = `${name}-${this.#number}`
      const attempt = next === undefined ? nextAttempt(key, known, random) : next(key)
      if (attempt === undefined) await this.#look(key)
      else await this.settle(attempt)
      if (random() < 0.3) await sleep(random() * restMs)
    }
  }

  /** Sends an attempt until it has an answer. */
  async settle(attempt: Attempt): Promise<void> {
    const answer = await this.#sendUntilKnown(attempt)
    if (answer.as === 'acknowledged' && this.#options.random() < repeatedShare) {
      await this.#sendUntilKnown(attempt)
    }
  }

  async #sendUntilKnown({ key, method, params, operations }: Attempt): Promise<Answer> {
    const { journal } = this.#options
    for (let isOpen = false; ; ) {
      journal.note({ line: 'sent', key, atUs: steadyUs(), write: [...operations] })
      const answer = await this.#answered(key, method, { params, parse: acknowledged })
      if (answer.as === 'unknown' || (isOpen && saysNothingOfEarlier(answer))) {
        isOpen = true
        await sleep(5)
        continue
      }
      if (answer.as === 'acknowledged') this.#learn(operations, answer)
      else if (answer.as === 'refused') await this.#lost(operations, answer)
      return answer
    }
  }

  async #look(key: string): Promise<void> {
    const { journal, random, known } = this.#options
    const id = contested[Math.floor(random() * contested.length)] ?? ''
    const read = { type: contestedType, id }
    journal.note({ line: 'sent', key, atUs: steadyUs(), read })
    const answer = await this.#answered(key, 'record/get', { params: read, parse: readAnswer })
    if (answer.as === 'read' && answer.record !== null) known.set(id, answer.record)
  }

  async #answered(
    key: string,
    method: string,
    { params, parse }: { readonly params: object; readonly parse: (raw: unknown) => Answer },
  ): Promise<Answer> {
    const { speaker, journal } = this.#options
    let answer: Answer
    try {
      answer = parse(await speaker.call(method, params))
    } catch (error) {
      if (error instanceof NobodyKnows) answer = { as: 'unknown', why: error.message }
      else if (!(error instanceof No)) throw error
      else if (method === 'record/get' && error.kind === 'not_found') {
        answer = { as: 'read', record: null }
      } else answer = refusal(error)
    }
    journal.note({ line: 'heard', key, atUs: steadyUs(), answer })
    return answer
  }

  #learn(operations: Attempt['operations'], { results }: Answer & { as: 'acknowledged' }): void {
    for (const [index, { op, type, id, set, data = set ?? {} }] of operations.entries()) {
      if (type !== contestedType || !contested.includes(id)) continue
      const version = results[index]?.version ?? 0
      const lifecycle = op === 'delete' ? 'deleted' : 'active'
      if (version > (this.#options.known.get(id)?.version ?? 0)) {
        this.#options.known.set(id, { version, lifecycle, data })
      }
    }
  }

  /** Whoever lost a race goes on from what won; whoever was sent away waits a little. */
  async #lost(
    operations: Attempt['operations'],
    { current, kind }: Answer & { as: 'refused' },
  ): Promise<void> {
    const { known } = this.#options
    const about = operations.filter(({ id }) => known.has(id))
    const [first] = about
    if (about.length === 1 && first !== undefined && current !== undefined && current !== null) {
      known.set(first.id, current)
    } else for (const { id } of about) known.delete(id)
    if (kind !== 'conflict') await sleep(10)
  }
}

const shownForm: z.ZodType<Shown> = z.object({
  version: z.int(),
  lifecycle: z.string(),
  data: z.record(z.string(), z.json()),
})

function readAnswer(raw: unknown): Answer {
  return { as: 'read', record: shownForm.parse(raw) }
}

const resultForm = z.object({
  type: z.string(),
  id: z.string(),
  version: z.int(),
  token: z.string(),
  changed: z.boolean(),
  replayed: z.boolean().optional(),
})
const answerForm = z.union([
  z.object({ results: z.array(resultForm), replayed: z.boolean().optional() }),
  resultForm.transform((result) => ({ results: [result], replayed: result.replayed })),
])

function acknowledged(raw: unknown): Answer {
  const { results, replayed } = answerForm.parse(raw)
  const more = replayed === undefined ? {} : { replayed }
  return { as: 'acknowledged', results: results.map((one) => ({ ...one, ...more })) }
}

function refusal({ kind, current }: No): Answer {
  const shown = shownForm.safeParse(current)
  return { as: 'refused', kind, ...(shown.success ? { current: shown.data } : {}) }
}
