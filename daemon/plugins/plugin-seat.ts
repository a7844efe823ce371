/** Where a plugin's connection meets the host: what the session hands on, and what it may be asked for. */
import type { z } from 'zod'
import type { JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import type { PluginManifest, ReadForAction } from '../../sdk/protocol/plugin-messages.ts'
import type { Scope } from '../../sdk/protocol/schemas.ts'

/** What each scope holds for; one that is not held is not in it. */
export type PluginGrants = ReadonlyMap<Scope, 'all' | ReadonlySet<string>>

/** The place of one connection of a plugin. */
export interface PluginSeat {
  /** What its connection may do: never what it says itself. */
  readonly principal: string
  readonly grants: PluginGrants
  /** @throws OrionError when the plugin is not what was granted, or can't be taken. */
  register(
    manifest: PluginManifest,
    peer: PluginPeer,
  ): Promise<{ settings: JsonObject; hookMaxMs: number }>
  /** It serves, or says why it can't. */
  ready(problem: string | undefined): void
  /** Reads for an action under way. */
  read(params: z.output<typeof ReadForAction.params>): Promise<readonly Record[]>
  /** How the hooks end that it is being asked about now; undefined when there are none. */
  readonly hooksOutcome: Promise<'answered' | 'late'> | undefined
  /** Whether an event may cause another one. @throws OrionError when a chain of them has got too long. */
  assertMayFollow(cause: string): void
}

/** The connection of a plugin, as far as the host asks it. */
export interface PluginPeer {
  /** Sends a request; the answer is as it came. Rejects with what `classifyFailure` understands. */
  ask(definition: RequestDefinition, params: object, signal: AbortSignal): Promise<unknown>
  close(): void
}

/** The scopes that a manifest comes to: those it asks for, and all that its own record types need. */
export function grantsOf({ scopes, recordTypes }: PluginManifest): PluginGrants {
  const own = recordTypes.map(({ name }) => name)
  const grants = new Map<Scope, 'all' | Set<string>>()
  for (const [scope, types] of entriesOf(scopes)) {
    grants.set(scope, types === 'all' ? 'all' : new Set(types))
  }
  for (const scope of ownScopes) {
    const types = grants.get(scope)
    if (types === 'all' || own.length === 0) continue
    grants.set(scope, new Set([...(types ?? []), ...own]))
  }
  return grants
}

const ownScopes: readonly Scope[] = ['read', 'write', 'propose', 'define']

function entriesOf(
  scopes: PluginManifest['scopes'],
): readonly (readonly [Scope, 'all' | readonly string[]])[] {
  const { read, write, propose, publish } = scopes
  const all = [
    ['read', read],
    ['write', write],
    ['propose', propose],
    ['publish', publish],
  ] as const
  return all.flatMap(([scope, types]) => (types === undefined ? [] : [[scope, types] as const]))
}
