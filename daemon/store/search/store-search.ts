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
  readonly #builder: IndexBuilder
  readonly #search: RecordSearch

  constructor({ context, queue, longReads, log, waitFor }: StoreSearchParts) {
    const { limits, search: indexes } = context
    this.#builder = new IndexBuilder({ context, indexes, queue, limits, log })
    this.#search = new RecordSearch({ context, queue, longReads, builder: this.#builder, waitFor })
    this.#builder.wake(0)
  }

  readonly search: StoreReads['search'] = (params, caller) => this.#search.search(params, caller)

  /** Ends the building; it is gone on with when the store is opened again. */
  close(): Promise<void> {
    return this.#builder.close()
  }
}
