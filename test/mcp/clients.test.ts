/** Clients that nobody here wrote, each in a whole session with a real `orion mcp` and a real daemon. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createMCPClient } from '@ai-sdk/mcp'
import { Experimental_StdioMCPTransport } from '@ai-sdk/mcp/mcp-stdio'
import { Client as NewClient } from '@modelcontextprotocol/client'
import { StdioClientTransport as NewTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { z } from 'zod'
import { connect } from '../../sdk/client/connect.ts'
import { CountRecords } from '../../sdk/protocol/records.ts'
import { runLine } from '../cli/command-line.ts'
import { isAlive, makePlace, type Place, program, until } from '../cli/orion-process.ts'
import { idIn } from './agent-client.ts'

/** One way to call tools. */
interface Caller {
  call(name: string, args: object): Promise<Answer>
  close(): Promise<void>
  /** Process id of its `orion mcp`, where the client tells. */
  readonly pid?: number | undefined
}

const answer = z.object({
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })).length(1),
  isError: z.boolean().optional(),
})
type Answer = z.output<typeof answer>

function serverOf({ store, env }: Place) {
  const known = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return {
    command: process.execPath,
    args: [program, 'mcp', '--store', store],
    env: { ...Object.fromEntries(known), ORION_MODEL: 'model-1', ORION_RUN: 'run-1' },
  }
}

async function newClient(place: Place, era: 'auto' | 'legacy' = 'auto'): Promise<Caller> {
  const transport = new NewTransport(serverOf(place))
  const client = new NewClient({ name: 'new', version: '1' }, { versionNegotiation: { mode: era } })
  await client.connect(transport)
  return {
    call: async (name, args) =>
      answer.parse(await client.callTool({ name, arguments: { ...args } })),
    close: () => client.close(),
    pid: transport.pid ?? undefined,
  }
}

async function oldClient(place: Place): Promise<Caller> {
  const client = new OldClient({ name: 'old', version: '1' })
  await client.connect(new OldTransport(serverOf(place)))
  return {
    call: async (name, args) =>
      answer.parse(await client.callTool({ name, arguments: { ...args } })),
    close: () => client.close(),
  }
}

async function otherClient(place: Place): Promise<Caller> {
  const transport = new Experimental_StdioMCPTransport(serverOf(place))
  const client = await createMCPClient({ transport, clientName: 'another' })
  const tools = await client.tools()
  return {
    call: async (name, args) => {
      const tool = tools[name]
      assert.ok(tool, `there is no tool ${name}`)
      return answer.parse(await tool.execute(args, { toolCallId: 'call', messages: [] }))
    },
    close: () => client.close(),
  }
}

const insight = (summary: string) => ({
  op: 'create',
  type: 'OrionInsight',
  data: { summary, domain: 'ci' },
})

/** The program and a client of its owner, who works beside the agent. */
async function ownerOf(t: TestContext, place: Place) {
  const { store, env } = place
  const owner = await connect({ client: { name: 'owner', kind: 'script' }, store, env })
  t.after(() => owner.close())
  return owner
}

const clients = {
  'of the newest protocol': { open: newClient, name: 'new' },
  'of the older one': { open: oldClient, name: 'old' },
  'of others': { open: otherClient, name: 'another' },
}
for (const [which, { open, name }] of Object.entries(clients)) {
  test(`a client ${which} does a whole session`, async (t) => {
    const place = makePlace(t)
    const agent = await open(place)
    t.after(() => agent.close())
    const text = async (tool: string, args: object): Promise<string> => {
      const { content, isError } = await agent.call(tool, args)
      assert.notEqual(isError, true, content[0]?.text)
      return content[0]?.text ?? ''
    }
    const id = idIn(await text('write', insight('The flaky test needs a fixed clock')))
    assert.match(
      await text('search', { query: 'flaky clock' }),
      new RegExp(`OrionInsight/${id} v1`),
    )
    assert.match(await text('get', { type: 'OrionInsight', ids: [id] }), /fixed clock/)

    const owner = await ownerOf(t, place)
    const key = { type: 'OrionInsight', id }
    const mend = { op: 'update', ...key, expectedVersion: 1, set: { domain: 'tests' } }
    await owner.transact({ operations: [{ ...mend, op: 'update' }] })
    const lost = await agent.call('write', { op: 'update', ...key, set: { confidenceScore: 0.5 } })
    assert.equal(lost.isError, true)
    const [, repair = ''] = /^to repair: write (\{.*\})$/m.exec(lost.content[0]?.text ?? '') ?? []
    assert.match(await text('write', JSON.parse(repair)), / v3\b/)

    const operations = [{ op: 'archive', ...key }]
    const proposed = await text('propose', { operations, reason: 'mended since' })
    const [, proposal = ''] = /Proposal\/(\S+)/.exec(proposed) ?? []
    const early = await agent.call('propose', { id: proposal, step: 'execute' })
    assert.equal(early.isError, true, 'nobody has approved it')
    const typed = async (line: string): Promise<string> => {
      const { code, stdout, stderr } = await runLine(place, line)
      assert.equal(code, 0, stderr)
      return stdout
    }
    const { digest } = JSON.parse(await typed(`orion proposal diff ${proposal} --json`))
    await typed(`orion proposal approve ${proposal} --digest ${digest}`)
    assert.match(await text('propose', { id: proposal }), /approved\nreviewed by owner/)
    assert.match(await text('propose', { id: proposal, step: 'execute' }), /executed/)
    assert.equal(
      JSON.parse(await typed(`orion get OrionInsight ${id} --json`)).lifecycle,
      'archived',
    )

    const blamed = await typed(`orion blame OrionInsight ${id}`)
    assert.match(
      blamed,
      new RegExp(`^confidenceScore .* agent:${name} .*model model-1, run run-1`, 'm'),
    )
    assert.match(blamed, /^domain .* owner /m)

    await typed(`orion publish Build.finished --payload '{"ok":true}'`)
    // What is pushed may come a moment after the answer to who caused it.
    await until(async () => /\nnews: .*Build\.finished; see events$/.test(await text('get', {})))
    assert.match(await text('events', {}), /Build\.finished .*"ok":true/)
    await Promise.all([agent.close(), owner.close()])
  })
}

test('a daemon that is killed between two calls costs the agent nothing, and no answered write', async (t) => {
  const place = makePlace(t)
  const agent = await newClient(place)
  t.after(() => agent.close())
  const made = Array.from({ length: 64 }, (_, index) =>
    agent.call('write', { ...insight(`finding ${index}`), allowDuplicate: true }),
  )
  for (const { isError, content } of await Promise.all(made)) {
    assert.notEqual(isError, true, content[0]?.text)
  }
  for (const pid of place.daemons()) process.kill(pid, 'SIGKILL')
  const listed = await agent.call('search', {
    types: ['OrionInsight'],
    limit: 100,
    maxTokens: 20_000,
  })
  assert.equal(listed.content[0]?.text.match(/finding \d+/g)?.length, 64)
  const owner = await ownerOf(t, place)
  assert.equal((await owner.request(CountRecords, { type: 'OrionInsight' })).count, 64)
  await Promise.all([agent.close(), owner.close()])
})

test('orion mcp ends with its client', async (t) => {
  const place = makePlace(t)
  const agent = await newClient(place, 'legacy')
  await agent.call('get', {})
  const { pid } = agent
  assert.ok(pid !== undefined && isAlive(pid))
  await agent.close()
  await until(() => !isAlive(pid))
})
