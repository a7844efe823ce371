/**
 * Regular expressions that take linear time. A peer may define a record type, and a backtracking matcher can
 * be kept busy for years by a short text; this one follows all ways at once, so that its time is bounded by
 * the size of the pattern times the length of the text.
 *
 * Source: Thompson's construction, as in the matchers of RE2 and Go.
 */
import {
  type IsWanted,
  type PatternAssertion,
  type PatternNode,
  parsePattern,
} from './pattern-syntax.ts'

/** Most states of a pattern after its repetitions are written out. */
export const patternStatesMax = 1000

type State =
  | { readonly kind: 'character'; readonly isWanted: IsWanted; readonly next: number }
  | { readonly kind: 'assertion'; readonly assertion: PatternAssertion; readonly next: number }
  | { readonly kind: 'fork'; next: number; readonly other: number }
  | { readonly kind: 'found' }

/**
 * A pattern, ready to be looked for. It may be anything that JavaScript takes with the `u` flag, but for
 * look-around, back references and modifiers.
 */
export class TextPattern {
  readonly #states: State[] = []
  readonly #start: number
  readonly #anchored: boolean

  /** @throws SyntaxError telling what is wrong with the pattern. */
  constructor(source: string) {
    const found = this.#add({ kind: 'found' })
    this.#start = this.#build(parsePattern(source), found)
    this.#anchored = this.#isAnchored()
  }

  /**
   * Whether the pattern matches somewhere in the text.
   *
   * @param spend - Told after each character how many states were looked at; it may throw to end the search.
   */
  matches(text: string, spend: (states: number) => void = () => {}): boolean {
    const reached = new Reached(this.#states.length)
    const waiting: CharacterState[] = []
    reached.add(this.#start)
    let before = ''
    for (const character of text) {
      if (this.#follow(reached, { before, after: character }, waiting)) return true
      spend(reached.indexes.length)
      reached.clear()
      if (!this.#anchored) reached.add(this.#start)
      for (const state of waiting) if (state.isWanted(character)) reached.add(state.next)
      if (reached.indexes.length === 0) return false
      before = character
    }
    return this.#follow(reached, { before, after: '' }, waiting)
  }

  /** Fills in the states that wait for a character, from those reached on; true when the pattern has matched. */
  #follow(reached: Reached, place: Place, waiting: CharacterState[]): boolean {
    waiting.length = 0
    // What is added on the way is looked at in the same loop.
    for (const index of reached.indexes) {
      const state = this.#states[index]
      if (state?.kind === 'character') waiting.push(state)
      else if (state?.kind === 'fork') {
        reached.add(state.next)
        reached.add(state.other)
      } else if (state?.kind === 'found') return true
      else if (state !== undefined && holds(state.assertion, place)) reached.add(state.next)
    }
    return false
  }

  /** Whether it can match at the start of a text only. */
  #isAnchored(): boolean {
    const seen = new Set([this.#start])
    for (const index of seen) {
      const state = this.#states[index]
      if (state?.kind === 'fork') seen.add(state.next).add(state.other)
      else if (state?.kind !== 'assertion' || state.assertion !== 'start') return false
    }
    return true
  }

  /** Adds the states of a node, which go on to `next`; tells the first of them. */
  #build(node: PatternNode, next: number): number {
    switch (node.kind) {
      case 'character':
      case 'assertion':
        return this.#add({ ...node, next })
      case 'sequence':
        return node.parts.reduceRight((after, part) => this.#build(part, after), next)
      case 'choice':
        return node.parts
          .map((part) => this.#build(part, next))
          .reduceRight((other, first) => this.#add({ kind: 'fork', next: first, other }))
      case 'repetition':
        return this.#buildRepetition(node, next)
    }
  }

  #buildRepetition(node: Extract<PatternNode, { kind: 'repetition' }>, next: number): number {
    let after = next
    if (node.max === Number.POSITIVE_INFINITY) {
      const fork = { kind: 'fork' as const, next, other: next }
      after = this.#add(fork)
      fork.next = this.#build(node.part, after)
    } else {
      for (let count = node.min; count < node.max; count++) {
        after = this.#add({ kind: 'fork', next: this.#build(node.part, after), other: next })
      }
    }
    for (let count = 0; count < node.min; count++) {
      const first = this.#build(node.part, after)
      // Nothing, any number of times, is nothing.
      if (first === after) break
      after = first
    }
    return after
  }

  #add(state: State): number {
    if (this.#states.length >= patternStatesMax) {
      throw new SyntaxError(`expected repetitions of at most ${patternStatesMax} states in all`)
    }
    return this.#states.push(state) - 1
  }
}

/** A set of states in the order in which they were reached; emptied without touching what it held. */
class Reached {
  readonly indexes: number[] = []
  readonly #marks: Uint32Array
  #round = 1

  constructor(states: number) {
    this.#marks = new Uint32Array(states)
  }

  add(index: number): void {
    if (this.#marks[index] === this.#round) return
    this.#marks[index] = this.#round
    this.indexes.push(index)
  }

  clear(): void {
    this.indexes.length = 0
    this.#round++
  }
}

type CharacterState = Extract<State, { kind: 'character' }>

/** Between which characters the matcher stands; empty beyond the ends of the text. */
interface Place {
  readonly before: string
  readonly after: string
}

function holds(assertion: PatternAssertion, { before, after }: Place): boolean {
  switch (assertion) {
    case 'start':
      return before === ''
    case 'end':
      return after === ''
    case 'boundary':
      return isWord(before) !== isWord(after)
    case 'no boundary':
      return isWord(before) === isWord(after)
  }
}

function isWord(character: string): boolean {
  return /^\w$/.test(character)
}
