/**
 * The part of a long list that somebody has looked at: the first page, and as many further ones as were asked for. Beyond a
 * bound it is not continued, because nobody reads thousands of rows; they search.
 *
 * A refresh reads again what is there, by cursors from the top, so that the rows are those of one moment and none is missing
 * or twice where pages meet. Pages of a list of 100,000 records cost what those of a short one cost.
 */
export class PagedList<T> {
  readonly #read: ReadPage<T>
  readonly #pageSize: number
  readonly #max: number
  #items: readonly T[] = []
  #next: string | undefined
  #wanted: number
  #loaded = false

  constructor(read: ReadPage<T>, options: { readonly pageSize: number; readonly max?: number }) {
    this.#read = read
    this.#pageSize = options.pageSize
    this.#max = options.max ?? rowsMax
    this.#wanted = options.pageSize
  }

  /** What is loaded, in the order of the list. */
  get items(): readonly T[] {
    return this.#items
  }

  get isLoaded(): boolean {
    return this.#loaded
  }

  /** Whether there is more, and whether it can be asked for. */
  get more(): 'none' | 'page' | 'too many' {
    if (this.#next === undefined) return 'none'
    return this.#items.length >= this.#max ? 'too many' : 'page'
  }

  /** Asks for one page more; `load` reads it. */
  wantMore(): void {
    if (this.more === 'page')
      this.#wanted = Math.min(this.#max, this.#items.length + this.#pageSize)
  }

  /** Goes back to the first page. */
  reset(): void {
    this.#wanted = this.#pageSize
    this.#items = []
    this.#next = undefined
    this.#loaded = false
  }

  /** Reads all that is wanted anew. If it throws, what was there stays. */
  async load(): Promise<void> {
    const items: T[] = []
    let after: string | undefined
    do {
      const limit = Math.min(requestMax, this.#wanted - items.length)
      const page = await this.#read({ limit, ...(after === undefined ? {} : { after }) })
      items.push(...page.items)
      after = page.next
    } while (after !== undefined && items.length < this.#wanted)
    this.#items = items
    this.#next = after
    this.#loaded = true
  }
}

/** Reads one page; `next` is absent at the end. */
export type ReadPage<T> = (page: {
  readonly limit: number
  readonly after?: string
}) => Promise<{ readonly items: readonly T[]; readonly next?: string | undefined }>

/** Most rows of one list. */
const rowsMax = 2_000
/** Most rows of one request. */
const requestMax = 1_000
