/** Plugins inside the daemon's own process: for tests, which want neither processes nor grants. */
import { messageOf } from '../../sdk/launch/launch-error.ts'
import type { Plugin } from '../../sdk/plugin/define-plugin.ts'
import { manifestOf } from '../../sdk/plugin/manifest.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { GrantedPlugin } from './plugin-grants.ts'
import type { LocalPlugin } from './plugin-host-parts.ts'
import type { PluginLife, ProcessEnd } from './plugin-process.ts'

/** What such a plugin may do: what it asks for. */
export function localGrant(
  { plugin: { name, declaration }, settings = {} }: LocalPlugin,
  grantedAt: string,
): GrantedPlugin {
  const told = manifestOf(declaration)
  if (!told.ok) throw new TypeError(`plugin ${name}: ${told.issues[0]?.message}`)
  const { manifest } = told
  return { name, entry: 'this process', codeDigest: '', manifest, settings, grantedAt }
}

/** Serves it on a memory pair; ending its connection ends it. */
export function runLocally(plugin: Plugin): PluginLife {
  const [transport, client] = memoryPair()
  const served = plugin.serve(client)
  const ended = served.then(
    (): ProcessEnd => ({ how: 'ended', isUnusable: false }),
    (error: unknown): ProcessEnd => ({ how: `failed: ${messageOf(error)}`, isUnusable: true }),
  )
  return {
    transport,
    stderr: undefined,
    ended,
    pid: process.pid,
    memoryBytes: () => undefined,
    kill: () => void client.close(),
  }
}
