/**
 * Whether a history of overlapping operations could have happened one at a time, each at some moment between its call and
 * its return: the search of Wing and Gong, with Lowe's memory of what was tried.
 *
 * The next operation is any whose call comes before the first return of those that are left. An operation that nobody
 * heard of again has no return: it may happen at any time after its call, or never.
 */

/** One operation. Times are of one clock, in any unit. */
export interface Timed<State> {
  readonly calledAt: number
  /** Infinity when no answer came. */
  readonly returnedAt: number
  /** The state after it, or undefined where it can't have happened as it was answered. */
  readonly step: (state: State) => State | undefined
  /** For people. */
  readonly told: string
}

/** What is known of the objects that the operations are on. */
export interface Model<State> {
  readonly initial: State
  /** Names a state: two states with one name are the same. */
  readonly name: (state: State) => string
}

/** The operations at which it failed: none of them can be the next. Undefined when there is an order. */
export interface Stuck {
  readonly after: number
  readonly candidates: readonly string[]
}

/** Looks for an order of all operations that were answered. */
export function findDisorder<State>(
  operations: readonly Timed<State>[],
  model: Model<State>,
): Stuck | undefined {
  const search = new Search(operations, model)
  for (;;) {
    search.takeWhatChangesNothing()
    if (search.isOver) return undefined
    while (!search.takeNext()) if (!search.goBack()) return search.deepest
  }
}

/** An order that is tried, and what is left. */
class Search<State> {
  readonly #operations: readonly Timed<State>[]
  readonly #name: (state: State) => string
  readonly #moments: Moments
  readonly #mark: SetMark
  readonly #tried = new Set<string>()
  readonly #done: {
    readonly operation: number
    readonly before: State
    readonly chosen: boolean
  }[] = []
  #state: State
  /** Where the next operation is looked for. */
  #moment: number
  deepest: Stuck = { after: -1, candidates: [] }

  constructor(operations: readonly Timed<State>[], { initial, name }: Model<State>) {
    this.#operations = operations
    this.#name = name
    this.#moments = new Moments(operations)
    this.#mark = new SetMark(operations.length)
    this.#state = initial
    this.#moment = this.#moments.first
  }

  get isOver(): boolean {
    return this.#moments.unanswered === 0
  }

  /**
   * What could happen now and changes nothing is taken at once: if there is an order in which it comes later, there is one
   * in which it comes now. Without this a few reads at once make more orders than can be tried.
   */
  takeWhatChangesNothing(): void {
    let entry = this.#moments.at(this.#moments.first)
    while (entry?.kind === 'call') {
      const { operation, next } = entry
      if (this.#operations[operation]?.step(this.#state) === this.#state) {
        this.#take(operation, this.#state, false)
        // Its return may have been the first: more are candidates then.
        entry = this.#moments.at(this.#moments.first)
      } else entry = this.#moments.at(next)
    }
    this.#moment = this.#moments.first
  }

  /** Takes the next candidate that leads to what was not tried; false if there is none before the first return. */
  takeNext(): boolean {
    let entry = this.#moments.at(this.#moment)
    while (entry?.kind === 'call') {
      const { operation } = entry
      const next = this.#operations[operation]?.step(this.#state)
      if (next !== undefined) {
        this.#mark.toggle(operation)
        const isNew = remember(this.#tried, `${this.#mark.text} ${this.#name(next)}`)
        this.#mark.toggle(operation)
        if (isNew) {
          this.#take(operation, next, true)
          return true
        }
      }
      entry = this.#moments.at(entry.next)
    }
    return false
  }

  /** Takes the last choice back, to go on with the candidates after it; false if there was none. */
  goBack(): boolean {
    if (this.#done.length > this.deepest.after) {
      const candidates = this.#moments.open().map((one) => this.#operations[one]?.told ?? '')
      this.deepest = { after: this.#done.length, candidates }
    }
    for (let last = this.#done.pop(); last !== undefined; last = this.#done.pop()) {
      this.#state = last.before
      this.#mark.toggle(last.operation)
      this.#moments.unlift(last.operation)
      if (!last.chosen) continue
      const call = this.#moments.at(this.#moments.callOf(last.operation))
      this.#moment = call?.next ?? this.#moments.end
      return true
    }
    return false
  }

  #take(operation: number, next: State, chosen: boolean): void {
    this.#done.push({ operation, before: this.#state, chosen })
    this.#mark.toggle(operation)
    this.#moments.lift(operation)
    this.#state = next
  }
}

function remember(tried: Set<string>, name: string): boolean {
  if (tried.has(name)) return false
  tried.add(name)
  return true
}

interface Moment {
  readonly kind: 'call' | 'return'
  readonly operation: number
  previous: number
  next: number
}

/** Calls and returns in the order of time, as a list from which operations are taken and put back. */
class Moments {
  readonly #moments: Moment[]
  readonly #calls: number[]
  readonly #returns: (number | undefined)[]
  readonly end: number
  /** Operations with a return that are still in the list. */
  unanswered: number

  constructor(operations: readonly Pick<Timed<unknown>, 'calledAt' | 'returnedAt'>[]) {
    const raw = operations.flatMap(({ calledAt, returnedAt }, operation) => [
      { kind: 'call' as const, operation, at: calledAt },
      ...(returnedAt === Number.POSITIVE_INFINITY
        ? []
        : [{ kind: 'return' as const, operation, at: returnedAt }]),
    ])
    // Of one moment calls come first: operations that touch one another overlap.
    raw.sort(
      (left, right) =>
        left.at - right.at || Number(left.kind > right.kind) - Number(right.kind > left.kind),
    )
    this.end = raw.length + 1
    // Place 0 is before the first, so that every moment has one before it.
    const head: Moment = { kind: 'call', operation: -1, previous: -1, next: 1 }
    this.#moments = [
      head,
      ...raw.map(({ kind, operation }, index) => {
        return { kind, operation, previous: index, next: index + 2 }
      }),
    ]
    this.#calls = operations.map(() => 0)
    this.#returns = operations.map(() => undefined)
    for (const [index, { kind, operation }] of raw.entries()) {
      if (kind === 'call') this.#calls[operation] = index + 1
      else this.#returns[operation] = index + 1
    }
    this.unanswered = this.#returns.filter((place) => place !== undefined).length
  }

  get first(): number {
    return this.#moments[0]?.next ?? this.end
  }

  at(place: number): Moment | undefined {
    return this.#moments[place]
  }

  callOf(operation: number): number {
    return this.#calls[operation] ?? 0
  }

  /** Takes an operation out. */
  lift(operation: number): void {
    this.#out(this.callOf(operation))
    const end = this.#returns[operation]
    if (end === undefined) return
    this.#out(end)
    this.unanswered -= 1
  }

  /** Puts back what was taken out last. */
  unlift(operation: number): void {
    const end = this.#returns[operation]
    if (end !== undefined) {
      this.#in(end)
      this.unanswered += 1
    }
    this.#in(this.callOf(operation))
  }

  /** The operations that are called before the first return. */
  open(): number[] {
    const operations: number[] = []
    for (let entry = this.at(this.first); entry?.kind === 'call'; entry = this.at(entry.next)) {
      operations.push(entry.operation)
    }
    return operations
  }

  #out(place: number): void {
    const entry = this.#moments[place]
    if (entry === undefined) return
    this.#link(entry.previous, entry.next)
  }

  #in(place: number): void {
    const entry = this.#moments[place]
    if (entry === undefined) return
    this.#link(entry.previous, place)
    this.#link(place, entry.next)
  }

  #link(left: number, right: number): void {
    const before = this.#moments[left]
    const after = this.#moments[right]
    if (before !== undefined) before.next = right
    if (after !== undefined) after.previous = left
  }
}

/**
 * Names a set of operations by the exclusive or of a random number for each: 64 bits, so that two sets of one history
 * have one name about never.
 */
class SetMark {
  readonly #marks: readonly (readonly [number, number])[]
  #high = 0
  #low = 0

  constructor(size: number) {
    const word = (): number => Math.floor(Math.random() * 2 ** 32)
    this.#marks = Array.from({ length: size }, () => [word(), word()] as const)
  }

  get text(): string {
    return `${this.#high} ${this.#low}`
  }

  toggle(operation: number): void {
    const [high, low] = this.#marks[operation] ?? [0, 0]
    this.#high ^= high
    this.#low ^= low
  }
}
