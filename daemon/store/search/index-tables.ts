/** The tables of a full-text index, and the statements that write and read them, by the module that the engine has. */
import type { RecordTypeDefinition } from '../../../sdk/record-type.ts'
import type { Connection, FullTextModule, SqlValue } from '../engine/engine.ts'
import { recordTableName } from '../sql.ts'
import { quoteName } from '../tables.ts'
import type { Match } from './match-expression.ts'
import { rulesVersion, wordsOf, wordsOfItems } from './words.ts'

/** A full-text index of the records of one type. */
export interface TextIndex {
  readonly type: string
  /** Its full-text table. */
  readonly name: string
  readonly module: FullTextModule
  /** The fields that it holds, in the order of its columns. */
  readonly fields: readonly IndexedField[]
}

/** A field in an index: a text, or a list of them. */
export interface IndexedField {
  readonly name: string
  readonly isList: boolean
}

/** The fields of a type that are searched, in the order in which they are declared. */
export function searchedFields({ fields }: RecordTypeDefinition): readonly IndexedField[] {
  return Object.entries(fields)
    .filter(([, field]) => field.searchable !== undefined)
    .map(([name, { kind }]) => ({ name, isList: kind === 'list' }))
}

/** What an index of a type is built by: one that was built by anything else is built anew. */
export function fingerprintOf(definition: RecordTypeDefinition, module: FullTextModule): string {
  return JSON.stringify([module, rulesVersion, searchedFields(definition)])
}

/** Makes the functions known that the indexes of a connection need. */
export function defineWordFunctions(connection: Connection): void {
  connection.defineTextFunction('search_words', wordsOf)
  connection.defineTextFunction('search_items', wordsOfItems)
}

/**
 * The statements that create the tables of an index. Version 5 keeps no text. Version 4 keeps the words too: without them it
 * can take none out, and every `PRAGMA integrity_check` of a copy, by whatever program, would call the file malformed.
 */
export function createIndexStatements(index: TextIndex): readonly string[] {
  const columns = columnsOf(index)
  const name = quoteName(index.name)
  if (index.module === 'fts5') {
    return [`CREATE VIRTUAL TABLE ${name} USING fts5(${columns}, content='', tokenize='ascii')`]
  }
  return [
    `CREATE VIRTUAL TABLE ${name} USING fts4(${columns}, tokenize=simple)`,
    // Merges a little with each write, rather than much with one of thousands.
    `INSERT INTO ${name} (${name}) VALUES ('automerge=8')`,
  ]
}

/** The row and the words of records, as `rowid`, `c0`, `c1` and so on, as a table; `WHERE` is to follow. */
export function wordsFrom(index: TextIndex): string {
  const words = index.fields.map(({ name, isList }, column) => {
    const makeWords = isList ? 'search_items' : 'search_words'
    return `${makeWords}(${quoteName(name)}) AS c${column}`
  })
  return `SELECT row_id, ${words.join(', ')} FROM ${recordsOf(index)}`
}

/** The statements of one index. */
export class IndexStatements {
  readonly index: TextIndex
  readonly #connection: Connection
  readonly #add: string
  readonly #remove: string
  readonly #addRange: string
  readonly #hits: string
  readonly #within: string
  readonly #fits: string
  readonly #documents: string
  readonly #prefixDocuments: string

  constructor(connection: Connection, index: TextIndex) {
    this.index = index
    this.#connection = connection
    const { module } = index
    const [name, columns] = [quoteName(index.name), columnsOf(index)]
    const row = module === 'fts4' ? 'docid' : 'rowid'
    const select = wordsFrom(index)
    const built = `row_id <= coalesce((SELECT built_through FROM search_indexes
      WHERE name = '${index.name}'), 9007199254740991)`
    this.#add = `INSERT INTO ${name} (${row}, ${columns}) ${select} WHERE id = ? AND ${built}`
    this.#addRange = `INSERT INTO ${name} (${row}, ${columns}) ${select} WHERE row_id > ? AND row_id <= ?`
    this.#remove =
      module === 'fts4'
        ? `DELETE FROM ${name} WHERE docid = (SELECT row_id FROM ${recordsOf(index)} WHERE id = ? AND ${built})`
        : `INSERT INTO ${name} (${name}, rowid, ${columns})
           SELECT 'delete', ${select.slice('SELECT '.length)} WHERE id = ? AND ${built}`
    const counts = module === 'fts4' ? `docid, matchinfo(${name}, 'y')` : `${name}, rowid`
    this.#hits = `SELECT take_hits(${counts}) FROM ${name} WHERE ${name} MATCH ? AND ${row} > ?`
    this.#within = ` AND ${row} IN (SELECT ${row} FROM ${name} WHERE ${name} MATCH ?)`
    this.#fits = `SELECT 1 FROM ${name} WHERE ${name} MATCH ? AND ${row} = ?`
    const terms = `temp.${quoteName(`${index.name}_terms`)}`
    const from =
      module === 'fts4'
        ? `documents AS documents FROM ${terms} WHERE col = '*' AND`
        : `doc AS documents FROM ${terms} WHERE`
    this.#documents = `SELECT ${from} term = ?`
    this.#prefixDocuments = `SELECT ${from} term >= ? AND term < ?`
    const made = module === 'fts4' ? 'fts4aux(main, ' : 'fts5vocab(main, '
    const rest = module === 'fts4' ? ')' : ', row)'
    connection.exec(`CREATE VIRTUAL TABLE IF NOT EXISTS ${terms} USING ${made}${name}${rest}`)
  }

  /** Takes the words of a record in, if the index has come to its row. */
  add(id: string): void {
    this.#connection.prepare(this.#add).run([id])
  }

  /** Takes the words of a record out; its row still has to be as it was when they were taken in. */
  remove(id: string): void {
    this.#connection.prepare(this.#remove).run([id])
  }

  /** Takes the words of rows in. */
  addRange(after: number, upTo: number): void {
    this.#connection.prepare(this.#addRange).run([after, upTo])
  }

  /** A statement for `collectHits`: the rows that fit, in their order, after one. */
  hits(
    { counted, whole }: Match,
    after: number,
  ): { readonly sql: string; readonly values: SqlValue[] } {
    return whole === undefined
      ? { sql: this.#hits, values: [counted, after] }
      : { sql: this.#hits + this.#within, values: [counted, after, whole] }
  }

  /** How many records have a word. */
  documentsWith(word: string): number {
    return Number(this.#connection.prepare(this.#documents).get([word])?.documents ?? 0)
  }

  /** How many records have the words that begin so, counted for each word by itself; it ends once there are so many. */
  documentsWithPrefix(prefix: string, enough: number): number {
    let total = 0
    const end = `${prefix}\u{10ffff}`
    this.#connection.prepare(this.#prefixDocuments).walk([prefix, end], ({ documents }) => {
      total += Number(documents)
      return total < enough
    })
    return total
  }

  /** How many records there are, and words in all of them. */
  totals(): { readonly documents: number; readonly words: number } {
    const { name, module, fields } = this.index
    const sql =
      module === 'fts4'
        ? `SELECT value AS totals FROM ${quoteName(`${name}_stat`)} WHERE id = 0`
        : `SELECT block AS totals FROM ${quoteName(`${name}_data`)} WHERE id = 1`
    const row = this.#connection.prepare(sql).get()
    if (!(row?.totals instanceof Uint8Array)) return { documents: 0, words: 0 }
    const [documents = 0, ...lengths] = numbersOf(row.totals, module)
    return { documents, words: sum(lengths.slice(0, fields.length)) }
  }

  /** How many words a record has; 0 when it is not in the index. */
  lengthOf(row: number): number {
    const found = this.#connection.prepare(`${this.#sizes()} = ?`).get([row])
    return found === undefined ? 0 : this.#length(found.size)
  }

  /** Tells how many words each of some rows has, those after one up to another. */
  eachLength(after: number, upTo: number, take: (row: number, length: number) => void): void {
    this.#connection
      .prepare(`${this.#sizes()} > ? AND row <= ?`)
      .walk([after, upTo], ({ row, size }) => {
        take(Number(row), this.#length(size))
        return true
      })
  }

  /** The rows of some records. */
  rowsOf(ids: readonly string[]): number[] {
    return this.#connection
      .prepare(
        `SELECT row_id FROM ${recordsOf(this.index)} WHERE id IN (SELECT value FROM json_each(?))`,
      )
      .all([JSON.stringify(ids)])
      .map(({ row_id }) => Number(row_id))
  }

  /** Whether a row fits an expression. */
  fits(expression: string, row: number): boolean {
    return this.#connection.prepare(this.#fits).get([expression, row]) !== undefined
  }

  #sizes(): string {
    const { name, module } = this.index
    const [row, size] = module === 'fts4' ? ['docid', 'size'] : ['id', 'sz']
    const table = quoteName(`${name}_docsize`)
    return `SELECT row, size FROM (SELECT ${row} AS row, ${size} AS size FROM ${table}) WHERE row`
  }

  #length(size: SqlValue | undefined): number {
    return size instanceof Uint8Array ? sum(numbersOf(size, this.index.module)) : 0
  }
}

function columnsOf({ fields }: TextIndex): string {
  return fields.map((_, column) => `c${column}`).join(', ')
}

function recordsOf({ type }: TextIndex): string {
  return quoteName(recordTableName(type))
}

/** The numbers that a module keeps one after the other, seven bits a byte. */
function numbersOf(bytes: Uint8Array, module: FullTextModule): number[] {
  const numbers: number[] = []
  let number = 0
  let factor = 1
  for (const byte of bytes) {
    const bits = byte & 0x7f
    // Version 4 begins with the lowest bits, version 5 with the highest.
    number = module === 'fts4' ? number + bits * factor : number * 128 + bits
    factor *= 128
    if (byte >= 0x80) continue
    numbers.push(number)
    number = 0
    factor = 1
  }
  return numbers
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
