/** What one store held over all lives of its daemon, and what of it can't be. Nothing here is code of the daemon's. */
import type { Found, Logged } from './disk.ts'
import { sameJson } from './same-json.ts'

/** The newest state of a record, by the log. */
type Latest = Pick<Logged, 'version' | 'lifecycle' | 'data' | 'seq' | 'op'>

/** Takes what is found on disk after each life, and says what is wrong with it. */
export class StoreAccount {
  /** Every event there ever was, oldest first. */
  readonly log: Logged[] = []
  readonly #latest = new Map<string, Latest>()
  readonly #versions = new Map<string, Set<number>>()
  #epoch: string | undefined

  /** The newest event that was found. */
  get lastSeq(): number {
    return this.log.at(-1)?.seq ?? 0
  }

  /** Takes what came after `lastSeq`. */
  take(found: Found): string[] {
    const problems = [...this.#identity(found), ...found.log.flatMap((row) => this.#append(row))]
    for (const { type, id, version, lifecycle, seq, data } of found.records) {
      const key = `${type}/${id}`
      const latest = this.#latest.get(key)
      const isAlike =
        latest !== undefined &&
        latest.version === version &&
        latest.lifecycle === lifecycle &&
        latest.seq === seq &&
        sameJson(latest.data, data)
      if (!isAlike) {
        const said = latest === undefined ? 'nothing' : JSON.stringify(latest)
        const is = JSON.stringify({ version, lifecycle, seq, data })
        problems.push(`record ${key} is ${is}, and its events say ${said}`)
      }
    }
    const { integrity } = found
    if (integrity !== undefined && integrity !== 'ok') problems.push(`SQLite says: ${integrity}`)
    return problems
  }

  /** Holds the whole store against all that was found over the lives. */
  takeWhole(found: Found): string[] {
    const problems: string[] = []
    const served = this.log.filter(({ seq }) => seq > found.floorSeq)
    const log = found.log.filter(({ seq }) => seq > found.floorSeq)
    if (!sameJson(log, served)) {
      const at = served.findIndex((row, index) => !sameJson(row, log[index]))
      const was = JSON.stringify(served[at])
      problems.push(`the log is not what it was: ${was} is ${JSON.stringify(log[at])} now`)
    }
    const present = new Set(found.records.map(({ type, id }) => `${type}/${id}`))
    for (const [key, { op, version }] of this.#latest) {
      if (op !== 'purged' && !present.has(key)) problems.push(`record ${key} is gone`)
      if (op === 'purged' && found.tombstones.get(key) !== version) {
        problems.push(`the tombstone of ${key} is not of version ${version}`)
      }
    }
    return problems
  }

  #identity({ epoch, storeId }: Found): string[] {
    const identity = `${storeId} ${epoch}`
    const before = this.#epoch
    this.#epoch = identity
    if (before === undefined || before === identity) return []
    return [`the store was ${before} (store and epoch), and is ${identity} without a restore`]
  }

  #append(row: Logged): string[] {
    const problems: string[] = []
    const expected = this.lastSeq + 1
    const before = this.log.at(-1)
    this.log.push(row)
    const { seq, txn, type, id, version } = row
    if (seq !== expected) problems.push(`a hole in the log: expected seq ${expected}, got ${seq}`)
    if (txn !== seq && before?.txn !== txn) {
      problems.push(`seq ${seq} is of transaction ${txn}, the event before it is not`)
    }
    if (type === null || id === null || version === null) return problems
    const key = `${type}/${id}`
    const latest = this.#latest.get(key)
    const versions = this.#versions.get(key) ?? new Set()
    this.#versions.set(key, versions)
    if (versions.has(version)) problems.push(`version ${version} of ${key} was given twice`)
    else if (version !== (latest?.version ?? 0) + 1) {
      problems.push(`version ${version} of ${key} follows version ${latest?.version ?? 0}`)
    }
    if (row.op !== 'created' && row.previous !== (latest?.version ?? null)) {
      problems.push(`seq ${seq} says that it follows ${row.previous} of ${key}`)
    }
    versions.add(version)
    const { lifecycle, data, op } = row
    this.#latest.set(key, { version, lifecycle, data, seq, op })
    return problems
  }
}
