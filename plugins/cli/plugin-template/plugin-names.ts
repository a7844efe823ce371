/** The names that a plugin's name leads to. */

/** What a new plugin calls its parts. */
export interface PluginNames {
  /** Small letters, digits and dashes: `release-notes`. */
  readonly plugin: string
  /** How the names of its record types begin: `ReleaseNotes`. */
  readonly types: string
  /** How the names of its actions begin: `release_notes`. */
  readonly actions: string
}

/** The form of a plugin's name. */
export const pluginNameForm = /^[a-z][a-z0-9-]{0,62}$/

/** The names of a plugin's parts, or undefined for what is no name of a plugin. */
export function pluginNames(plugin: string): PluginNames | undefined {
  if (!pluginNameForm.test(plugin)) return undefined
  const words = plugin.split('-').filter((word) => word !== '')
  const types = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return { plugin, types: types.slice(0, typeNameMaxLength), actions: plugin.replaceAll('-', '_') }
}

/** Names of record types have 64 characters at most, and each gets a word more. */
const typeNameMaxLength = 50
