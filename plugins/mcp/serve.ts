import {
  type CallToolResult,
  CLIENT_INFO_META_KEY,
  type McpRequestContext,
  Server,
  type ServerContext,
  type Transport,
} from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'
import type { Event } from '../../sdk/model.ts'
import { Agent, type AgentOptions, type AgentProgram, type Connected } from './agent.ts'
import { failureText } from './failure-text.ts'
import { instructions } from './instructions.ts'
import type { News } from './news.ts'
import { withProgress } from './progress.ts'
import { cut, dataText } from './record-text.ts'
import { changedUris, serveResources } from './resources.ts'
import type { Tool } from './tool.ts'
import { tools } from './tools.ts'

/**
 * Serves the Model Context Protocol on stdin and stdout until the client ends it. No store is opened here: what is asked goes
 * to the daemon, which is found or started at the first call, and found again when it was lost.
 */
export async function serveMcp(options: AgentOptions): Promise<void> {
  const server = openMcp(options)
  await clientGone()
  await server.close()
}

/** Serves one client, on stdin and stdout or on a transport of the caller's own, until it is closed. */
export function openMcp(
  options: AgentOptions,
  transport?: Transport,
): { readonly close: () => Promise<void> } {
  const agent = new Agent(options)
  const served = serveStdio((context) => makeServer(agent, options, context), {
    ...(transport === undefined ? {} : { transport }),
  })
  return {
    close: async () => {
      await served.close()
      await agent.close()
    },
  }
}

/** Resolves when the client is gone: its end of the pipe, the client itself, or a signal tells. */
function clientGone(): Promise<void> {
  return new Promise((resolve) => {
    const parent = process.ppid
    // A client that is killed closes nothing if somebody else holds its end of the pipe too.
    setInterval(() => process.ppid !== parent && resolve(), parentLookMs).unref()
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => resolve())
    process.stdout.once('error', () => resolve())
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve())
  })
}

const parentLookMs = 1_000

function makeServer(agent: Agent, { version }: AgentOptions, { era }: McpRequestContext): Server {
  const server = new Server(
    { name: 'orion', version },
    { capabilities: { tools: {}, resources: { subscribe: true } }, instructions },
  )
  const programOf = (context: ServerContext): AgentProgram =>
    (era === 'legacy' ? server.getClientVersion() : clientInfo(context)) ?? { name: 'unknown' }
  const listening = new WeakSet<News>()
  const connect = async (context: ServerContext): Promise<Connected> => {
    const connected = await agent.connect(() => programOf(context))
    if (listening.has(connected.news)) return connected
    listening.add(connected.news)
    connected.news.onEvent((event) =>
      tellChange(server, event, era === 'legacy' ? subscribed : undefined),
    )
    return connected
  }
  const subscribed = serveResources(server, connect)
  server.setRequestHandler('tools/list', (_request, context) => {
    // The first call finds the daemon there.
    connect(context).catch(() => {})
    return { tools: tools.map(described) }
  })
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const asked = { params, connect: () => connect(context) }
    return await withProgress(context, () => callTool(agent, asked, context))
  })
  return server
}

/** Tells that a resource has changed; whether somebody wants to know is known here only for the older protocol. */
function tellChange(
  server: Server,
  { type, id }: Event,
  subscribed: ReadonlySet<string> | undefined,
): void {
  if (type === undefined || id === undefined) return
  for (const uri of changedUris(type, id)) {
    if (subscribed !== undefined && !subscribed.has(uri)) continue
    // A client that is gone ends the whole program.
    server.sendResourceUpdated({ uri }).catch(() => {})
  }
}

function described({ name, description, inputSchema, annotations }: Tool) {
  return {
    name,
    description,
    inputSchema: { ...inputSchema, type: 'object' as const },
    annotations,
  }
}

async function callTool(
  agent: Agent,
  asked: {
    readonly params: { readonly name: string; readonly arguments?: unknown }
    readonly connect: () => Promise<Connected>
  },
  context: ServerContext,
): Promise<CallToolResult> {
  const tool = tools.find(({ name }) => name === asked.params.name)
  if (tool === undefined) {
    return failed(
      `ERROR: there is no tool ${dataText(cut(asked.params.name, 64))}; there are ${tools.map(({ name }) => name).join(', ')}`,
    )
  }
  let connected: Connected | undefined
  try {
    connected = await asked.connect()
    const call = { agent, ...connected, signal: context.mcpReq.signal, callId: callIdOf(context) }
    const { text, isError } = await tool.run(asked.params.arguments, call)
    return isError === true ? failed(withNews(text, connected)) : told(withNews(text, connected))
  } catch (error) {
    return failed(withNews(failureText(error), connected))
  }
}

/** News of others is the last line of an answer, or none. */
function withNews(text: string, connected: Connected | undefined): string {
  const line = connected?.news.line()
  return line === undefined ? text : `${text}\n${line}`
}

function told(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

function failed(text: string): CallToolResult {
  return { ...told(text), isError: true }
}

/** Who the client says it is, with each request of the newer protocol. */
function clientInfo({ mcpReq }: ServerContext): AgentProgram | undefined {
  return envelope.safeParse(mcpReq.envelope).data?.[CLIENT_INFO_META_KEY]
}

const envelope = z.object({
  [CLIENT_INFO_META_KEY]: z.object({ name: z.string(), version: z.string().optional() }),
})

/** What the client calls this call of a tool; only some say it. */
function callIdOf({ mcpReq }: ServerContext): string | undefined {
  const meta: { readonly [key: string]: unknown } = mcpReq._meta ?? {}
  for (const key of callIdKeys) {
    const value = meta[key]
    if (typeof value === 'string' && value !== '') return value.slice(0, 200)
  }
  return undefined
}

const callIdKeys = ['orion/callId', 'claudecode/toolUseId', 'toolCallId', 'tool_call_id']
