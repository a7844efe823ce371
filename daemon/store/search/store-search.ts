/** Searching of one open store: its indexes, what builds them, and what reads them. */

import type { Token } from '../../../sdk/model.ts'
import type { Log } from '../../log.ts'
import type { LongReads } from '../long-reads.ts'
import type { Caller, StoreReads } from '../store-api.ts'
import type { StoreContext } from '../store-context.ts'
import type { WriteQueue } from '../write-queue.ts'
import { IndexBuilder } from './index-builder.ts'
import { RecordSearch } from './record-search.ts'

/** What it works with. */
export interface StoreSearchParts {
  readonly context: StoreContext
  readonly queue: WriteQueue
  readonly longReads: LongReads
  readonly log: Log
  readonly waitFor: (token: Token, caller: Caller) => Promise<void>
}

/** Searches the records of a store, and builds what is searched. */
export class StoreSearch {
  readonly #parts: StoreSearchParts
  readonly #builder: IndexBuilder
  readonly #search: RecordSearch

  constructor(parts: StoreSearchParts) {
    this.#parts = parts
    const { context, queue, longReads, log, waitFor } = parts
    const { limits, search: indexes } = context
    this.#builder = new IndexBuilder({ context, indexes, queue, limits, log })
    this.#search = new RecordSearch({ context, queue, longReads, builder: this.#builder, waitFor })
    this.#builder.wake(0)
  }

  readonly search: StoreReads['search'] = (params, caller) => this.#search.search(params, caller)

  /** Builds an index anew; false when there is none of that name. Resolves when it is built. */
  async rebuild(name: string): Promise<boolean> {
    const { context, queue } = this.#parts
    const type = context.search.noted().find((index) => index.name === name)?.type
    if (type === undefined) return false
    const run = (): boolean =>
      context.search.renew(name, (known) => context.types.get(known)?.definition)
    const committed = (): void => context.search.reload(type)
    await queue.submit({ undo: 'nothing', alone: true, run, committed }, {})
    await this.#builder.isDone(type)
    return true
  }

  /** Ends the building; it is gone on with when the store is opened again. */
  close(): Promise<void> {
    return this.#builder.close()
  }
}
