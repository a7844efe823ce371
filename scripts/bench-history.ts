/**
 * The past of records in a long log: `tsx scripts/bench-history.ts [--events 1000000] [--rounds N]`. The same questions are
 * asked of a store with a short log and of one with a long log, by turns in one process; ratios near 1 say that the
 * length of the log does not matter.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../daemon/clock.ts'
import { defaultLimits } from '../daemon/limits.ts'
import { silentLog } from '../daemon/log.ts'
import { loadEngine } from '../daemon/store/engine/load-engine.ts'
import { openStore } from '../daemon/store/open-store.ts'
import type { Caller, StoreApi } from '../daemon/store/store-api.ts'
import { coloursFor } from '../plugins/cli/colours.ts'
import { progressBar } from '../plugins/cli/present/progress-bar.ts'
import { OrionInsight } from '../plugins/orion/record-types.ts'
import { printPlace, type RatioRow, report } from './bench/report.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '9' },
  },
})
const eventCount = Number(values.events)
const rounds = Number(values.rounds)
const type = OrionInsight.name
const owner: Caller = { principal: 'owner', client: 'bench/1', mayRead: () => true }

const directory = mkdtempSync(join(tmpdir(), 'orion-history-'))
const engine = await loadEngine('sql.js')
const openAt = (name: string): Promise<StoreApi> =>
  openStore({
    path: join(directory, name),
    engine,
    clock: systemClock,
    // The whole log is kept, which is what is measured.
    limits: { ...defaultLimits, eventsKept: 10 * eventCount, eventsHeldMax: 10 * eventCount },
    log: silentLog,
    bundledTypes: [OrionInsight.definition],
    beginEpoch: false,
  })
const [long, short] = [await openAt('long.db'), await openAt('short.db')]
try {
  printPlace(`${eventCount} events against ${eventCount / 100}, ${rounds} rounds by turns`)
  await fill(short, eventCount / 100)
  await fill(long, eventCount)
  process.exitCode = report(await measure())
} finally {
  await long.close()
  await short.close()
  rmSync(directory, { recursive: true, force: true })
}

/** A tenth of the events are versions of one record, whose first ones lie between those of all others. */
async function fill(store: StoreApi, events: number): Promise<void> {
  const bar = progressBar({
    columns: process.stderr.isTTY ? process.stderr.columns : undefined,
    colours: coloursFor({}, {}),
    gone: new AbortController().signal,
    write: async (text) => void process.stderr.write(text),
  })
  const data = { summary: 'the cache of the build was stale', domain: 'build', tags: ['ci'] }
  await store.create({ type, id: 'few', data }, owner)
  await store.create({ type, id: 'many', data }, owner)
  let version = 1
  for (let done = 2; done < events; done += 1000) {
    const others = Array.from({ length: 900 }, (_, at) => ({
      op: 'create' as const,
      type,
      id: `r${done + at}`,
      data: { ...data, summary: `insight ${done + at}` },
    }))
    const versions = Array.from({ length: 100 }, () => ({
      op: 'update' as const,
      type,
      id: 'many',
      expectedVersion: version++,
      set: { confidenceScore: (version % 100) / 100 },
    }))
    await store.transact({ operations: [...others, ...versions] }, owner)
    bar.show({ done, part: done / events })
  }
  for (const expectedVersion of [1, 2, 3]) {
    const set = { summary: `the cache was stale, ${expectedVersion}` }
    await store.update({ type, id: 'few', expectedVersion, set }, owner)
  }
  await bar.clear()
}

async function measure(): Promise<RatioRow[]> {
  const versionOf = async (store: StoreApi) =>
    (await store.get({ type, id: 'many' }, owner)).version
  const newest = new Map([
    [long, await versionOf(long)],
    [short, await versionOf(short)],
  ])
  const middleOf = (store: StoreApi): number => Math.floor((newest.get(store) ?? 0) / 2)
  const cursors = new Map<StoreApi, string>()
  for (const store of [long, short]) cursors.set(store, await deepCursor(store))
  const questions: readonly (readonly [string, (store: StoreApi) => Promise<unknown>])[] = [
    ['history of a record with 4 versions', (store) => store.history({ type, id: 'few' }, owner)],
    ['first page of 50 of a long history', (store) => store.history({ type, id: 'many' }, owner)],
    [
      'page of 50 far back in it',
      (store) => store.history({ type, id: 'many', after: cursors.get(store) }, owner),
    ],
    ['version 1 of 4', (store) => store.get({ type, id: 'few', version: 1 }, owner)],
    ['version 1 of a long history', (store) => store.get({ type, id: 'many', version: 1 }, owner)],
    [
      'a version in its middle',
      (store) => store.get({ type, id: 'many', version: middleOf(store) }, owner),
    ],
    ['blame of a record with 4 versions', (store) => store.blame({ type, id: 'few' }, owner)],
  ]
  const rows = questions.map(([name]) => ({
    name,
    unit: 'ms',
    against: `the same with ${eventCount / 100} events`,
    target: { most: 1.5 },
    samples: [] as { ours: number; theirs: number }[],
  }))
  const blames: { ours: number; theirs: number }[] = []
  for (let round = -1; round < rounds; round++) {
    for (const [at, [, ask]] of questions.entries()) {
      const theirs = await timeOf(() => ask(short))
      const ours = await timeOf(() => ask(long))
      if (round >= 0) rows[at]?.samples.push({ ours, theirs })
    }
    if (round >= 0) {
      const blameMs = async (store: StoreApi) => {
        const began = performance.now()
        await store.blame({ type, id: 'many' }, owner)
        return (performance.now() - began) / (newest.get(store) ?? 1)
      }
      const theirs = await blameMs(short)
      blames.push({ ours: await blameMs(long), theirs })
    }
  }
  const blame: RatioRow = {
    name: 'blame of a long history, for each version',
    unit: 'ms',
    against:
      'the same with a hundredth of them; fields set at creation are looked for to the beginning',
    target: { most: 1.5 },
    samples: blames,
  }
  return [...rows, blame]
}

/** Where a page begins that lies nine tenths back. */
async function deepCursor(store: StoreApi): Promise<string> {
  let after: string | undefined
  const { version } = await store.get({ type, id: 'many' }, owner)
  const limit = Math.min(1000, Math.floor(version / 10))
  for (let seen = 0; seen < version * 0.85; seen += limit) {
    const page = await store.history({ type, id: 'many', limit, after }, owner)
    after = page.next ?? after
  }
  if (after === undefined) throw new Error('expected a history of more than one page')
  return after
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const times = 30
  const began = performance.now()
  for (let n = 0; n < times; n++) await run()
  return (performance.now() - began) / times
}
