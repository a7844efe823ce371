/** The full-text indexes of an open store: which there are, and that each write reaches them. */
import type { Record } from '../../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../../sdk/record-type.ts'
import { dropFullTextTable } from '../engine/drop-full-text.ts'
import type { Connection, FullTextModule, SqlRow } from '../engine/engine.ts'
import { quoteName } from '../tables.ts'
import {
  createIndexStatements,
  defineWordFunctions,
  fingerprintOf,
  IndexStatements,
  searchedFields,
  type TextIndex,
} from './index-tables.ts'
import { WordCounts } from './word-counts.ts'
import { rulesVersion } from './words.ts'

/** The index of a type that is searched, and the one that is built to take its place. */
export interface IndexesOfType {
  readonly used: UsedIndex | undefined
  readonly next: IndexStatements | undefined
}

/** An index that holds all records of its type. */
export interface UsedIndex {
  readonly statements: IndexStatements
  readonly wordCounts: WordCounts
}

/** How an index is: `building` holds the rows up to one, `used` all of them, `dropped` is about to be removed. */
export type IndexState = 'used' | 'building' | 'dropped'

/** An index as the store notes it. */
export interface NotedIndex extends TextIndex {
  readonly fingerprint: string
  readonly state: IndexState
  readonly builtThrough: number
  readonly stale: boolean
}

/**
 * Keeps indexes in step. An index is never made into another: one that has to hold other fields, or that must forget what
 * was purged, gets a successor, which is built beside it and takes its place.
 *
 * ```
 *   (a type is defined) ─> building ── holds all rows ──> used ── has a successor ──> dropped ─> (gone)
 * ```
 *
 * Writes take words out before they change a row and put them in after it, in both. Whatever changes an index here is in
 * the caller's transaction; `reload` shows it to writers and searches once that is on disk.
 */
export class SearchIndexes {
  readonly #connection: Connection
  readonly module: FullTextModule
  readonly #types = new Map<string, IndexesOfType>()
  #isOpen = false
  /** Called when there is something to build or to remove. */
  onWork: (delayMs: number) => void = () => {}

  constructor(connection: Connection, module: FullTextModule) {
    this.#connection = connection
    this.module = module
    defineWordFunctions(connection)
  }

  /** Takes the indexes over as the last owner left them, who may have had another engine or other rules. */
  open(definitions: readonly RecordTypeDefinition[]): void {
    const known = new Set(definitions.map(({ name }) => name))
    this.#connection.exec('BEGIN IMMEDIATE')
    try {
      for (const { type, name } of this.noted()) if (!known.has(type)) this.#set(name, 'dropped')
      for (const definition of definitions) this.prepare(definition, false)
      this.#connection.exec('COMMIT')
    } catch (error) {
      this.#connection.exec('ROLLBACK')
      throw error
    }
    this.#isOpen = true
    for (const name of known) this.reload(name)
  }

  /** The indexes of a type; undefined when none of its fields is searched. */
  of(type: string): IndexesOfType | undefined {
    return this.#types.get(type)
  }

  /** Puts the words of a new record in. */
  created(type: string, id: string): void {
    const indexes = this.#types.get(type)
    indexes?.used?.statements.add(id)
    indexes?.next?.add(id)
  }

  /** Changes a row, and with it the words of its record if one of these fields is searched. */
  changing(
    { type, id }: Pick<Record, 'type' | 'id'>,
    changedFields: readonly string[],
    change: () => void,
  ): void {
    const indexes = this.#types.get(type)
    const isConcerned = indexes !== undefined && concerns(indexes, changedFields)
    if (isConcerned) this.#leaving(indexes, id)
    change()
    if (isConcerned) this.created(type, id)
  }

  /** Takes the words of a record out for good: what is left of them in the index goes with the index. */
  purging(type: string, id: string): void {
    const indexes = this.#types.get(type)
    if (indexes === undefined) return
    this.#leaving(indexes, id)
    indexes.used?.wordCounts.forgetAll()
    this.#connection.prepare('UPDATE search_indexes SET stale = 1 WHERE type = ?').run([type])
    this.onWork(afterPurgeMs)
  }

  /**
   * Makes sure that a type has the index that it needs, or one that will be it.
   *
   * @param isEmpty - Whether nobody can have written records of it before this is seen.
   */
  prepare(definition: RecordTypeDefinition, isEmpty: boolean): void {
    const fields = searchedFields(definition)
    const noted = this.noted(definition.name).filter(({ state }) => state !== 'dropped')
    const fingerprint = fingerprintOf(definition, this.module)
    const right = noted.filter((index) => fields.length > 0 && index.fingerprint === fingerprint)
    for (const index of noted) {
      if (right.includes(index)) continue
      // One that is almost right serves until its successor does.
      const mayServe = index.state === 'used' && fields.length > 0 && this.#isReadable(index)
      if (!mayServe) this.#set(index.name, 'dropped')
    }
    if (right.length === 0 && fields.length > 0) this.build(definition, isEmpty ? null : 0)
  }

  /**
   * Gives up the indexes of a type, because its table is about to become another one; `prepare` makes their successor. Nothing
   * may be written before `reload`.
   */
  replacing(type: string): void {
    for (const { name } of this.noted(type)) this.#set(name, 'dropped')
  }

  /** Makes the tables of a further index of a type. */
  build(definition: RecordTypeDefinition, builtThrough: number | null): void {
    const { name: type } = definition
    const taken = this.noted(type).map(({ name }) => Number(name.split('_')[2]))
    const index: TextIndex = {
      type,
      name: `s_${type}_${Math.max(0, ...taken) + 1}`,
      module: this.module,
      fields: searchedFields(definition),
    }
    for (const sql of createIndexStatements(index)) this.#connection.exec(sql)
    this.#connection
      .prepare(
        `INSERT INTO search_indexes (name, type, module, fingerprint, fields, state, built_through)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run([
        index.name,
        type,
        this.module,
        fingerprintOf(definition, this.module),
        JSON.stringify(index.fields),
        builtThrough === null ? 'used' : 'building',
        builtThrough,
      ])
  }

  /** Puts an index aside that does not hold what it should, and begins a new one; whether there is such an index. */
  renew(name: string, definitionOf: (type: string) => RecordTypeDefinition | undefined): boolean {
    const index = this.noted().find((noted) => noted.name === name && noted.state !== 'dropped')
    const definition = index && definitionOf(index.type)
    if (definition === undefined) return false
    this.#set(name, 'dropped')
    this.prepare(definition, false)
    return true
  }

  /** Notes how far an index is built. */
  setBuiltThrough(name: string, row: number): void {
    this.#connection
      .prepare('UPDATE search_indexes SET built_through = ? WHERE name = ?')
      .run([row, name])
  }

  /** An index that holds all rows takes the place of the one before it. */
  use({ type, name }: TextIndex): void {
    this.#connection
      .prepare(
        `UPDATE search_indexes SET state = 'dropped' WHERE type = ? AND name <> ? AND state = 'used'`,
      )
      .run([type, name])
    this.#connection
      .prepare(`UPDATE search_indexes SET state = 'used', built_through = NULL WHERE name = ?`)
      .run([name])
  }

  /** Removes an index, whichever engine made it. */
  drop({ name }: Pick<TextIndex, 'name'>): void {
    this.#connection.exec(`DROP TABLE IF EXISTS temp.${quoteName(`${name}_terms`)}`)
    dropFullTextTable(this.#connection, { name, own: this.module })
    this.#connection.prepare('DELETE FROM search_indexes WHERE name = ?').run([name])
  }

  /** Shows writers and searches what is there now; outside of any transaction. */
  reload(type: string): void {
    if (!this.#isOpen) return
    const before = this.#types.get(type)
    const all = this.noted(type)
    const used = all.find(({ state }) => state === 'used')
    const next = all.find(({ state }) => state === 'building')
    if (all.length === 0) this.#types.delete(type)
    else {
      this.#types.set(type, {
        used: used === undefined ? undefined : this.#usedOf(used, before),
        next: next && new IndexStatements(this.#connection, next),
      })
    }
    if (all.some(({ state, stale }) => state !== 'used' || stale)) this.onWork(0)
  }

  /** The indexes that are noted, of one type or of all. */
  noted(type?: string): NotedIndex[] {
    const columns = 'name, type, module, fingerprint, fields, state, built_through, stale'
    const sql = `SELECT ${columns} FROM search_indexes`
    const rows =
      type === undefined
        ? this.#connection.prepare(`${sql} ORDER BY name`).all()
        : this.#connection.prepare(`${sql} WHERE type = ?`).all([type])
    return rows.map(notedIndexOf)
  }

  /** Takes the words of a record out; its row must still be as it was. */
  #leaving({ used, next }: IndexesOfType, id: string): void {
    used?.statements.remove(id)
    used?.wordCounts.note(id)
    next?.remove(id)
  }

  #usedOf(noted: NotedIndex, before: IndexesOfType | undefined): UsedIndex {
    if (before?.used?.statements.index.name === noted.name) return before.used
    const statements = new IndexStatements(this.#connection, noted)
    return { statements, wordCounts: new WordCounts() }
  }

  /** Whether words can be taken out of it as they were put in. */
  #isReadable({ module, fingerprint }: NotedIndex): boolean {
    return module === this.module && fingerprint.includes(JSON.stringify(rulesVersion))
  }

  #set(name: string, state: IndexState): void {
    this.#connection
      .prepare('UPDATE search_indexes SET state = ? WHERE name = ?')
      .run([state, name])
  }
}

function concerns({ used, next }: IndexesOfType, changedFields: readonly string[]): boolean {
  const searched = [...(used?.statements.index.fields ?? []), ...(next?.index.fields ?? [])]
  return searched.some(({ name }) => changedFields.includes(name))
}

/** Who purges many records one by one makes one index anew, not one for each. */
const afterPurgeMs = 2000

/** A row of `search_indexes`. */
export function notedIndexOf(row: SqlRow): NotedIndex {
  return {
    name: String(row.name),
    type: String(row.type),
    module: row.module === 'fts5' ? 'fts5' : 'fts4',
    fields: JSON.parse(String(row.fields)),
    fingerprint: String(row.fingerprint),
    state: row.state === 'used' || row.state === 'building' ? row.state : 'dropped',
    builtThrough: Number(row.built_through ?? 0),
    stale: row.stale === 1,
  }
}
