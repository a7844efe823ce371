/** Serves a plugin: connects as a client, says what it brings, then answers what the daemon asks. */
import type { Client } from '../client/client.ts'
import { openClient } from '../client/connect.ts'
import { TransportDialer } from '../client/transport-dialer.ts'
import { OrionError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { protocolRange } from '../protocol/handshake.ts'
import { PingPlugin, PluginReady, RegisterPlugin, StopPlugin } from '../protocol/plugin-messages.ts'
import type { Transport } from '../transport/transport.ts'
import { manifestOf } from './manifest.ts'
import { type Answering, answersOf } from './plugin-answers.ts'
import type { PluginContext, PluginLog } from './plugin-context.ts'
import type { PluginDeclaration } from './plugin-declaration.ts'
import { runReactions } from './run-reactions.ts'
import { type Settings, Surroundings } from './running-plugin.ts'

/**
 * Serves a plugin over a transport until the connection ends.
 *
 * @throws OrionError when the daemon refuses the plugin; whatever its settings or its `start` have thrown.
 */
export async function runPlugin(
  declaration: PluginDeclaration,
  transport: Transport,
): Promise<void> {
  const ended = new Promise<void>((resolve) => void transport.onClose(() => resolve()))
  const stopping = new AbortController()
  transport.onClose(() => stopping.abort())
  const surroundings = new Surroundings()
  // Whether it lives is asked of a plugin that has only just begun, too.
  const ping: [string, Answering] = [PingPlugin.method, async () => null]
  const waiting: { answers: ReadonlyMap<string, Answering> } = { answers: new Map([ping]) }
  const client = await connectPlugin(declaration, transport, {
    surroundings,
    serve: async ({ method, params }, signal) => {
      const answer = waiting.answers.get(method)
      if (answer === undefined)
        throw new OrionError('method_not_found', `there is no ${method}`, {})
      const both = AbortSignal.any([signal, stopping.signal])
      return await answer(params, both)
    },
  })
  const settle = async (): Promise<null> => {
    stopping.abort()
    await declaration.stop?.()
    setImmediate(() => void client.close())
    return null
  }
  try {
    const { settings } = await register(client, declaration)
    const context = contextOf(declaration, { client, settings, signal: stopping.signal })
    const parts = { declaration, context, surroundings }
    waiting.answers = new Map([...answersOf(parts), ping, [StopPlugin.method, settle]])
    await declaration.start?.(context)
    await runReactions(parts)
    await client.request(PluginReady, {})
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    // Whoever can't be told has gone away, which may be all that was wrong.
    await client.request(PluginReady, { problem: problem.slice(0, 4096) }).catch(() => {})
    await client.close()
    throw error
  }
  await ended
  await client.close()
}

async function connectPlugin(
  { name, version }: PluginDeclaration,
  transport: Transport,
  parts: {
    readonly surroundings: Surroundings
    readonly serve: (
      request: { readonly method: string; readonly params: unknown },
      signal: AbortSignal,
    ) => Promise<unknown>
  },
): Promise<Client> {
  const client = {
    name,
    kind: 'plugin' as const,
    ...(version === undefined ? {} : { version }),
  }
  const hello = { protocol: protocolRange, client }
  const dialer = new TransportDialer(transport, { hello, serve: parts.serve })
  return await openClient(dialer, { daemon: 'join-only', surroundings: parts.surroundings })
}

async function register(
  client: Client,
  declaration: PluginDeclaration,
): Promise<{ readonly settings: Settings }> {
  const told = manifestOf(declaration)
  // `definePlugin` has looked at it.
  if (!told.ok) throw new TypeError(`plugin ${declaration.name}: ${told.issues[0]?.message}`)
  const { manifest } = told
  const { settings } = await client.request(
    RegisterPlugin,
    { manifest },
    { timeoutMs: registerMaxMs },
  )
  return { settings: parseSettings(declaration, settings) }
}

/** The daemon may have many records to migrate before it answers; a plugin that it gives up, it ends. In milliseconds. */
const registerMaxMs = 24 * 60 * 60 * 1000

function parseSettings({ name, settings: schema }: PluginDeclaration, given: JsonObject): Settings {
  if (schema === undefined) return {}
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const told = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new OrionError(
    'invalid_request',
    `the settings of ${name} do not fit: ${told.join('; ')}`,
    {
      remedy: 'correct them: orion plugin add PATH --set KEY=VALUE',
    },
  )
}

function contextOf(
  { name }: PluginDeclaration,
  parts: Pick<PluginContext<Settings>, 'client' | 'settings' | 'signal'>,
): PluginContext<Settings> {
  return { plugin: name, log: logTo(process.stderr), ...parts }
}

function logTo(output: NodeJS.WritableStream): PluginLog {
  return (message, details) => {
    const more = details === undefined ? '' : ` ${JSON.stringify(details)}`
    output.write(`${message}${more}\n`)
  }
}
