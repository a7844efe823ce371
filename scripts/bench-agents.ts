/**
 * What an agent pays for its protocol: tool calls of `orion mcp` beside the same requests through the SDK, by turns, on one
 * daemon: `tsx scripts/bench-agents.ts [--rounds N] [--calls N]`. Runs the built program (`npm run build`).
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
import { ShutdownDaemon } from '../sdk/protocol/daemon.ts'
import { SearchRecords } from '../sdk/protocol/search.ts'
import { printPlace, printRatioTable, type RatioRow } from './bench/ratio-table.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    calls: { type: 'string', default: '200' },
  },
})
const rounds = Number(values.rounds)
const calls = Number(values.calls)

const directory = mkdtempSync(join(tmpdir(), 'orion-agents-'))
process.env.ORION_RUNTIME_DIR = join(directory, 'run')
const store = join(directory, 'store')
const client = await connect({ client: { name: 'bench' }, store })
const insights = client.repository(OrionInsight)
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [fileURLToPath(new URL('../bin/orion.mjs', import.meta.url)), 'mcp', '--store', store],
  env: { PATH: process.env.PATH ?? '', HOME: directory, ORION_RUNTIME_DIR: join(directory, 'run') },
})
const agent = new AgentClient(
  { name: 'bench', version: '1' },
  { versionNegotiation: { mode: 'auto' } },
)

try {
  printPlace(`${rounds} rounds by turns, ${calls} calls a round, one at a time; medians of a round`)
  const startMs = performance.now()
  await agent.connect(transport)
  await agent.listTools()
  console.log(`start     ${Math.round(performance.now() - startMs)} ms until the list of tools\n`)
  await insights.create(
    { summary: 'The flaky test needs a fixed clock', domain: 'ci' },
    { id: 'known' },
  )
  process.exitCode = printRatioTable([
    await compare('get one record', {
      ours: () => tool('get', { type: 'OrionInsight', ids: ['known'] }),
      theirs: () => insights.getMany(['known']),
    }),
    await compare('search one word', {
      ours: () => tool('search', { query: 'flaky', types: ['OrionInsight'] }),
      theirs: () =>
        client.request(SearchRecords, { query: 'flaky', types: ['OrionInsight'], limit: 10 }),
    }),
    await compare('create a record', {
      ours: () => {
        const data = { summary: `finding ${randomUUID()}`, domain: 'ci' }
        return tool('write', { op: 'create', type: 'OrionInsight', data, allowDuplicate: true })
      },
      theirs: () => insights.create({ summary: `finding ${randomUUID()}`, domain: 'ci' }),
    }),
  ])
} finally {
  await agent.close()
  await client.request(ShutdownDaemon, {}).catch(() => {})
  await client.close()
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}

async function tool(name: string, args: object): Promise<void> {
  const { isError, content } = await agent.callTool({ name, arguments: { ...args } })
  if (isError === true)
    throw new Error(`expected ${name} to succeed, got ${JSON.stringify(content)}`)
}

/** The medians of both ways, round by round; the first round warms up. */
async function compare(
  name: string,
  ways: { readonly ours: () => Promise<unknown>; readonly theirs: () => Promise<unknown> },
): Promise<RatioRow> {
  const samples = []
  for (let round = -1; round < rounds; round++) {
    const sample = { ours: await medianMs(ways.ours), theirs: await medianMs(ways.theirs) }
    if (round >= 0) samples.push(sample)
  }
  return { name, unit: 'ms', against: 'the same through the SDK', target: { most: 3 }, samples }
}

async function medianMs(call: () => Promise<unknown>): Promise<number> {
  const times = []
  for (let count = 0; count < calls; count++) {
    const startMs = performance.now()
    await call()
    times.push(performance.now() - startMs)
  }
  times.sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)] ?? Number.NaN
}
