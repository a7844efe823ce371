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
import { loadNative } from './bench/native.ts'
import { printPlace, type Row, report } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

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
  const rows: Row[] = [await measureWrites(all)]
  const native = openNative(all)
  for (const question of questions) rows.push(...(await measure(question, native)))
  rows.push(await measureWaits())
  process.exitCode = report(rows)
} finally {
  await beside.close()
  await stopDaemon(client)
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

/** What it costs to be searched: the same records in a type with searchable fields and in one without. */
async function measureWrites(all: readonly Data[]): Promise<Row> {
  const took: { ours: number; theirs: number }[] = []
  await client.define(Found)
  await client.define(Bare)
  for (let from = 0; from < all.length; from += 500) {
    const part = all.slice(from, from + 500)
    const timed = async (type: 'Bare' | 'Found'): Promise<number> => {
      const beganMs = performance.now()
      await client.transact({ operations: part.map((data) => ({ op: 'create', type, data })) })
      return ((performance.now() - beganMs) * 1000) / part.length
    }
    const theirs = await timed('Bare')
    took.push({ ours: await timed('Found'), theirs })
  }
  return {
    name: 'a creation that is searched, groups of 500',
    unit: 'us',
    against: 'the same without searched text',
    samples: took,
  }
}

function openNative(all: readonly Data[]): ((query: string) => void) | undefined {
  const Native = loadNative()
  if (Native === undefined) {
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
): Promise<Row[]> {
  const times = {
    english: [] as number[],
    korean: [] as number[],
    native: [] as number[],
    way: [] as number[],
  }
  type Who = keyof typeof times
  const { hits } = await client.search(english, { types: [Found] })
  const ids = hits.map(({ record }) => record.id)
  let round = -2
  const timed = async (who: Who, run: () => unknown): Promise<void> => {
    const beganMs = performance.now()
    await run()
    if (round >= 0) times[who].push(performance.now() - beganMs)
  }
  for (; round < rounds; round += 1) {
    await timed('english', () => client.search(english, { types: [Found] }))
    await timed('korean', () => client.search(korean, { types: [Found] }))
    // What any search behind a daemon takes beside the search: the same records, asked for by their ids.
    await timed('way', () => client.repository(Found).getMany(ids))
    if (native) await timed('native', () => native(english))
  }
  const pairs = (ours: readonly number[], theirs: (index: number) => number | undefined) =>
    ours.map((ms, index) => ({ ours: ms, theirs: theirs(index) ?? ms }))
  const searched = `search, ${name}`
  const beside: Row[] = native
    ? [
        {
          name: searched,
          unit: 'ms',
          against: 'FTS5 of better-sqlite3 in process, and the way to a daemon',
          target: { most: 2, aim: 1.3 },
          samples: pairs(
            times.english,
            (index) => (times.native[index] ?? 0) + (times.way[index] ?? 0),
          ),
        },
        {
          name: searched,
          unit: 'ms',
          against: 'FTS5 of better-sqlite3 in process',
          samples: pairs(times.english, (index) => times.native[index]),
        },
      ]
    : []
  return [
    ...beside,
    {
      name: `${searched}, in Korean`,
      unit: 'ms',
      against: 'the same in English',
      samples: pairs(times.korean, (index) => times.english[index]),
    },
  ]
}

/** How long somebody else waits for one record while common words are searched for. */
async function measureWaits(): Promise<Row> {
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
  return {
    name: 'longest wait of a read beside such searches',
    unit: 'ms',
    values: [longestMs],
  }
}
