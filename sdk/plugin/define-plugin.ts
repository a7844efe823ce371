/** Plugins: record types, actions, hooks and handlers of committed events that a program brings to a store. */
import type { z } from 'zod'
import { pluginApiVersions, pluginScopes } from '../protocol/plugin-messages.ts'
import type { ByteStreams } from '../transport/stream-link.ts'
import type { Transport } from '../transport/transport.ts'
import { manifestOf } from './manifest.ts'
import type { PluginDeclaration } from './plugin-declaration.ts'

/** A plugin that can be served. */
export interface Plugin {
  readonly orionPlugin: true
  readonly name: string
  readonly apiVersion: number
  readonly declaration: PluginDeclaration
  /** Serves the plugin to the daemon at the other end; resolves when the connection has ended. */
  serve(transport: Transport): Promise<void>
  /** The same over two byte streams, such as those of a process. */
  serveStreams(streams: ByteStreams): Promise<void>
}

/**
 * Declares a plugin: the default export of its module, or an export named `plugin`.
 *
 * @throws TypeError naming everything that is wrong with the declaration.
 */
export function definePlugin<S extends z.ZodObject = z.ZodObject>(
  declaration: PluginDeclaration<S>,
): Plugin {
  const general: PluginDeclaration = generalized(declaration)
  const problems = problemsOf(general)
  if (problems.length > 0) {
    throw new TypeError(`plugin ${String(general.name).slice(0, 80)}: ${problems.join('; ')}`)
  }
  // Loaded only by what serves: whoever only declares, or tests, has no use for a client.
  const serve: Plugin['serve'] = async (transport) =>
    await (await import('./run-plugin.ts')).runPlugin(general, transport)
  return {
    orionPlugin: true,
    name: general.name,
    apiVersion: general.apiVersion,
    declaration: general,
    serve,
    serveStreams: async (streams) => {
      const { stdioTransport } = await import('../transport/stdio.ts')
      await serve(stdioTransport({ side: 'client', streams }))
    },
  }
}

/** Whether a value is a plugin, whichever copy of this package made it. */
export function isPlugin(value: unknown): value is Plugin {
  if (typeof value !== 'object' || value === null) return false
  return 'orionPlugin' in value && value.orionPlugin === true && 'serve' in value
}

/** Its functions are given nothing but what the schema of its settings has made. */
function generalized(declaration: object): PluginDeclaration {
  return declaration as PluginDeclaration
}

function problemsOf(declaration: PluginDeclaration): string[] {
  const { apiVersion, scopes = {}, recordTypes = [], actions = [], on = [] } = declaration
  if (!pluginApiVersions.some((version) => version === apiVersion)) {
    const known = pluginApiVersions.join(', ')
    return [`apiVersion: expected one of ${known}, got ${String(apiVersion)}`]
  }
  const problems: string[] = []
  for (const scope of Object.keys(scopes)) {
    if (pluginScopes.some((one) => one === scope)) continue
    const known = pluginScopes.join(', ')
    problems.push(`scopes.${scope}: expected one of ${known}; a plugin can’t have more`)
  }
  problems.push(
    ...twice('recordTypes', recordTypes),
    ...twice('actions', actions),
    ...twice('on', on),
  )
  if (problems.length > 0) return problems
  const manifest = manifestOf(declaration)
  if (manifest.ok) return []
  return manifest.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
}

function twice(part: string, named: readonly { readonly name: string }[]): string[] {
  const seen = new Set<string>()
  return named.flatMap(({ name }) => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    return [`${part}: ${name} is there twice`]
  })
}
