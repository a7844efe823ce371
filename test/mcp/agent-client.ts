/** MCP clients for tests: over memory beside a daemon in this process, or over the stdio of a real `orion mcp`. */
import type { TestContext } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import type { AgentOptions } from '../../plugins/mcp/agent.ts'
import { openMcp } from '../../plugins/mcp/serve.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { TestDaemon } from '../support/daemon.ts'

/** One agent program. */
export interface AgentClient {
  readonly client: Client
  /** Calls a tool; the text of its answer, which is expected to be no failure. */
  call(tool: string, args?: object): Promise<string>
  /** Calls a tool that is expected to fail; the text for the model. */
  fails(tool: string, args?: object): Promise<string>
}

/** What differs from an ordinary agent. */
export interface AgentClientOptions {
  readonly name?: string
  /** By default the newest era that both sides know. */
  readonly era?: 'legacy' | 'auto'
  readonly options?: Partial<AgentOptions>
}

/** An agent of a daemon in this process, over memory on both sides; it ends after the test. */
export async function connectAgent(
  t: TestContext,
  { daemon }: TestDaemon,
  { name = 'tester', era = 'auto', options = {} }: AgentClientOptions = {},
): Promise<AgentClient> {
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair()
  const transport = async () => {
    const [server, end] = memoryPair()
    daemon.attach(server)
    return end
  }
  const served = openMcp({ env: {}, version: '0.0.0', transport, ...options }, serverEnd)
  const client = new Client({ name, version: '1.0.0' }, { versionNegotiation: { mode: era } })
  await client.connect(clientEnd)
  t.after(async () => {
    await client.close()
    await served.close()
  })
  return agentOf(client)
}

/** A client with calls that tell texts. */
export function agentOf(client: Client): AgentClient {
  const ask = async (tool: string, args: object): Promise<{ text: string; isError: boolean }> => {
    const { content, isError } = await client.callTool({ name: tool, arguments: { ...args } })
    const [first] = content
    if (first?.type !== 'text' || content.length !== 1) throw new Error('expected one text')
    return { text: first.text, isError: isError === true }
  }
  return {
    client,
    call: async (tool, args = {}) => {
      const { text, isError } = await ask(tool, args)
      if (isError) throw new Error(`expected ${tool} to succeed, got ${text}`)
      return text
    },
    fails: async (tool, args = {}) => {
      const { text, isError } = await ask(tool, args)
      if (!isError) throw new Error(`expected ${tool} to fail, got ${text}`)
      return text
    },
  }
}

/** The id that an answer of `write` names. */
export function idIn(text: string): string {
  const [, id] = /^(?:done|stored) \w+\/(\S+) v\d+$/m.exec(text) ?? []
  if (id === undefined) throw new Error(`expected an answer that names a record, got ${text}`)
  return id
}
