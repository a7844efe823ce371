/** Opens a session over a WebSocket: the daemon proves itself, is shown the token, and greeted. */
import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, get as httpsGet } from 'node:https'
import { isJsonObject, type JsonObject } from '../json.ts'
import type { InitializeParams } from '../protocol/handshake.ts'
import { connectWebSocket } from '../transport/websocket.ts'
import { proverOf } from './prove-daemon.ts'
import { Session } from './session.ts'
import { typedError } from './typed-errors.ts'
import { parseWireError } from './wire-error.ts'

/**
 * Opens one session.
 *
 * @throws OrionError of the daemon's; `unauthenticated` when what answers can't prove that it knows the token, which it is
 * not shown then; `disconnected` when no daemon answers.
 */
export async function openOverWebSocket(
  url: URL,
  { token, ...hello }: InitializeParams,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Session> {
  const { timeoutMs, signal } = options
  const prover = proverOf(token, url.host)
  const agent = oneConnection(url)
  try {
    const { tokenId, nonce } = prover.challenge
    prover.check((await ask(url, { tokenId, nonce, agent, signal })).proof)
    // From here on the same connection: the one at whose other end somebody knows the token.
    Object.assign(agent, { createConnection: refuseAnother })
    const headers = { authorization: `Bearer ${token}` }
    const transport = await connectWebSocket(url, { headers, agent, timeoutMs, signal })
    return await Session.open(transport, { hello }, signal)
  } catch (error) {
    agent.destroy()
    throw refusalOf(error, url)
  }
}

function oneConnection({ protocol }: URL): HttpAgent {
  const options = { keepAlive: true, maxSockets: 1 }
  return protocol === 'wss:' ? new HttpsAgent(options) : new HttpAgent(options)
}

function refuseAnother(): never {
  throw new Error('the connection ended between the proof and the token')
}

interface Question {
  readonly tokenId: string
  readonly nonce: string
  readonly agent: HttpAgent
  readonly signal: AbortSignal
}

/** The answer to a challenge over HTTP. */
async function ask(url: URL, { tokenId, nonce, agent, signal }: Question): Promise<JsonObject> {
  const secure = url.protocol === 'wss:'
  const target = new URL('/challenge', `${secure ? 'https' : 'http'}://${url.host}`)
  target.searchParams.set('token', tokenId)
  target.searchParams.set('nonce', nonce)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = secure ? httpsGet : httpGet
    request(target, { agent, signal }, resolve).once('error', reject)
  })
  let text = ''
  for await (const part of response.setEncoding('utf8')) {
    text += String(part)
    if (text.length > answerMaxLength) throw new Error('the answer to the challenge is too long')
  }
  if (response.statusCode !== 200)
    throw refusalIn(text) ?? new Error(`status ${response.statusCode}`)
  return parsed(text) ?? {}
}

const answerMaxLength = 8192

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined // Something else than a daemon answers.
  }
}

/** The error that a daemon has put into an answer over HTTP. */
function refusalIn(text: string): Error | undefined {
  const { code, message, data } = parsed(text) ?? {}
  if (typeof code !== 'number' || typeof message !== 'string') return undefined
  return parseWireError({ code, message, data })
}

/** What the daemon said, in its own words; all else means that there is no daemon. */
function refusalOf(error: unknown, url: URL): unknown {
  if (!(error instanceof Error) || 'kind' in error) return error
  const said = 'body' in error && typeof error.body === 'string' ? refusalIn(error.body) : undefined
  if (said !== undefined) return said
  const message = `can't reach a daemon at ${url.host}: ${error.message}`
  return typedError('disconnected', message, { data: {}, cause: error })
}
