/** Commands for those who write plugins. */
import { command, globalFlags } from '../command.ts'
import type { CreatePluginFlags } from '../flags.ts'

/** `orion plugin create` */
export const createPluginCommand = command<CreatePluginFlags, [string]>({
  brief: 'Write the beginning of a plugin, with its test',
  about:
    'Makes a directory with a plugin in TypeScript that has one part of each kind, its test and a README. Nothing of it runs until you run its test, or add it to a store.',
  examples: [['plugin create release-notes', 'a plugin in ./release-notes']],
  parameters: {
    flags: {
      ...globalFlags,
      directory: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'DIR',
        brief: 'Where it is to lie; by default in a directory of its name',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, placeholder: 'NAME', brief: 'Small letters, digits and dashes' },
      ],
    },
  },
  load: async () => (await import('../actions/create-plugin.ts')).createPlugin,
})
