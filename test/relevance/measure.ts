/** How well a search finds what is relevant, against SQLite's own full-text search. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sqlite3InitModule from '@sqlite.org/sqlite-wasm'
import { systemClock } from '../../daemon/clock.ts'
import { defaultLimits } from '../../daemon/limits.ts'
import { silentLog } from '../../daemon/log.ts'
import { type EngineName, loadEngine } from '../../daemon/store/engine/load-engine.ts'
import { openStore } from '../../daemon/store/open-store.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { OrionInsight } from '../../plugins/orion/record-types.ts'
import type { Language, Note, Question } from './relevance-set.ts'

/** The ids of what is found for a text, best first, at most so many. */
export type Search = (text: string, limit: number) => Promise<readonly string[]>

/** Averages over questions, from 0 to 1. */
export interface Quality {
  readonly questions: number
  /** The share of the first five places that hold something relevant, of as many as there could. */
  readonly recallAt5: number
  /** One through the place of the first that is most relevant; 0 when it is not among twenty. */
  readonly meanReciprocalRank: number
}

/** Asks every question and averages by language, and by language and kind (`korean, mixed`). */
export async function measure(
  search: Search,
  questions: readonly Question[],
): Promise<ReadonlyMap<string, Quality>> {
  const sums = new Map<string, { questions: number; recall: number; rank: number }>()
  for (const { language, kind, text, grades } of questions) {
    const found = await search(text, 20)
    const relevant = found.slice(0, 5).filter((id) => grades.has(id)).length
    const recall = relevant / Math.min(5, grades.size)
    const best = Math.max(...grades.values())
    const place = found.findIndex((id) => grades.get(id) === best)
    for (const name of [language, `${language}, ${kind}`]) {
      const sum = sums.get(name) ?? { questions: 0, recall: 0, rank: 0 }
      sum.questions += 1
      sum.recall += recall
      sum.rank += place === -1 ? 0 : 1 / (place + 1)
      sums.set(name, sum)
    }
  }
  return new Map(
    [...sums].map(([name, { questions: count, recall, rank }]) => [
      name,
      { questions: count, recallAt5: recall / count, meanReciprocalRank: rank / count },
    ]),
  )
}

/** Measures the search of a store on an engine; nothing of it is left behind. */
export async function measureStore(
  engine: EngineName,
  notes: readonly Note[],
  questions: readonly Question[],
): Promise<ReadonlyMap<string, Quality>> {
  const directory = mkdtempSync(join(tmpdir(), 'orion-relevance-'))
  const store = await openStore({
    path: join(directory, 'store.db'),
    engine: await loadEngine(engine),
    clock: systemClock,
    limits: defaultLimits,
    log: silentLog,
    bundledTypes: [OrionInsight.definition],
    beginEpoch: false,
  })
  try {
    return await measure(await storeSearch(store, notes), questions)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The notes as records of a store, and its search. */
async function storeSearch(store: StoreApi, notes: readonly Note[]): Promise<Search> {
  const caller = { principal: 'owner', client: 'relevance/1', mayRead: () => true }
  const type = OrionInsight.name
  for (let start = 0; start < notes.length; start += 500) {
    const operations = notes.slice(start, start + 500).map(({ id, summary, domain, tags }) => ({
      op: 'create' as const,
      type,
      id,
      data: { summary, domain, tags: [...tags] },
    }))
    await store.transact({ operations }, caller)
  }
  return async (query, limit) => {
    const { hits } = await store.search({ types: [type], query, limit, highlight: false }, caller)
    return hits.map(({ record }) => record.id)
  }
}

/** The same notes in FTS5 as it comes, in memory: `unicode61`, BM25 without weights, every word must be there. */
export async function plainFts5(notes: readonly Note[]): Promise<Search> {
  const sqlite = await sqlite3InitModule()
  const db = new sqlite.oo1.DB(':memory:')
  db.exec(
    "CREATE VIRTUAL TABLE notes USING fts5(id UNINDEXED, summary, domain, tags, tokenize = 'unicode61')",
  )
  db.exec('BEGIN')
  for (const { id, summary, domain, tags } of notes) {
    const bind = [id, summary, domain, tags.join(' ')]
    db.exec({ sql: 'INSERT INTO notes VALUES (?, ?, ?, ?)', bind })
  }
  db.exec('COMMIT')
  const sql = 'SELECT id FROM notes WHERE notes MATCH ? ORDER BY bm25(notes) LIMIT ?'
  return async (text, limit) => {
    const rows = db.selectArrays(sql, [asMatch(text), limit])
    return rows.map(([id]) => String(id))
  }
}

/** What somebody typed in the words of FTS5: quotes, `OR` and a star mean there what they mean to us. */
function asMatch(text: string): string {
  const parts = text.match(/"[^"]*"|\S+/g) ?? []
  return parts
    .map((part) => {
      if (part === 'OR' || part.startsWith('"')) return part
      return part.endsWith('*') ? `"${part.slice(0, -1)}"*` : `"${part}"`
    })
    .join(' ')
}

/** What was measured of one language or kind, by who searched. */
export interface Comparison {
  readonly name: Language | string
  readonly ours: Quality
  readonly baseline: Quality
}

/** The two beside each other. */
export function compared(
  ours: ReadonlyMap<string, Quality>,
  baseline: ReadonlyMap<string, Quality>,
): Comparison[] {
  return [...ours].flatMap(([name, quality]) => {
    const other = baseline.get(name)
    return other === undefined ? [] : [{ name, ours: quality, baseline: other }]
  })
}
