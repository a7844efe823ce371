/** One search under way: what is found is counted, ranked, and fetched, step by step. */
import { OrionError } from '../../../sdk/errors.ts'
import type { JsonObject } from '../../../sdk/json.ts'
import type { Lifecycle, Record } from '../../../sdk/model.ts'
import { AnswerLength, lengthOf } from '../answer-length.ts'
import type { CompiledQuery } from '../query-sql.ts'
import { compileRows } from '../query-sql.ts'
import type { RecordTypeEntry } from '../record-type-entry.ts'
import { recordTableName } from '../sql.ts'
import type { StoreContext } from '../store-context.ts'
import { Float64List, HitList, isAfter } from './hit-list.ts'
import { matchExpression, matchOf } from './match-expression.ts'
import type { SearchQuery } from './query.ts'
import { rarenesses, Scorer } from './ranking.ts'
import type { HitPlace, SearchPosition, SearchStatistics } from './search-cursor.ts'
import type { UsedIndex } from './search-indexes.ts'
import { type Snippet, snippetOf } from './snippet.ts'

/** A type that is searched. They are in the order of their names. */
export interface SearchedType {
  readonly entry: RecordTypeEntry
  readonly index: UsedIndex
}

/** What is searched for, and how much of it is wanted. */
export interface SearchRequest {
  readonly query: SearchQuery
  readonly types: readonly SearchedType[]
  readonly where: JsonObject | undefined
  readonly lifecycle: readonly Lifecycle[]
  readonly limit: number
  readonly position: SearchPosition | undefined
  readonly highlight: boolean
}

/** A record that was found. */
export interface Hit {
  readonly record: Record
  readonly score: number
  readonly snippet?: Snippet
}

/** What was found. */
export interface FoundPage {
  readonly hits: readonly Hit[]
  /** Where the next page goes on; undefined at the end. */
  readonly next: SearchPosition | undefined
  /** Everything up to here was searched. */
  readonly fromSeq: number
  /** Nothing after here was seen. */
  readonly toSeq: number
}

/** Searches the types one after the other, and then takes the best. */
export class SearchJob {
  readonly #context: StoreContext
  readonly #request: SearchRequest
  readonly #fromSeq: number
  readonly #found = new HitList()
  readonly #hits: Hit[] = []
  readonly #answer: AnswerLength
  #steps: Iterator<undefined, FoundPage> | undefined
  #endMs = 0

  constructor(context: StoreContext, request: SearchRequest) {
    this.#context = context
    this.#request = request
    this.#fromSeq = context.log.lastSeq
    this.#answer = new AnswerLength(context.limits.answerMaxLength)
  }

  /** Goes on for about so long; what was found, once it is all there. */
  step(turnMaxMs: number): FoundPage | undefined {
    this.#endMs = performance.now() + turnMaxMs
    this.#steps ??= this.#run()
    do {
      const { done, value } = this.#steps.next()
      if (done) return value
    } while (performance.now() < this.#endMs)
    return undefined
  }

  *#run(): Generator<undefined, FoundPage> {
    const statistics = this.#request.position?.statistics ?? (yield* this.#count())
    const rareness = rarenesses(statistics)
    for (const [number, type] of this.#request.types.entries()) {
      const scorer = this.#scorerOf(type, statistics, rareness)
      for (let after = 0; ; ) {
        const through = this.#collect({ number, type, scorer, after })
        yield undefined
        if (through === undefined) break
        after = through
      }
    }
    return yield* this.#take(statistics)
  }

  /** How rare each phrase is, over all types that are searched: of others it must tell nothing. */
  *#count(): Generator<undefined, SearchStatistics> {
    const { types, query } = this.#request
    const documentsWith = query.phrases.map(() => 0)
    const averageLengths: { [type: string]: number } = {}
    let documents = 0
    let prefixRecords = 0
    const { searchPrefixRecordsMax } = this.#context.limits
    for (const { entry, index } of types) {
      const totals = index.statements.totals()
      documents += totals.documents
      if (totals.documents === 0) continue
      averageLengths[entry.definition.name] = totals.words / totals.documents
      for (const [at, { words, isPrefix }] of query.phrases.entries()) {
        // A phrase is taken to be as rare as its rarest word: counting those that really have it costs a search of its own.
        let fewest = totals.documents
        for (const [place, word] of words.entries()) {
          let found: number
          if (isPrefix && place === words.length - 1) {
            const enough = searchPrefixRecordsMax - prefixRecords + 1
            found = index.statements.documentsWithPrefix(word, enough)
            prefixRecords += found
            if (prefixRecords > searchPrefixRecordsMax) throw tooBroad(word, searchPrefixRecordsMax)
          } else {
            found = index.statements.documentsWith(word)
          }
          fewest = Math.min(fewest, found)
          yield undefined
        }
        documentsWith[at] = (documentsWith[at] ?? 0) + fewest
      }
    }
    return { documents, documentsWith, averageLengths }
  }

  #scorerOf(
    { entry, index }: SearchedType,
    { averageLengths }: SearchStatistics,
    rareness: Float64Array,
  ): Scorer {
    const { fields, name } = entry.definition
    const weights = index.statements.index.fields.map((field) => {
      const weight = fields[field.name]?.searchable
      return typeof weight === 'number' ? weight : 1
    })
    return new Scorer({
      ...this.#request.query,
      rareness,
      weights,
      averageLength: averageLengths[name] ?? 1,
    })
  }

  /** Takes hits of a type until the time is over; the row after which it goes on, if it does. */
  #collect(part: {
    readonly number: number
    readonly type: SearchedType
    readonly scorer: Scorer
    readonly after: number
  }): number | undefined {
    const { number, type, scorer, after } = part
    const { statements, wordCounts } = type.index
    const { connection } = this.#context
    const { query, position } = this.#request
    const match = matchOf(query, statements.index.module)
    const rows: number[] = []
    const frequencies = new Float64List()
    const isWhole = connection.collectHits(
      { ...statements.hits(match, after), endMs: this.#endMs },
      (row, counts, at) => {
        rows.push(row)
        frequencies.push(scorer.frequencies(counts, at))
      },
    )
    wordCounts.fetch(statements, rows)
    const { name } = type.entry.definition
    for (const [at, row] of rows.entries()) {
      const score = scorer.score(frequencies.values, at * scorer.width, wordCounts.of(row))
      if (position === undefined || isAfter({ score, type: name, row }, position.after)) {
        this.#found.add(number, row, score)
      }
    }
    return isWhole ? undefined : rows.at(-1)
  }

  /** The best that fit the filter, until the page is full. */
  *#take(statistics: SearchStatistics): Generator<undefined, FoundPage> {
    const { types, limit } = this.#request
    const filters = types.map(({ entry }) => this.#filterOf(entry))
    let last: HitPlace | undefined
    for (;;) {
      const places = this.#nextPlaces()
      const toSeq = this.#context.log.lastSeq
      if (places.length === 0) return this.#page(undefined, toSeq)
      const records = this.#fetch(places, filters)
      for (const place of places) {
        const found = records.get(`${place.number} ${place.row}`)
        if (found === undefined) continue
        if (last !== undefined && (this.#hits.length >= limit || !this.#answer.takes(found.length)))
          return this.#page({ after: last, statistics }, toSeq)
        if (last === undefined) this.#answer.takes(found.length)
        last = { score: place.score, type: place.type, row: place.row }
        this.#hits.push(this.#hitOf(found.record, place))
        yield undefined
      }
    }
  }

  #page(next: SearchPosition | undefined, toSeq: number): FoundPage {
    return { hits: this.#hits, next, fromSeq: this.#fromSeq, toSeq }
  }

  #hitOf(record: Record, { number, score }: NumberedPlace): Hit {
    const { highlight, query, types } = this.#request
    if (!highlight) return { record, score }
    const fields = types[number]?.index.statements.index.fields.map(({ name }) => name) ?? []
    const snippet = snippetOf(record.data, fields, query.phrases)
    return { record, score, ...(snippet === undefined ? {} : { snippet }) }
  }

  #nextPlaces(): NumberedPlace[] {
    const places: NumberedPlace[] = []
    while (places.length < fetchedAtOnce) {
      const best = this.#found.takeBest()
      if (best === undefined) break
      const { type: number, row, score } = best
      const type = this.#request.types[number]?.entry.definition.name ?? ''
      places.push({ number, type, row, score })
    }
    return places
  }

  #filterOf(entry: RecordTypeEntry): CompiledQuery {
    const { where, lifecycle } = this.#request
    const { definition } = entry
    return compileRows({ definition, table: recordTableName(definition.name), where, lifecycle })
  }

  #fetch(
    places: readonly NumberedPlace[],
    filters: readonly CompiledQuery[],
  ): Map<string, { readonly record: Record; readonly length: number }> {
    const { connection, tokenAt } = this.#context
    const { types, query } = this.#request
    const fetched = new Map<string, { record: Record; length: number }>()
    for (const number of new Set(places.map((place) => place.number))) {
      const [type, filter] = [types[number], filters[number]]
      if (type === undefined || filter === undefined) continue
      const { statements } = type.index
      const rows = places.filter((place) => place.number === number).map(({ row }) => row)
      const found = connection.prepare(filter.sql).all([...filter.values, JSON.stringify(rows)])
      for (const row of found) {
        const { record, seq } = type.entry.codec.decode(row, tokenAt)
        // What was written since the search began may have other words now.
        const expression = matchExpression(query, statements.index.module)
        const rowId = Number(row.row_id)
        if (seq > this.#fromSeq && !statements.fits(expression, rowId)) continue
        fetched.set(`${number} ${rowId}`, { record, length: lengthOf(row) })
      }
    }
    return fetched
  }
}

interface NumberedPlace extends HitPlace {
  /** Of the type, among those that are searched. */
  readonly number: number
}

/** The modules put all that begins so together before the first hit, and nothing can interrupt that. */
function tooBroad(prefix: string, limit: number): OrionError {
  const message = `query: words that begin with ${prefix} stand in more than ${limit} records, each word counted by itself`
  return new OrionError('too_large', message, { limit, remedy: 'Give more letters of it.' })
}

const fetchedAtOnce = 32
