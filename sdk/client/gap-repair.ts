/** What a snapshot can put in the place of missing events, and what it can't. */
import { ListTypes } from '../protocol/types.ts'
import type { Caller, CallOptions } from './caller.ts'

/** How the gaps of a subscription are dealt with. */
export interface GapRepair {
  /** Whether a snapshot of the records is taken; else the events that are still there are gone on with. */
  readonly rebuilds: boolean
  /** Patterns whose missing events nothing brings back, because topics of clients' own may match them. */
  readonly lost: readonly string[]
}

/** A subscription to record types alone: a snapshot has all there is to know. */
export const wholeRepair: GapRepair = { rebuilds: true, lost: [] }

/** Tells records' topics from clients' own. Asks the daemon once in each epoch which record types there are. */
export class GapRepairs {
  readonly #caller: Caller
  #epoch: string | undefined
  #typeNames: Promise<ReadonlySet<string>> | undefined

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** How to repair a subscription to these patterns. Never rejects: what is not known counts as lost. */
  async of(patterns: readonly string[], options: CallOptions): Promise<GapRepair> {
    if (this.#epoch !== this.#caller.epoch) this.#typeNames = undefined
    this.#epoch = this.#caller.epoch
    this.#typeNames ??= this.#listTypes(options)
    const known = await this.#typeNames
    if (known.size === 0) this.#typeNames = undefined
    return repairOf(patterns, known)
  }

  async #listTypes(options: CallOptions): Promise<ReadonlySet<string>> {
    try {
      const { types } = await this.#caller.call(ListTypes, {}, options)
      return new Set(types.map(({ name }) => name))
    } catch {
      return new Set() // A gap is then told instead of repaired.
    }
  }
}

/** How to repair a subscription to these patterns, where these record types are known. */
export function repairOf(patterns: readonly string[], typeNames: ReadonlySet<string>): GapRepair {
  const lost = patterns.filter((pattern) => !isOfOneType(pattern, typeNames))
  const own = patterns.filter((pattern) => isOfOneTopic(pattern) && lost.includes(pattern))
  return { rebuilds: typeNames.size > 0 && own.length < patterns.length, lost }
}

/** Whether nothing but topics of one record type can match. */
function isOfOneType(pattern: string, typeNames: ReadonlySet<string>): boolean {
  return typeNames.has(headOf(pattern) ?? '')
}

/** Whether all that can match begins with one name. */
function isOfOneTopic(pattern: string): boolean {
  return headOf(pattern) !== undefined
}

function headOf(pattern: string): string | undefined {
  return /^([^.*?[{\\!+@(]+)\./.exec(pattern)?.[1]
}
