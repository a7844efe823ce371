/** Commands for those who write plugins. */
import { command, globalFlags } from '../command.ts'
import type { CreatePluginFlags, DevelopPluginFlags } from '../flags.ts'

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

/** `orion plugin dev` */
export const developPluginCommand = command<DevelopPluginFlags, [string?]>({
  brief: 'Run a plugin while you write it',
  about:
    'Runs a plugin and starts it anew after each change of its files, with its log on the terminal. You are shown what it asks for before its first start, and when that changes. At the end it is taken out of the store again, unless it was in it before.',
  examples: [
    ['plugin dev --throwaway', 'the plugin in this directory, in a store that is thrown away'],
    ['plugin dev ./release-notes', 'in the store of this repository'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      throwaway: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'In a store of its own that is gone afterwards',
      },
      yes: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Let it do what it asks for, without a question',
      },
      set: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'KEY=VALUE',
        brief: 'A setting of the plugin; may be repeated. Others that it has stay',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          placeholder: 'PATH',
          brief: 'Where it lies; by default here',
          optional: true,
        },
      ],
    },
  },
  load: async () => (await import('../actions/develop-plugin.ts')).developPlugin,
})
