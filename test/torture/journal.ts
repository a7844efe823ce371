/** What one client did and was told, line by line in a file of its own that is only ever added to. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { z } from 'zod'
import type { Json } from '../../sdk/json.ts'

const json: z.ZodType<Json> = z.json()
const data = z.record(z.string(), json)

/** One operation of a write. */
const operation = z.object({
  op: z.enum(['create', 'update', 'delete', 'restore']),
  type: z.string(),
  id: z.string(),
  expectedVersion: z.int().optional(),
  data: data.optional(),
  set: data.optional(),
  apply: z.array(z.object({ field: z.string(), op: z.string(), value: json })).optional(),
})
export type Operation = z.infer<typeof operation>

/** A record as somebody was shown it. */
const shown = z.object({
  version: z.int(),
  lifecycle: z.string(),
  data,
})
export type Shown = z.infer<typeof shown>

/** One result of a write that was acknowledged. */
const result = z.object({
  type: z.string(),
  id: z.string(),
  version: z.int(),
  token: z.string(),
  /** False when there was nothing to change: then there is no event. */
  changed: z.boolean(),
  replayed: z.boolean().optional(),
})
export type Result = z.infer<typeof result>

/** What a client was answered. */
const answer = z.discriminatedUnion('as', [
  z.object({ as: z.literal('acknowledged'), results: z.array(result) }),
  /** `current` is there after a lost race: the record that won. */
  z.object({ as: z.literal('refused'), kind: z.string(), current: shown.nullable().optional() }),
  /** Null when there is none. */
  z.object({ as: z.literal('read'), record: shown.nullable() }),
  /** No answer, or one that says that nobody knows. */
  z.object({ as: z.literal('unknown'), why: z.string() }),
])
export type Answer = z.infer<typeof answer>

/**
 * Whether an answer to a write that was sent again leaves open what came of it before: nobody could look for its key, so
 * what is refused is this request, and no earlier one.
 */
export function saysNothingOfEarlier(answer: Answer): boolean {
  return answer.as === 'refused' && unseen.has(answer.kind)
}

const unseen: ReadonlySet<string> = new Set([
  ...['storage_failed', 'storage_full', 'draining', 'overloaded'],
])

/** An event as a subscriber was told it. */
const told = z.object({
  seq: z.int(),
  txn: z.int(),
  topic: z.string(),
  id: z.string().optional(),
  version: z.int().optional(),
  reason: z.string().optional(),
  data: data.optional(),
})
export type Told = z.infer<typeof told>

const line = z.discriminatedUnion('line', [
  /** Written before it is sent; again with the same key when it is repeated. `atUs` is of the machine's steady clock. */
  z.object({
    line: z.literal('sent'),
    key: z.string(),
    atUs: z.number(),
    write: z.array(operation).optional(),
    read: z.object({ type: z.string(), id: z.string() }).optional(),
  }),
  z.object({ line: z.literal('heard'), key: z.string(), atUs: z.number(), answer }),
  /** A subscription stands; it is told every event of its pattern after this seq. */
  z.object({
    line: z.literal('opened'),
    subscription: z.string(),
    pattern: z.string(),
    afterSeq: z.int(),
  }),
  z.object({ line: z.literal('told'), subscription: z.string(), events: z.array(told) }),
  /** What a subscriber is told only when something was taken from it. */
  z.object({ line: z.literal('gap'), subscription: z.string(), reason: z.string() }),
  z.object({ line: z.literal('problem'), what: z.string() }),
])
export type JournalLine = z.infer<typeof line>

/** Writes a journal. Each line is with the system before the call returns. */
export class JournalWriter {
  readonly #fd: number

  constructor(path: string) {
    this.#fd = openSync(path, 'a')
  }

  note(entry: JournalLine): void {
    writeSync(this.#fd, `${JSON.stringify(entry)}\n`)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Reads a journal that may still grow. */
export class JournalReader {
  readonly #fd: number
  #position = 0
  #rest = ''

  constructor(path: string) {
    this.#fd = openSync(path, 'a+')
  }

  /** The whole lines that came since the last call. */
  more(): JournalLine[] {
    const chunk = Buffer.alloc(1 << 20)
    const lines: JournalLine[] = []
    for (;;) {
      const count = readSync(this.#fd, chunk, 0, chunk.length, this.#position)
      if (count === 0) return lines
      this.#position += count
      // Bytes as letters, so that a letter of several bytes may be cut by the end of a chunk.
      const parts = (this.#rest + chunk.toString('latin1', 0, count)).split('\n')
      this.#rest = parts.pop() ?? ''
      for (const part of parts) {
        lines.push(line.parse(JSON.parse(Buffer.from(part, 'latin1').toString('utf8'))))
      }
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Microseconds of the machine's steady clock, the same for all processes of one machine. */
export function steadyUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
