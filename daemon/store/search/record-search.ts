/** `record/search`: which types are searched, when, and for whom. */
import { didYouMean } from '../../../sdk/did-you-mean.ts'
import { isOrionError, OrionError } from '../../../sdk/errors.ts'
import { parseFilter } from '../../../sdk/filter/parse-filter.ts'
import { invalidAt } from '../../../sdk/filter/target.ts'
import type { Json, JsonObject } from '../../../sdk/json.ts'
import type { Record, Token } from '../../../sdk/model.ts'
import type { LongReads } from '../long-reads.ts'
import type { RecordTypeEntry } from '../record-type-entry.ts'
import type { Caller, StoreReads } from '../store-api.ts'
import type { StoreContext } from '../store-context.ts'
import type { WriteQueue } from '../write-queue.ts'
import type { IndexBuilder } from './index-builder.ts'
import { searchedFields } from './index-tables.ts'
import { assertShallow } from './match-expression.ts'
import { parseQuery } from './query.ts'
import { decodeSearchCursor, encodeSearchCursor } from './search-cursor.ts'
import type { UsedIndex } from './search-indexes.ts'
import { type Hit, type SearchedType, SearchJob, type SearchRequest } from './search-job.ts'

type Params = Parameters<StoreReads['search']>[0]
type Answer = ReturnType<StoreReads['search']>

/** Searches records by their words. */
export class RecordSearch {
  readonly #context: StoreContext
  readonly #queue: WriteQueue
  readonly #longReads: LongReads
  readonly #builder: IndexBuilder
  readonly #waitFor: (token: Token, caller: Caller) => Promise<void>

  constructor(parts: {
    readonly context: StoreContext
    readonly queue: WriteQueue
    readonly longReads: LongReads
    readonly builder: IndexBuilder
    readonly waitFor: (token: Token, caller: Caller) => Promise<void>
  }) {
    this.#context = parts.context
    this.#queue = parts.queue
    this.#longReads = parts.longReads
    this.#builder = parts.builder
    this.#waitFor = parts.waitFor
  }

  async search(params: Params, caller: Caller): Answer {
    const { limits, tokenAt } = this.#context
    const query = parseQuery(params.query, limits)
    if (query === undefined) throw nothingSought(params.query)
    assertShallow(query)
    if (params.atLeast !== undefined) await this.#waitFor(params.atLeast, caller)
    const entries = this.#typesOf(params, caller)
    const show = params.fields === undefined ? asIs : onlyFields(entries, params.fields)
    const types: SearchedType[] = []
    for (const entry of entries) types.push({ entry, index: await this.#indexOf(entry, caller) })
    const lifecycle = params.lifecycle ?? ['active']
    const identity: Json = [
      ...[params.query, entries.map(({ definition }) => definition.name)],
      ...[params.where ?? {}, lifecycle.toSorted()],
    ]
    const position =
      params.after === undefined
        ? undefined
        : decodeSearchCursor(identity, params.after, query.phrases.length)
    const request: SearchRequest = {
      ...{ query, types, where: params.where, lifecycle, position },
      limit: params.limit ?? defaultLimit,
      highlight: params.highlight ?? false,
    }
    const job = new SearchJob(this.#context, request)
    const { hits, next, fromSeq, toSeq } = await this.#longReads.run(
      {
        attempt: () => job.step(limits.turnMaxMs),
        open: () => ({ step: (turnMaxMs) => job.step(turnMaxMs), close: () => {} }),
      },
      caller,
    )
    await this.#queue.onDisk(toSeq)
    return {
      hits: hits.map((hit) => ({ ...hit, record: show(hit.record) })),
      ...(next === undefined ? {} : { next: encodeSearchCursor(identity, next) }),
      token: tokenAt(fromSeq),
    }
  }

  /** The types that are searched, in the order of their names. */
  #typesOf({ types, where }: Params, caller: Caller): RecordTypeEntry[] {
    if (types !== undefined) {
      const entries = [...new Set(types)].sort().map((name) => this.#context.type(name))
      for (const { definition } of entries) {
        if (searchedFields(definition).length === 0) throw notSearchable(definition.name)
        parseFilter(definition, where)
      }
      return entries
    }
    const all = [...this.#context.types.values()]
      .filter(({ definition: { name } }) => caller.mayRead(name))
      .filter(({ definition }) => searchedFields(definition).length > 0)
      .sort((left, right) => (left.definition.name < right.definition.name ? -1 : 1))
    return where === undefined ? all : thoseWithFields(all, where)
  }

  /** Waits until the index of a type holds all its records. */
  async #indexOf({ definition }: RecordTypeEntry, caller: Caller): Promise<UsedIndex> {
    const { limits, search } = this.#context
    const endsMs =
      performance.now() + Math.min(caller.deadlineMs ?? Infinity, limits.writeWaitMaxMs)
    for (;;) {
      const used = search.of(definition.name)?.used
      if (used !== undefined) return used
      if (caller.cancelled) throw new OrionError('cancelled', 'nobody waits for the answer', {})
      if (performance.now() > endsMs) throw stillBuilding(definition.name)
      await this.#builder.progress(Math.max(1, endsMs - performance.now()))
    }
  }
}

const defaultLimit = 20

/** A search of all types leaves out those that do not have what the filter asks for; one has to have it. */
function thoseWithFields(all: readonly RecordTypeEntry[], where: JsonObject): RecordTypeEntry[] {
  let refusal: unknown
  const fitting = all.filter(({ definition }) => {
    try {
      parseFilter(definition, where)
      return true
    } catch (error) {
      if (!isOrionError(error, 'invalid_request')) throw error
      refusal ??= error
      return false
    }
  })
  if (fitting.length === 0 && refusal !== undefined) throw refusal
  return fitting
}

function onlyFields(
  entries: readonly RecordTypeEntry[],
  fields: readonly string[],
): (record: Record) => Record {
  const known = new Set(entries.flatMap(({ definition }) => Object.keys(definition.fields)))
  for (const name of fields) {
    if (known.has(name)) continue
    const meant = didYouMean(name, known)
    throw invalidAt('fields', `no type that is searched has a field ${JSON.stringify(name)}`, meant)
  }
  return (record) => {
    const data: { [field: string]: Json } = {}
    for (const name of fields) {
      const value = record.data[name]
      if (value !== undefined) data[name] = value
    }
    return { ...record, data }
  }
}

function asIs(record: Record): Hit['record'] {
  return record
}

function nothingSought(query: string): OrionError {
  const shown = JSON.stringify(query.slice(0, 40))
  const message = `expected words to look for, got ${shown}`
  return new OrionError('invalid_request', `query: ${message}`, {
    issues: [{ path: 'query', message }],
    remedy: 'Give at least one word that is not excluded; a word has letters or digits.',
  })
}

function notSearchable(type: string): OrionError {
  const message = `no field of ${type} is searchable`
  return new OrionError('invalid_request', message, {
    issues: [{ path: 'types', message }],
    remedy: 'Declare a field of it `searchable`, or leave the type out.',
  })
}

function stillBuilding(type: string): OrionError {
  return new OrionError('overloaded', `the search index of ${type} is still being built`, {
    retryAfterMs: 1000,
  })
}
