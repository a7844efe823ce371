/**
 * Ranked search over the daemon's real socket, beside FTS5 of better-sqlite3 in this process:
 * `tsx scripts/bench-search.ts [--records 100000] [--rounds N]`. Only ratios within one run mean anything.
 *
 * Korean is compared with English at Orion; FTS5's own tokenizer would find it by whole words alone.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { text } from '../sdk/field.ts'
import { type Client, connect, defineRecordType } from '../sdk/index.ts'
import { ShutdownDaemon } from '../sdk/protocol/daemon.ts'
import { loadNative } from './bench/native.ts'
import { printPlace } from './bench/ratio-table.ts'

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '15' },
  },
})
const recordCount = Number(values.records)
const rounds = Number(values.rounds)

const Found = defineRecordType('Found', {
  fields: { summary: text({ searchable: 3 }), body: text({ searchable: true }) },
})
const Bare = defineRecordType('Bare', { fields: { summary: text(), body: text() } })
type Data = { readonly summary: string; readonly body: string }

/** How often each word stands: in each two thousandth record, in each twentieth, in all of them. */
const questions = [
  { name: 'rare', english: 'quagga', korean: '저장소' },
  { name: 'middling', english: 'zebra', korean: '데이터' },
  { name: 'common', english: 'horse', korean: '기록' },
  { name: 'rare and common', english: 'quagga horse', korean: '저장소 기록' },
] as const

let seed = 7
function random(): number {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff
  return seed / 0x7fffffff
}
const vocabulary = Array.from({ length: 20_000 }, (_, index) => `w${index.toString(36)}`)
const syllables = '가나다라마바사아자차카타파하고노도로모보소오조초코토포호'
const word = (): string => vocabulary[Math.floor(vocabulary.length * random() ** 3)] ?? ''
const korean = (): string =>
  Array.from({ length: 3 }, () => syllables[Math.floor(random() * syllables.length)]).join('')

function dataOf(index: number): Data {
  const has = (which: 'english' | 'korean'): string =>
    questions
      .slice(0, 3)
      .filter((_, place) => index % ([2000, 20, 1][place] ?? 1) === 0)
      .map((question) => (which === 'english' ? question.english : `${question.korean}를`))
      .join(' ')
  const many = (count: number, make: () => string): string =>
    Array.from({ length: count }, make).join(' ')
  return {
    summary: `${many(6, word)} ${has('english')} ${has('korean')}`,
    body: `${many(20, word)} ${many(6, korean)}`,
  }
}

const directory = mkdtempSync(join(tmpdir(), 'orion-search-'))
process.env.ORION_RUNTIME_DIR = join(directory, 'run')
const store = join(directory, 'store')
const client: Client = await connect({ client: { name: 'bench' }, store, timeoutMs: 120_000 })
const beside: Client = await connect({ client: { name: 'beside' }, store, timeoutMs: 120_000 })
try {
  printPlace(`${recordCount} records, ${rounds} rounds by turns`)
  const all = Array.from({ length: recordCount }, (_, index) => dataOf(index))
  await measureWrites(all)
  const native = openNative(all)
  for (const question of questions) await measure(question, native)
  await measureWaits()
} finally {
  await client.request(ShutdownDaemon, {}).catch(() => {})
  await Promise.all([client.close(), beside.close()])
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

/** What it costs to be searched: the same records in a type with searchable fields and in one without. */
async function measureWrites(all: readonly Data[]): Promise<void> {
  const took = { Found: 0, Bare: 0 }
  await client.define(Found)
  await client.define(Bare)
  for (let from = 0; from < all.length; from += 500) {
    const part = all.slice(from, from + 500)
    for (const type of ['Bare', 'Found'] as const) {
      const beganMs = performance.now()
      await client.transact({ operations: part.map((data) => ({ op: 'create', type, data })) })
      took[type] += performance.now() - beganMs
    }
  }
  const [found, bare] = [took.Found / all.length, took.Bare / all.length].map((ms) => ms * 1000)
  const ratio = (took.Found / took.Bare).toFixed(2)
  tell(
    `a creation in groups of 500: ${found?.toFixed(0)} µs searched, ${bare?.toFixed(0)} µs not; ratio ${ratio}`,
  )
}

function openNative(all: readonly Data[]): ((query: string) => void) | undefined {
  const Native = loadNative()
  if (Native === undefined) {
    tell('better-sqlite3 is not installed (`npm run bench:peers`): no ratios to it')
    return undefined
  }
  const database = new Native(join(directory, 'native.db'))
  database.pragma('journal_mode = WAL')
  database.exec('CREATE VIRTUAL TABLE t USING fts5(summary, body); BEGIN')
  const insert = database.prepare('INSERT INTO t (summary, body) VALUES (?, ?)')
  for (const { summary, body } of all) insert.run(summary, body)
  database.exec('COMMIT')
  const search = database.prepare(
    'SELECT rowid, summary, body FROM t WHERE t MATCH ? ORDER BY bm25(t, 3, 1) LIMIT 20',
  )
  return (query) => void search.all(query)
}

async function measure(
  { name, english, korean }: (typeof questions)[number],
  native: ((query: string) => void) | undefined,
): Promise<void> {
  const times: { [who: string]: number[] } = { english: [], korean: [], native: [], way: [] }
  const { hits } = await client.search(english, { types: [Found] })
  const ids = hits.map(({ record }) => record.id)
  const timed = async (who: string, run: () => unknown): Promise<void> => {
    const beganMs = performance.now()
    await run()
    times[who]?.push(performance.now() - beganMs)
  }
  for (let round = -2; round < rounds; round += 1) {
    if (round === 0) for (const who of Object.keys(times)) times[who] = []
    await timed('english', () => client.search(english, { types: [Found] }))
    await timed('korean', () => client.search(korean, { types: [Found] }))
    // What any search behind a daemon takes beside the search: the same records, asked for by their ids.
    await timed('way', () => client.repository(Found).getMany(ids))
    if (native) await timed('native', () => native(english))
  }
  const at = (who: string, part: number): number => {
    const sorted = [...(times[who] ?? [])].sort((left, right) => left - right)
    return sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  }
  const shown = (who: string): string => `${at(who, 0.5).toFixed(2)} / ${at(who, 0.95).toFixed(2)}`
  const behindDaemon = at('native', 0.5) + at('way', 0.5)
  tell(
    `${name}: English ${shown('english')} ms (p50 / p95), Korean ${shown('korean')}, FTS5 ${shown('native')}; ` +
      `English ${(at('english', 0.5) / at('native', 0.5)).toFixed(2)} of FTS5 in process, ` +
      `${(at('english', 0.5) / behindDaemon).toFixed(2)} of FTS5 and the way to a daemon (target 2), Korean ${(at('korean', 0.5) / at('english', 0.5)).toFixed(2)} of English`,
  )
}

/** How long somebody else waits for one record while common words are searched for. */
async function measureWaits(): Promise<void> {
  const { id } = (await client.search('quagga', { types: [Found] })).hits[0]?.record ?? { id: '' }
  const records = beside.repository(Found)
  let longestMs = 0
  let isOver = false
  const searching = (async () => {
    for (let round = 0; round < rounds; round += 1) await client.search('horse OR 기록', {})
    isOver = true
  })()
  while (!isOver) {
    const beganMs = performance.now()
    await records.get(id)
    longestMs = Math.max(longestMs, performance.now() - beganMs)
  }
  await searching
  tell(`longest wait of a read beside searches for common words: ${longestMs.toFixed(1)} ms`)
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}
