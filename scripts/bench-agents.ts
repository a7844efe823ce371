/**
 * What an agent pays for its protocol: tool calls of `orion mcp` beside the same requests through the SDK, by turns, on one
 * daemon: `tsx scripts/bench-agents.ts [--rounds N] [--calls N] [--era auto|legacy]`. Runs the built program
 * (`npm run build`).
 *
 * Two tools of a server with nothing of Orion's tools in it are the floor, by the same client and library over the same two
 * pipes: one does nothing, one sends the request to the daemon as it is. The target holds for what is left without that way:
 * the request through the SDK, and what Orion's tool adds to it.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Client as AgentClient } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { OrionInsight } from '../plugins/orion/record-types.ts'
import { connect } from '../sdk/index.ts'
import type { ParamsOf, RequestDefinition } from '../sdk/protocol/define.ts'
import { CreateRecord, GetManyRecords } from '../sdk/protocol/records.ts'
import { SearchRecords } from '../sdk/protocol/search.ts'
import { printPlace, type RatioRow, report } from './bench/report.ts'
import { stopDaemon } from './bench/stop-daemon.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    calls: { type: 'string', default: '200' },
    warm: { type: 'string', default: '2000' },
    era: { type: 'string', default: 'auto' },
  },
})
const rounds = Number(values.rounds)
const calls = Number(values.calls)
const mode = values.era === 'legacy' ? 'legacy' : 'auto'

const directory = mkdtempSync(join(tmpdir(), 'orion-agents-'))
process.env.ORION_RUNTIME_DIR = join(directory, 'run')
const store = join(directory, 'store')
const client = await connect({ client: { name: 'bench' }, store })
const insights = client.repository(OrionInsight)
const agent = newAgent()
const idler = newAgent()

try {
  const told = `${rounds} rounds by turns, ${calls} calls a round after ${values.warm}, one at a time`
  printPlace(`${told}; medians of a round; era ${mode}`)
  const startMs = performance.now()
  await agent.connect(serverOf([pathOf('../bin/orion.mjs'), 'mcp', '--store', store]))
  await agent.listTools()
  console.log(`start     ${Math.round(performance.now() - startMs)} ms until the list of tools\n`)
  await idler.connect(serverOf(['--import', 'tsx', pathOf('bench/bare-tools.ts'), store]))
  await insights.create(
    { summary: 'The flaky test needs a fixed clock', domain: 'ci' },
    { id: 'known' },
  )
  const known = { type: 'OrionInsight', id: 'known' }
  const words = { query: 'flaky', types: ['OrionInsight'], limit: 10 }
  const get = await measure({
    ours: () => tool('get', { type: 'OrionInsight', ids: ['known'] }),
    theirs: () => insights.getMany(['known']),
    bare: () => ask(GetManyRecords, { keys: [known] }),
  })
  const search = await measure({
    ours: () => tool('search', { query: 'flaky', types: ['OrionInsight'] }),
    theirs: () => client.request(SearchRecords, words),
    bare: () => ask(SearchRecords, words),
  })
  const create = await measure({
    ours: () =>
      tool('write', { op: 'create', type: 'OrionInsight', data: finding(), allowDuplicate: true }),
    theirs: () => insights.create(finding()),
    bare: () => ask(CreateRecord, { type: 'OrionInsight', data: finding() }),
  })
  process.exitCode = report([
    ...rowsOf('get one record', get),
    ...rowsOf('search one word', search),
    ...rowsOf('create a record', create),
  ])
} finally {
  await Promise.all([agent.close(), idler.close()])
  await stopDaemon(client)
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

function newAgent(): AgentClient {
  return new AgentClient({ name: 'bench', version: '1' }, { versionNegotiation: { mode } })
}

function serverOf(args: string[]): StdioClientTransport {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    ORION_RUNTIME_DIR: join(directory, 'run'),
  }
  return new StdioClientTransport({ command: process.execPath, args, env })
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url))
}

async function tool(name: string, args: object): Promise<void> {
  const { isError, content } = await agent.callTool({ name, arguments: { ...args } })
  if (isError === true)
    throw new Error(`expected ${name} to succeed, got ${JSON.stringify(content)}`)
}

/** Calls the tool that sends a request as it is. */
async function ask<D extends RequestDefinition>(
  { method }: D,
  params: ParamsOf<D>,
): Promise<unknown> {
  return await idler.callTool({ name: 'ask', arguments: { method, params } })
}

function finding() {
  return { summary: `finding ${randomUUID()}`, domain: 'ci' }
}

/** What one round took, in milliseconds: our tool, the same through the SDK, and the two tools of `bare-tools.ts`. */
interface Round {
  readonly ours: number
  readonly theirs: number
  readonly empty: number
  readonly bare: number
}

/** The medians of all ways, round by round. */
async function measure(ways: {
  readonly ours: () => Promise<unknown>
  readonly theirs: () => Promise<unknown>
  readonly bare: () => Promise<unknown>
}): Promise<Round[]> {
  const measured: Round[] = []
  const empty = () => idler.callTool({ name: 'nothing', arguments: {} })
  for (const way of [...Object.values(ways), empty]) await medianMs(way, Number(values.warm))
  for (let round = 0; round < rounds; round++) {
    measured.push({
      ours: await medianMs(ways.ours, calls),
      theirs: await medianMs(ways.theirs, calls),
      empty: await medianMs(empty, calls),
      bare: await medianMs(ways.bare, calls),
    })
  }
  return measured
}

function rowsOf(name: string, measured: readonly Round[]): RatioRow[] {
  const row = (part: string, ours: (round: Round) => number): RatioRow => ({
    name: part,
    unit: 'ms',
    against: `${name} through the SDK`,
    samples: measured.map((round) => ({ ours: ours(round), theirs: round.theirs })),
  })
  return [
    row(`${name} by the tool`, ({ ours }) => ours),
    row('  floor: a tool that does nothing', ({ empty }) => empty),
    row('  floor: a tool that only asks the daemon', ({ bare }) => bare),
    {
      ...row(
        '  by the tool, without the way there',
        ({ ours, bare, theirs }) => theirs + ours - bare,
      ),
      target: { most: 3 },
    },
  ]
}

async function medianMs(call: () => Promise<unknown>, count: number): Promise<number> {
  const times = []
  for (let done = 0; done < count; done++) {
    const startMs = performance.now()
    await call()
    times.push(performance.now() - startMs)
  }
  times.sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)] ?? Number.NaN
}
