/**
 * The records that were read or written last, decoded. The store is the only writer of its file, so a record in memory
 * is the record in the file as long as every write puts its own here and every write taken back drops it.
 *
 * Two generations instead of a list by time of use: what is used moves to the young one, and when that is full the old
 * one is forgotten as a whole. A use costs one look-up.
 */
import type { StoredRecord } from './row-codec.ts'

/** Records by type and id. */
export class RecordCache {
  readonly #maxBytes: number
  #young = new Map<string, StoredRecord>()
  #old = new Map<string, StoredRecord>()
  #youngBytes = 0

  /** @param maxBytes - About how many bytes the records may take together; 0 keeps none. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(type: string, id: string): StoredRecord | undefined {
    const key = keyOf(type, id)
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.#keep(key, old)
    return old
  }

  /** Remembers a record as it is now. */
  put(stored: StoredRecord): void {
    const { type, id } = stored.record
    this.#keep(keyOf(type, id), stored)
  }

  /** Forgets one record: it was removed, or a write of it was taken back. */
  drop(type: string, id: string): void {
    const key = keyOf(type, id)
    const young = this.#young.get(key)
    if (young !== undefined) this.#youngBytes -= sizeOf(young)
    this.#young.delete(key)
    this.#old.delete(key)
  }

  /** Forgets all of them. */
  clear(): void {
    this.#young.clear()
    this.#old.clear()
    this.#youngBytes = 0
  }

  #keep(key: string, stored: StoredRecord): void {
    const bytes = sizeOf(stored)
    // One large record would push out everything that is used more often.
    if (bytes > this.#maxBytes / 16) {
      this.drop(stored.record.type, stored.record.id)
      return
    }
    const before = this.#young.get(key)
    if (before !== undefined) this.#youngBytes -= sizeOf(before)
    else if (this.#youngBytes + bytes > this.#maxBytes / 2) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    this.#young.set(key, stored)
    this.#youngBytes += bytes
    if (this.#old.size > 0) this.#old.delete(key)
  }
}

/** No type name holds a line break. */
function keyOf(type: string, id: string): string {
  return `${type}\n${id}`
}

/** A text in memory takes up to two bytes a unit; the envelope and the objects around it take the rest. */
function sizeOf({ dataLength }: StoredRecord): number {
  return envelopeBytes + 2 * dataLength
}

const envelopeBytes = 800
