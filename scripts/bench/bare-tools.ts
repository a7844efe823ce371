/**
 * An MCP server of tools without anything of Orion's tools in them: one that does nothing, and one that sends a request to the
 * daemon as it is and answers what came. They are the floor of whatever serves a daemon's records through this library.
 *
 *   tsx scripts/bench/bare-tools.ts STORE
 */
import { Server } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'
import { connect } from '../../sdk/index.ts'
import { CreateRecord, GetManyRecords } from '../../sdk/protocol/records.ts'
import { SearchRecords } from '../../sdk/protocol/search.ts'

const [store = ''] = process.argv.slice(2)
const client = await connect({ client: { name: 'bare', kind: 'agent' }, store })
const requests = [GetManyRecords, SearchRecords, CreateRecord] as const
const asked = z.object({ method: z.string(), params: z.looseObject({}) })

serveStdio(() => {
  const server = new Server({ name: 'bare', version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', () => ({
    tools: ['nothing', 'ask'].map((name) => ({ name, inputSchema: { type: 'object' as const } })),
  }))
  server.setRequestHandler('tools/call', async ({ params }) => {
    return {
      content: [{ type: 'text', text: params.name === 'ask' ? await ask(params.arguments) : '-' }],
    }
  })
  return server
})
process.stdin.once('end', () => void client.close())

async function ask(args: unknown): Promise<string> {
  const { method, params } = asked.parse(args)
  for (const request of requests) {
    if (request.method !== method) continue
    return JSON.stringify(await client.request(request, request.params.parse(params)))
  }
  throw new Error(`expected a method that is measured, got ${method}`)
}
