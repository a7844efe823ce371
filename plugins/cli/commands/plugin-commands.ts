/** Commands for the plugins of a store. */
import { command, globalFlags } from '../command.ts'
import { proposePlugins } from '../completion/proposals.ts'
import type { GlobalFlags } from '../context.ts'
import type { AddPluginFlags, DisablePluginFlags, PluginLogFlags } from '../flags.ts'
import { parsePositive } from '../parse-flags.ts'

const text = (placeholder: string, brief: string) =>
  ({ kind: 'parsed', parse: String, optional: true, placeholder, brief }) as const
const pluginName = {
  kind: 'tuple',
  parameters: [
    {
      parse: String,
      placeholder: 'NAME',
      brief: 'The name of the plugin',
      proposeCompletions: proposePlugins,
    },
  ],
} as const

/** `orion plugin add` */
export const addPluginCommand = command<AddPluginFlags, [string]>({
  brief: 'Let a plugin run in this store, after you have seen what it may do',
  about:
    'Tells in plain words what the plugin asks for, and asks on the terminal; also when its code has changed, or to give it other settings. Without a terminal it needs --digest, which names exactly what a person has seen. A plugin is a program that runs as you: what it is granted bounds what it does in the store, no more.',
  examples: [
    ['plugin add ./release-notes', 'a plugin in a directory'],
    ['plugin add orion-release-notes --set days=7', 'an installed package, with a setting'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      set: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'KEY=VALUE',
        brief: 'A setting of the plugin; may be repeated. Others that it has stay',
      },
      digest: text('DIGEST', 'The digest of what was seen; no question is asked'),
      keyFile: text('PATH', 'The approver’s key file, where one is needed'),
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, placeholder: 'PATH|PACKAGE', brief: 'Where it lies, or its package' },
      ],
    },
  },
  load: async () => (await import('../actions/plugins.ts')).addPlugin,
})

/** `orion plugin list` */
export const listPluginsCommand = command<GlobalFlags>({
  brief: 'The plugins of the store, how they are, and why one does not run',
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/plugins.ts')).listPlugins,
})

/** `orion plugin logs` */
export const pluginLogsCommand = command<PluginLogFlags, [string]>({
  brief: 'The end of what a plugin has printed',
  parameters: {
    flags: {
      ...globalFlags,
      bytes: {
        kind: 'parsed',
        parse: parsePositive,
        optional: true,
        placeholder: 'N',
        brief: 'At most so many bytes of its end; 64 KiB by default',
      },
    },
    positional: pluginName,
  },
  load: async () => (await import('../actions/plugins.ts')).pluginLogs,
})

/** `orion plugin enable` */
export const enablePluginCommand = command<GlobalFlags, [string]>({
  brief: 'Start a plugin again that was disabled, failed or crashed too often',
  parameters: { flags: globalFlags, positional: pluginName },
  load: async () => (await import('../actions/plugins.ts')).enablePlugin,
})

/** `orion plugin disable` */
export const disablePluginCommand = command<DisablePluginFlags, [string]>({
  brief: 'Stop a plugin; its hooks stand before nothing until it is enabled',
  parameters: {
    flags: { ...globalFlags, reason: text('TEXT', 'Why; it is shown in list and status') },
    positional: pluginName,
  },
  load: async () => (await import('../actions/plugins.ts')).disablePlugin,
})

/** `orion plugin remove` */
export const removePluginCommand = command<GlobalFlags, [string]>({
  brief: 'Stop a plugin and forget what it was granted; its records stay',
  parameters: { flags: globalFlags, positional: pluginName },
  load: async () => (await import('../actions/plugins.ts')).removePlugin,
})
