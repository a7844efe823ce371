/** A daemon in a process of its own, those who throw odd things at it, and a client that must not notice. */

import type { TestContext } from 'node:test'
import { connect } from '../../../sdk/index.ts'
import { type DaemonProcess, startDaemonProcess, testPlace } from '../../support/daemon.ts'
import { loadTestEngine } from '../../support/engine.ts'
import { GoodClient, Kept } from './good-client.ts'
import { throwTexts } from './odd-texts.ts'
import { throwInputs } from './thrower.ts'

/** What is thrown. */
export interface FuzzOptions {
  readonly seed: number
  /** In all, over all connections. */
  readonly inputs: number
  /** How many throw at the same time. */
  readonly throwers?: number
}

/** What came of it; nothing is wrong when `problems` is empty. */
export interface FuzzReport {
  readonly seed: number
  readonly inputs: number
  readonly connections: number
  readonly answers: number
  /** Answers by code; 0 stands for results. */
  readonly codes: { readonly [code: string]: number }
  /** Writes of the well-behaved client, all of them acknowledged, told and found again. */
  readonly written: number
  /** What the daemon took at its start and at its end. */
  readonly memoryBytes: readonly [before: number, after: number]
  readonly problems: readonly string[]
}

/** A type that what is thrown often fits. */
const text = { kind: 'text', optional: true }
const fuzzed = {
  name: 'Fuzzed',
  fields: {
    title: { ...text, indexed: true },
    summary: text,
    domain: text,
    trigger: text,
    a: text,
    count: { kind: 'integer', optional: true },
    steps: { kind: 'list', items: { kind: 'text' }, optional: true },
    tags: { kind: 'list', items: { kind: 'text' }, optional: true },
    extra: { kind: 'json', optional: true },
  },
}

/** How much more memory the daemon may have at the end: what its caches hold, and what a heap keeps for itself. */
const growthMaxBytes = 256 * 1024 * 1024

/** Runs it on a store of its own. */
export async function runFuzz(
  t: Pick<TestContext, 'after'>,
  { seed, inputs, throwers = 6 }: FuzzOptions,
): Promise<FuzzReport> {
  const { location } = testPlace(t)
  const settings = { env: { ORION_LOG: 'error' } }
  const daemon = await startDaemonProcess(t, { location, ...settings })
  const observer = await daemon.connect()
  const memory = async (): Promise<number> => (await observer.call('daemon/status')).memoryBytes
  await observer.call('type/define', { definition: fuzzed })
  const before = await memory()
  const good = await GoodClient.start({ store: location.directory, env: { ...daemon.env } })
  const { socketPath } = daemon
  const each = Math.ceil(inputs / throwers)
  // Beside those who throw whole messages, so that the seeds of these stay what they were.
  const texts = throwTexts(socketPath, { seed, inputs: Math.ceil(inputs / 20) })
  const thrown = await Promise.all(
    Array.from({ length: throwers }, (_, index) =>
      throwInputs({ socketPath, seed: seed * 1000 + index, inputs: each }),
    ),
  )
  const problems = [...(await texts).problems, ...thrown.flatMap((one) => one.problems)]
  problems.push(...(await good.stop()))
  const after = await memory()
  if (after - before > growthMaxBytes)
    problems.push(`the daemon grew from ${before} to ${after} bytes`)
  daemon.kill('SIGTERM')
  const end = await endOf(daemon)
  if (end !== 0) problems.push(`the daemon ended with ${end}`)
  // Nothing that a peer does is an error of the daemon; the lines of incidents say where they came from.
  problems.push(
    ...daemon
      .stderr()
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, 20),
  )
  problems.push(...(await storeProblems(location.databasePath)))
  const again = await startDaemonProcess(t, { location, ...settings })
  problems.push(...(await lostRecords(good, { store: location.directory, env: { ...again.env } })))
  const codes = new Map<number, number>()
  for (const one of thrown) {
    for (const [code, count] of one.codes) codes.set(code, (codes.get(code) ?? 0) + count)
  }
  return {
    seed,
    inputs: sum(thrown.map((one) => one.inputs)),
    connections: sum(thrown.map((one) => one.connections)),
    answers: sum(thrown.map((one) => one.answers)),
    codes: Object.fromEntries([...codes].sort(([left], [right]) => left - right)),
    written: good.written,
    memoryBytes: [before, after],
    problems,
  }
}

/** How the daemon ended; one that does not end is made to. */
async function endOf(daemon: DaemonProcess): Promise<string | number> {
  const timer = setTimeout(() => daemon.kill('SIGKILL'), endMaxMs)
  const end = await daemon.exited
  clearTimeout(timer)
  return end
}

/** Longest time that a daemon may take to end; generous, for slow machines. */
const endMaxMs = 60_000

/** What SQLite itself finds wrong with the file. */
async function storeProblems(path: string): Promise<string[]> {
  const engine = await loadTestEngine()
  const connection = engine.open(path, {
    syncMode: 'off',
    cacheKib: 4096,
    statementsMax: 8,
    readOnly: true,
  })
  const rows = connection.prepare('PRAGMA integrity_check').all()
  connection.close()
  return rows.map((row) => String(row.integrity_check)).filter((text) => text !== 'ok')
}

/** What the well-behaved client was promised, and another process of the daemon does not have. */
async function lostRecords(
  good: GoodClient,
  place: { readonly store: string; readonly env: NodeJS.ProcessEnv },
): Promise<string[]> {
  const client = await connect({ ...place, daemon: 'join-only', client: { name: 'reader' } })
  const problems: string[] = []
  for (const [number, id] of good.acknowledged) {
    const record = await client.repository(Kept).find(id)
    if (record?.data.number !== number) problems.push(`write ${number} is lost`)
  }
  await client.close()
  return problems
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
