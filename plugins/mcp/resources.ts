/** Records as resources: `orion://OrionInsight/ID` is one record, `orion://OrionInsight` the newest of a type. */
import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { isOrionError } from '../../sdk/errors.ts'
import { GetRecord, ListRecords } from '../../sdk/protocol/records.ts'
import { ListTypes } from '../../sdk/protocol/types.ts'
import type { Connected } from './agent.ts'
import { cut, oneLine, recordLine } from './record-text.ts'

/**
 * Lets a server tell records as resources.
 *
 * @returns What a connection of the older protocol subscribed to, by address; of the newer one the library keeps that.
 */
export function serveResources(
  server: Server,
  connect: (context: ServerContext) => Promise<Connected>,
): ReadonlySet<string> {
  const subscribed = new Set<string>()
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [
      {
        uriTemplate: `${scheme}{type}/{id}`,
        name: 'record',
        description: 'One record, whole, as JSON',
        mimeType: json,
      },
    ],
  }))
  server.setRequestHandler('resources/list', async (_request, context) => {
    const { client } = await connect(context)
    const { types } = await client.request(ListTypes, { count: true })
    const resources = types.map(({ name, count, description }) => ({
      uri: scheme + encodeURIComponent(name),
      name,
      description: `The newest of ${count} records. ${cut(description ?? '', 200)}`,
      mimeType: 'text/plain',
    }))
    return { resources }
  })
  server.setRequestHandler('resources/read', async ({ params: { uri } }, context) => {
    const { client } = await connect(context)
    return { contents: [await read(client, uri)] }
  })
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }, context) => {
    parseUri(uri)
    if (subscribed.size >= subscribedMax && !subscribed.has(uri)) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `expected at most ${subscribedMax} subscriptions; end one first`,
      )
    }
    await connect(context)
    subscribed.add(uri)
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    subscribed.delete(uri)
    return {}
  })
  return subscribed
}

/** The addresses that change with a record: its own, and that of its type. */
export function changedUris(type: string, id: string): string[] {
  const ofType = scheme + encodeURIComponent(type)
  return [`${ofType}/${encodeURIComponent(id)}`, ofType]
}

async function read(client: Connected['client'], uri: string) {
  const { type, id } = parseUri(uri)
  try {
    if (id !== undefined) {
      const record = await client.request(GetRecord, { type, id })
      return { uri, mimeType: json, text: oneLine(JSON.stringify(record)) }
    }
    const newest = {
      type,
      orderBy: [{ field: 'createdAt', direction: 'desc' as const }],
      limit: 20,
    }
    const { records } = await client.request(ListRecords, newest)
    const text = records.map((record) => recordLine(record, 'summary', undefined)).join('\n')
    return { uri, mimeType: 'text/plain', text }
  } catch (error) {
    if (isOrionError(error, 'not_found') || isOrionError(error, 'unknown_type')) {
      throw new ResourceNotFoundError(uri, `there is no resource ${cut(uri, 300)}`)
    }
    throw error
  }
}

function parseUri(uri: string): { readonly type: string; readonly id: string | undefined } {
  const [type = '', id, ...rest] = uri.startsWith(scheme) ? uri.slice(scheme.length).split('/') : []
  try {
    if (type !== '' && rest.length === 0) {
      return {
        type: decodeURIComponent(type),
        id: id === undefined ? undefined : decodeURIComponent(id),
      }
    }
  } catch {
    // A percent sign without its digits.
  }
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `expected ${scheme}TYPE or ${scheme}TYPE/ID, got ${cut(uri, 300)}`,
  )
}

const scheme = 'orion://'
const json = 'application/json'
const subscribedMax = 1000
