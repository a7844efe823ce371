import type { Instant } from '../instant.ts'
import { type Event, type Operation, parseToken, type Record, type Seq } from '../model.ts'
import type { Snapshot } from './feed.ts'

/**
 * Turns snapshots into the events that a subscriber has not seen, marked `synthetic`.
 *
 * A stream that began with a snapshot remembers the version of every record, so after a gap it is told exactly what
 * differs, removals included. One that began elsewhere does not know what its reader knows: it is told every record that
 * is newer than its position, and after a change of epoch all of them.
 */
export class SnapshotDifference {
  readonly #filtered: boolean
  readonly #known: Map<string, KnownRecord> | undefined

  /**
   * @param options.filtered - Whether the subscription has a `where`: then its events say how a record matches.
   * @param options.remembers - Whether the stream begins with a snapshot.
   */
  constructor(options: { readonly filtered: boolean; readonly remembers: boolean }) {
    this.#filtered = options.filtered
    this.#known = options.remembers ? new Map() : undefined
  }

  /** Notes an event that is being handed to the reader. */
  note({ type, id, version, op, match, at }: Event): void {
    if (this.#known === undefined || type === undefined || id === undefined) return
    const key = keyOf(type, id)
    if (op === 'purged' || match === 'left') this.#known.delete(key)
    else if (version !== undefined) this.#known.set(key, { type, id, version, at })
  }

  /** The events that lead a reader from what it knows to the snapshot, in the order of the log. */
  events(snapshot: Snapshot): Event[] {
    const { records, after } = snapshot
    const since = after === undefined ? undefined : parseToken(after)?.seq
    const known = this.#known
    const news = records.filter((record) => {
      if (since === undefined) return true
      if (known !== undefined)
        return known.get(keyOf(record.type, record.id))?.version !== record.version
      return seqOf(record) > since
    })
    const events = news.map((record) => this.#eventOf(record)).sort((a, b) => a.seq - b.seq)
    if (known === undefined) return events
    const here = new Set(records.map(({ type, id }) => keyOf(type, id)))
    const gone = [...known].filter(([key]) => !here.has(key)).map(([, record]) => record)
    known.clear()
    for (const { type, id, version, updatedAt: at } of records) {
      known.set(keyOf(type, id), { type, id, version, at })
    }
    return [...events, ...gone.map((record) => this.#removalOf(record, snapshot))]
  }

  #eventOf(record: Record): Event {
    const { type, id, version, token, updatedAt: at, updatedBy: principal } = record
    const op = operationOf(record)
    const seq = seqOf(record)
    const before = this.#known?.get(keyOf(type, id))
    const match = before === undefined ? 'entered' : 'stayed'
    return {
      ...{ seq, txn: seq, topic: `${type}.${op}`, type, id, op, version },
      ...{ actor: { principal, client: unknown }, at, token, record, synthetic: true },
      ...(before === undefined ? {} : { previousVersion: before.version }),
      ...(this.#filtered && this.#known !== undefined ? { match } : {}),
    }
  }

  /** Without a filter a record that is not there any more was purged; with one it may just not fit. */
  #removalOf({ type, id, version, at }: KnownRecord, { token }: Snapshot): Event {
    const seq = (parseToken(token)?.seq ?? 0) as Seq
    const op = this.#filtered ? 'updated' : 'purged'
    return {
      ...{ seq, txn: seq, topic: `${type}.${op}`, type, id, op, previousVersion: version },
      ...{ actor: { principal: unknown, client: unknown }, at, token, synthetic: true },
      ...(this.#filtered ? { match: 'left' } : {}),
    }
  }
}

interface KnownRecord extends Pick<Record, 'type' | 'id' | 'version'> {
  /** When it was last seen to change. */
  readonly at: Instant
}

/** Who wrote a record is known, through which program is not; of what is gone not even that. */
const unknown = 'unknown'

/** What a record's state tells of the change that made it. */
function operationOf({ lifecycle, version }: Record): Operation {
  if (lifecycle !== 'active') return lifecycle
  return version === 1 ? 'created' : 'updated'
}

function seqOf({ token }: Record): Seq {
  return (parseToken(token)?.seq ?? 0) as Seq
}

function keyOf(type: string, id: string): string {
  return `${type}/${id}`
}
