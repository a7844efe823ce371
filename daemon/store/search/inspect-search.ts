/** Compares full-text indexes with the records that they are of: each record is in, with its words and no others. */
import { counted } from '../../../sdk/counted.ts'
import type { Connection, FullTextModule } from '../engine/engine.ts'
import type { Finding } from '../finding.ts'
import { quoteName } from '../tables.ts'
import { defineWordFunctions, IndexStatements, wordsFrom } from './index-tables.ts'
import { type NotedIndex, notedIndexOf } from './search-indexes.ts'

const check = 'search'
const rowsAtOnce = 500

/**
 * Looks at all indexes of a file. What is wrong with one is mended by building it anew from the records.
 *
 * @param before - What was found before; an index that is wrong by that is not looked at again.
 */
export function inspectSearch(
  connection: Connection,
  module: FullTextModule,
  before: readonly Finding[] = [],
): Finding[] {
  const wrong = new Set(before.flatMap(({ reindex = [] }) => reindex))
  const indexes = connection
    .prepare('SELECT * FROM search_indexes ORDER BY name')
    .all()
    .map(notedIndexOf)
    .filter(({ state, name }) => state !== 'dropped' && !wrong.has(name))
  defineWordFunctions(connection)
  const findings: Finding[] = []
  let records = 0
  for (const index of indexes) {
    if (index.module !== module) {
      const message = `the index of ${index.type} is of another engine; it is built anew when this one opens the store`
      findings.push({ check, level: 'ok', message })
      continue
    }
    const seen = inspectIndex(connection, index)
    records += seen.records
    if (seen.fault !== undefined) {
      findings.push({
        check,
        level: 'fail',
        message: `the search index of ${index.type} is wrong: ${seen.fault}`,
        remedy: '`orion doctor --repair` builds it anew from the records.',
        reindex: [index.name],
      })
    }
  }
  if (findings.some(({ level }) => level === 'fail')) return findings
  const message = `${counted(records, 'record')} of ${counted(indexes.length, 'type')} can be searched, each with its words`
  return [...findings, { check, level: 'ok', message }]
}

function inspectIndex(
  connection: Connection,
  index: NotedIndex,
): { readonly records: number; readonly fault?: string } {
  try {
    return compare(connection, index)
  } catch (error) {
    return { records: 0, fault: error instanceof Error ? error.message : String(error) }
  }
}

/** How many records have a word, and how often it occurs in all of them. */
interface Use {
  records: number
  occurrences: number
}

function compare(
  connection: Connection,
  index: NotedIndex,
): { readonly records: number; readonly fault?: string } {
  const statements = new IndexStatements(connection, index)
  const columns = index.fields.map((_, column) => `c${column}`)
  const end = index.state === 'used' ? Number.MAX_SAFE_INTEGER : index.builtThrough
  const rows = connection.prepare(
    `${wordsFrom(index)} WHERE row_id > ? AND row_id <= ? ORDER BY row_id LIMIT ${rowsAtOnce}`,
  )
  const uses = new Map<string, Use>()
  let records = 0
  for (let after = -1; ; ) {
    const slice = rows.all([after, end])
    for (const row of slice) {
      const words = columns.flatMap((column) => wordsIn(row[column]))
      const there = statements.lengthOf(Number(row.row_id))
      if (there !== words.length) {
        return { records, fault: `row ${row.row_id} has ${words.length} words, the index ${there}` }
      }
      note(words, uses)
    }
    records += slice.length
    if (slice.length < rowsAtOnce) break
    after = Number(slice.at(-1)?.row_id)
  }
  const { documents } = statements.totals()
  if (documents !== records) return { records, fault: `it has ${documents} records of ${records}` }
  const fault = compareUses(connection, index, uses)
  return fault === undefined ? { records } : { records, fault }
}

function wordsIn(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? value.split(' ') : []
}

function note(words: readonly string[], uses: Map<string, Use>): void {
  const own = new Set<string>()
  for (const word of words) {
    const use = uses.get(word) ?? { records: 0, occurrences: 0 }
    use.occurrences += 1
    if (!own.has(word)) use.records += 1
    own.add(word)
    uses.set(word, use)
  }
}

function compareUses(
  connection: Connection,
  { name, module }: NotedIndex,
  uses: ReadonlyMap<string, Use>,
): string | undefined {
  const terms = `temp.${quoteName(`${name}_terms`)}`
  const select =
    module === 'fts4'
      ? `SELECT term, documents AS records, occurrences FROM ${terms} WHERE col = '*'`
      : `SELECT term, doc AS records, cnt AS occurrences FROM ${terms}`
  let fault: string | undefined
  let found = 0
  connection.prepare(select).walk([], ({ term, records, occurrences }) => {
    const word = String(term)
    const use = uses.get(word)
    found += 1
    if (use?.records !== records || use?.occurrences !== occurrences) {
      fault = `the word ${JSON.stringify(word)} is in ${records} records, not ${use?.records ?? 0}`
    }
    return fault === undefined
  })
  if (fault !== undefined || found === uses.size) return fault
  return `it has ${found} words, the records have ${uses.size}`
}
