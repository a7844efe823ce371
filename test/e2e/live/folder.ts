/** Subscribers that fold events, and look at what they hold before each. */
import type { EventStream } from '../../../sdk/client/event-stream.ts'
import type { Where } from '../../../sdk/client/where.ts'
import { type Event, formatToken, parseToken, type Record, type Token } from '../../../sdk/model.ts'
import type { RecordData } from '../../../sdk/record-type.ts'
import { apply, factOf, type Observation } from './oracle.ts'
import { type MortalClient, Task } from './world.ts'

/** Which events a folder reads, and how many may wait for it. */
export interface FolderSettings {
  readonly name: string
  readonly where?: Where<typeof Task>
  readonly isOf: (record: Record) => boolean
  readonly queueMaxEvents: number
}

/** Begins with a snapshot; before each event it holds what the store was just before that event. */
export class Folder {
  readonly observations: Observation[] = []
  readonly problems: string[] = []
  /** How many events were made of snapshots, and how many gaps there were. */
  synthetic = 0
  gaps = 0
  readonly #client: MortalClient
  readonly #settings: FolderSettings
  readonly #state = new Map<string, Record>()
  #stream: EventStream<RecordData<typeof Task>> | undefined
  #reading: Promise<IteratorResult<Event<object>, undefined>> | undefined
  #lastSeq = 0
  /** Was handed out before a new start from a position before it, and may come again. */
  #mayRepeat = 0
  /** A gap in a stream that does not know what this one holds. */
  #isStale = false
  /** The last event was made of a snapshot. */
  #isInRepair = false

  constructor(client: MortalClient, settings: FolderSettings) {
    this.#client = client
    this.#settings = settings
  }

  /** Begins again, where its stream was: in a new stream, as another process would. */
  async restart(): Promise<void> {
    const stream = this.#stream
    await stream?.close()
    const last = await this.#reading
    if (last?.value !== undefined) this.#handle(last.value)
    this.#reading = undefined
    // Of a repair that was not handed out to its end it holds a part, and its stream stands before all of it.
    const position = parseToken(stream?.token ?? '')?.seq ?? 0
    if (this.#isInRepair && position < this.#lastSeq) this.#isStale = true
    await this.#open(stream?.token)
  }

  async #open(token: Token | undefined): Promise<void> {
    const from = this.#isStale ? 'snapshot' : (token ?? 'snapshot')
    this.#isStale = false
    this.#mayRepeat = this.#lastSeq
    if (from === 'snapshot') {
      this.#state.clear()
      this.#lastSeq = 0
      this.#mayRepeat = 0
    }
    const { where, queueMaxEvents } = this.#settings
    this.#stream = await this.#client.client.subscribe(Task, {
      ...(where && { where }),
      ...{ from, queueMaxEvents },
      onGap: () => {
        this.gaps++
        if (from !== 'snapshot') this.#isStale = true
      },
    })
  }

  /** Reads events that are there, at most so many. Returns how many came. */
  async read(max: number): Promise<number> {
    if (this.#stream === undefined) await this.#open(undefined)
    let count = 0
    for (; count < max; count++) {
      this.#reading ??= this.#stream?.next()
      const item = await Promise.race([this.#reading, soon()])
      if (item === undefined) break
      this.#reading = undefined
      if (this.#isStale) await this.restart()
      else if (item.value !== undefined) this.#handle(item.value)
    }
    return count
  }

  /** Reads on until everything up to a position is handled. */
  async readUntil(seq: number): Promise<void> {
    while ((parseToken(this.#stream?.token ?? '')?.seq ?? -1) < seq) {
      if ((await this.read(1000)) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  get name(): string {
    return this.#settings.name
  }

  /** Whether a record is one of those that it follows. */
  readonly isOf = (record: Record): boolean => this.#settings.isOf(record)

  /** What it holds now, in the order of the ids. */
  get facts(): string[] {
    return sorted([...this.#state.values()]).map(factOf)
  }

  async close(): Promise<void> {
    await this.#stream?.close()
    await this.#reading
  }

  #handle(event: Event<object>): void {
    const { seq, synthetic, token } = event
    if (synthetic) this.synthetic++
    if (seq === this.#mayRepeat && !synthetic) return
    const { name, isOf } = this.#settings
    if (synthetic ? seq < this.#lastSeq : seq <= this.#lastSeq) {
      this.problems.push(`${name}: ${seq} after ${this.#lastSeq}`)
    }
    this.#lastSeq = seq
    this.#isInRepair = synthetic === true
    if (!synthetic) {
      const choose = (records: readonly Record[]) => sorted(records.filter(isOf))
      const seen = this.facts
      this.observations.push({ who: name, token: before(token), seen, choose, torn: true })
    }
    apply(this.#state, event as Event)
  }
}

/** The records in the order of their ids. */
export function sorted(records: readonly Record[]): Record[] {
  return records.toSorted((left, right) => (left.id < right.id ? -1 : 1))
}

function before(token: Token): Token {
  const position = parseToken(token)
  return position === undefined ? token : formatToken({ ...position, seq: position.seq - 1 })
}

function soon(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)))
}
