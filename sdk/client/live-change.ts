import { jsonEqual } from '../json.ts'
import type { Record, Token } from '../model.ts'
import type { OrderedRecords } from './ordered-records.ts'

/** How a result set differs from the one before. */
export interface LiveChange<R = Record> {
  /** Records that are new in the set, in its order. */
  readonly added: readonly R[]
  /** Records that were in the set before and are not as they were, as they are now, in its order. */
  readonly changed: readonly R[]
  /** Records that left the set, as they were in it. */
  readonly removed: readonly R[]
  /** The position that the set is as of, with this change. */
  readonly token: Token
}

/** A page of the records that fit. */
export interface LivePage {
  readonly records: readonly Record[]
  readonly next?: string | undefined
  readonly token: Token
}

/** The set as it is now. */
export interface LiveState {
  readonly records: OrderedRecords
  readonly token: Token
}

/**
 * One reader of a live query. It keeps of every record that changed how the reader saw it last, and nothing else: a
 * reader that is slow gets one change in place of many.
 */
export class LiveCursor implements AsyncIterableIterator<LiveChange, undefined, undefined> {
  readonly #state: () => LiveState
  readonly #onReturn: (cursor: LiveCursor) => void
  /** Undefined stands for a record that the reader has not seen. */
  readonly #seen = new Map<string, Record | undefined>()
  #started = false
  #ended: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(state: () => LiveState, onReturn: (cursor: LiveCursor) => void) {
    this.#state = state
    this.#onReturn = onReturn
  }

  /** Takes in how records were before a change of the set. */
  note(before: ReadonlyMap<string, Record | undefined>): void {
    if (!this.#started) return
    for (const [id, record] of before) {
      if (!this.#seen.has(id)) this.#seen.set(id, record)
    }
    this.#wake?.()
  }

  /** There will be no more changes. */
  end(error: unknown): void {
    this.#ended = { error }
    this.#wake?.()
  }

  /** The next change; the first one has every record as added, and comes even if there is none. */
  async next(): Promise<IteratorResult<LiveChange, undefined>> {
    for (;;) {
      const ended = this.#ended
      if (ended !== undefined && ended.error === undefined) return { done: true, value: undefined }
      const change = this.#take()
      if (change !== undefined) return { done: false, value: change }
      if (ended !== undefined) {
        this.#ended = { error: undefined }
        throw ended.error
      }
      if (this.#wake !== undefined)
        throw new Error('expected one reader, got a second call of next()')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  /** Ends this loop; the query goes on. */
  async return(): Promise<IteratorResult<LiveChange, undefined>> {
    this.#onReturn(this)
    this.end(undefined)
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #take(): LiveChange | undefined {
    const { records, token } = this.#state()
    if (!this.#started) {
      this.#started = true
      return { added: records.list(), changed: [], removed: [], token }
    }
    const fresh = new Map<string, 'added' | 'changed'>()
    const removed: Record[] = []
    for (const [id, before] of this.#seen) {
      const now = records.get(id)
      if (now === undefined) {
        if (before !== undefined) removed.push(before)
      } else if (before === undefined) fresh.set(id, 'added')
      else if (!isSame(before, now)) fresh.set(id, 'changed')
    }
    this.#seen.clear()
    if (fresh.size === 0 && removed.length === 0) return undefined
    const inOrder = records.sorted(fresh.keys())
    const added = inOrder.filter(({ id }) => fresh.get(id) === 'added')
    const changed = inOrder.filter(({ id }) => fresh.get(id) === 'changed')
    return { added, changed, removed, token }
  }
}

/** In another epoch an unchanged record has another token. */
function isSame(left: Record, right: Record): boolean {
  if (left === right) return true
  if (left.version !== right.version || left.lifecycle !== right.lifecycle) return false
  return left.token === right.token || jsonEqual(left.data, right.data)
}
