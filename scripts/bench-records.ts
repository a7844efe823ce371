/**
 * Many records, over the daemon's real socket, beside better-sqlite3 in this process with the same rows and the same SQL:
 * `tsx scripts/bench-records.ts [--records 100000] [--rounds N]`. Only ratios within one run mean anything.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { coloursFor } from '../plugins/cli/colours.ts'
import { progressBar } from '../plugins/cli/present/progress-bar.ts'
import { OrionInsight } from '../plugins/orion/record-types.ts'
import { type Client, connect, type RecordType, type Repository } from '../sdk/index.ts'
import { NativeRecords } from './bench/native-records.ts'
import { bulkInsights, domainOf, PlainInsight } from './bench/records-workload.ts'
import { printPlace, type RatioRow, report } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

type Insights = Repository<typeof OrionInsight>
type Sample = { readonly ours: number; readonly theirs: number }

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '9' },
  },
})
const recordCount = Number(values.records)
const rounds = Number(values.rounds)
const domains = Math.max(1, Math.floor(recordCount / 100))
const batchSize = 250

const directory = mkdtempSync(join(tmpdir(), 'orion-records-'))
process.env.ORION_RUNTIME_DIR = join(directory, 'run')
const client: Client = await connect({
  client: { name: 'bench' },
  store: join(directory, 'store'),
  timeoutMs: 120_000,
})
try {
  printPlace(`${recordCount} insights, ${rounds} rounds by turns`)
  const insights = client.repository(OrionInsight)
  const plain = await loadBoth(client.repository(PlainInsight), {
    name: 'bulk creation',
    also: '',
    target: { least: 0.5 },
  })
  plain.native.close()
  const { native, bulk } = await loadBoth(insights, {
    name: 'bulk creation of what is searched',
    also: ' and an FTS5 index',
  })
  const rows = [plain.bulk, bulk, ...(await measure(insights, native))]
  process.exitCode = report(rows)
  await tellReads(insights)
  native.close()
} finally {
  await stopDaemon(client)
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

/** A tenth of the records at a time by turns, so that each side is measured at every size. */
async function loadBoth(
  insights: Pick<Insights, 'createMany'> & { readonly type: RecordType },
  {
    name,
    also,
    ...told
  }: { readonly name: string; readonly also: string } & Pick<RatioRow, 'target'>,
) {
  const native = new NativeRecords(join(directory, `${insights.type.name}.db`), insights.type)
  const all = [...bulkInsights(recordCount, 'r')]
  const samples: Sample[] = []
  const part = Math.ceil(recordCount / 10)
  const bar = progressBar({
    columns: process.stderr.isTTY ? process.stderr.columns : undefined,
    colours: coloursFor({}, {}),
    gone: new AbortController().signal,
    write: async (text) => void process.stderr.write(text),
  })
  for (let start = 0; start < recordCount; start += part) {
    const records = all.slice(start, start + part)
    const began = performance.now()
    await insights.createMany(records, {
      batchSize,
      onProgress: ({ done }) =>
        bar.show({ done: start + done, part: (start + done) / recordCount }),
    })
    const between = performance.now()
    native.create(records, batchSize)
    const ended = performance.now()
    const rate = (ms: number) => (records.length * 1000) / ms
    samples.push({ ours: rate(between - began), theirs: rate(ended - between) })
  }
  await bar.clear()
  const bulk: RatioRow = {
    name,
    unit: 'records/s',
    against: `better-sqlite3 in process: the same rows${also}, transactions of ${batchSize}, each on disk`,
    ...told,
    samples,
  }
  return { native, bulk }
}

async function measure(insights: Insights, native: NativeRecords): Promise<RatioRow[]> {
  const one: Sample[] = []
  const eight: Sample[] = []
  const counts: Sample[] = []
  const deep: Sample[] = []
  const deepByField: Sample[] = []
  const score = [{ field: 'confidenceScore', direction: 'desc' }] as const
  const middle = { newest: await cursorOf(insights), score: await cursorOf(insights, score) }
  for (let round = -1; round < rounds; round++) {
    const nativeRate = await rateOf(1, async (at) => {
      native.list({ where: { domain: domainOf(at % domains) }, limit: 100 })
    })
    const query = (at: number) =>
      insights.list({ where: { domain: domainOf(at % domains) }, limit: 100 })
    const alone = await rateOf(1, query)
    const together = await rateOf(8, query)
    const countMs = await timeOf(3, () =>
      insights
        .count({ groupBy: 'domain' })
        .catch(() => insights.count({ groupBy: 'confidenceScore' })),
    )
    const nativeCountMs = await timeOf(3, async () =>
      native.groups(domains > 1000 ? 'confidenceScore' : 'domain'),
    )
    const first = await timeOf(20, () => insights.list({ limit: 100 }))
    const later = await timeOf(20, () => insights.list({ limit: 100, after: middle.newest }))
    const firstBy = await timeOf(20, () => insights.list({ limit: 100, orderBy: score }))
    const laterBy = await timeOf(20, () =>
      insights.list({ limit: 100, orderBy: score, after: middle.score }),
    )
    // The first round only warms up.
    if (round < 0) continue
    one.push({ ours: alone, theirs: nativeRate })
    eight.push({ ours: together, theirs: nativeRate })
    counts.push({ ours: countMs, theirs: nativeCountMs })
    deep.push({ ours: later, theirs: first })
    deepByField.push({ ours: laterBy, theirs: firstBy })
  }
  const against = 'better-sqlite3 in process, the same SQL, rows as objects'
  return [
    {
      name: 'query of 100 records by a field, 1 in flight',
      unit: 'queries/s',
      against,
      samples: one,
    },
    {
      name: 'query of 100 records by a field, 8 in flight',
      unit: 'queries/s',
      against,
      target: { least: 0.3 },
      samples: eight,
    },
    { name: 'count with groupBy, all records', unit: 'ms', against, samples: counts },
    {
      name: 'page of 100 in the middle, newest first',
      unit: 'ms',
      against: 'the first page',
      target: { most: 1.3 },
      samples: deep,
    },
    {
      name: 'page of 100 in the middle, by a field',
      unit: 'ms',
      against: 'the first page',
      target: { most: 1.3 },
      samples: deepByField,
    },
  ]
}

/** The cursor of the middle of a list, which is paged through to get there. */
async function cursorOf(
  insights: Insights,
  orderBy?: readonly { readonly field: 'confidenceScore'; readonly direction: 'desc' }[],
): Promise<string> {
  let after: string | undefined
  for (let seen = 0; seen < recordCount / 2; seen += 1000) {
    const options = { limit: 1000, ...(orderBy && { orderBy }), ...(after && { after }) }
    after = (await insights.list(options)).next
  }
  if (after === undefined) throw new Error('expected a list that goes on in its middle')
  return after
}

async function rateOf(inFlight: number, run: (at: number) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let at = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - began < 400) await run(at++ * 7919)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return (at * 1000) / (performance.now() - began)
}

async function timeOf(times: number, run: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  for (let n = 0; n < times; n++) await run()
  return (performance.now() - began) / times
}

/** Rows that were read, which no clock disturbs. */
async function tellReads(insights: Insights): Promise<void> {
  const asked = [
    ['by domain', { where: { domain: domainOf(1) }, limit: 100 }],
    [
      'by confidenceScore, descending',
      { orderBy: [{ field: 'confidenceScore', direction: 'desc' }], limit: 100 },
    ],
    ['newest first', { limit: 100 }],
    ['by provenanceMethod, which has no index', { where: { provenanceMethod: 'x' }, limit: 100 }],
  ] as const
  console.log()
  for (const [name, options] of asked) {
    const { rows, complete } = await insights.explain(options)
    const told = complete ? `reads ${rows.read}` : `reads all ${rows.table}, in slices`
    console.log(`a page of 100 ${name} ${told} rows`)
  }
}
