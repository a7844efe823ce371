/** What a plugin brings and somebody else has already. */
import { type PluginManifest, pluginApiVersions } from '../../sdk/protocol/plugin-messages.ts'

/** What there is beside a plugin. */
export interface Neighbours {
  /** Names of actions and record types that are the daemon's own. */
  readonly ownActions: readonly string[]
  readonly ownTypes: readonly string[]
  /** All plugins, also an earlier form of the same. */
  readonly others: readonly PluginManifest[]
}

/** What is wrong, in words; empty when the plugin can stand beside the others. */
export function clashesOf(manifest: PluginManifest, neighbours: Neighbours): string[] {
  const { name, apiVersion, recordTypes, actions } = manifest
  const { ownActions, ownTypes } = neighbours
  const others = neighbours.others.filter((other) => other.name !== name)
  const problems: string[] = []
  if (!pluginApiVersions.some((version) => version === apiVersion)) {
    problems.push(`expected apiVersion ${pluginApiVersions.join(' or ')}, got ${apiVersion}`)
  }
  for (const type of recordTypes) {
    const owner = others.find((other) => has(other.recordTypes, type.name))
    if (ownTypes.includes(type.name)) problems.push(`record type ${type.name} is Orion’s own`)
    else if (owner) problems.push(`record type ${type.name} belongs to plugin ${owner.name}`)
  }
  for (const action of actions) {
    const owner = others.find((other) => has(other.actions, action.name))
    if (ownActions.includes(action.name)) problems.push(`action ${action.name} is Orion’s own`)
    else if (owner) problems.push(`action ${action.name} belongs to plugin ${owner.name}`)
  }
  return problems
}

function has(named: readonly { readonly name: string }[], name: string): boolean {
  return named.some((one) => one.name === name)
}
