/** Commands about record types. */
import { command, globalFlags } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import type { GenerateTypesFlags } from '../flags.ts'
import { typeArgument } from './record-arguments.ts'

/** `orion types` */
export const listTypesCommand = command<GlobalFlags>({
  brief: 'List the record types, with how many records each has',
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/read-types.ts')).listTypes,
})

/** `orion types show` */
export const showTypeCommand = command<GlobalFlags, [string]>({
  brief: 'Show the fields of a record type',
  examples: [['types show OrionInsight', 'its fields, and what they take']],
  parameters: {
    flags: globalFlags,
    positional: { kind: 'tuple', parameters: [typeArgument] },
  },
  load: async () => (await import('../actions/read-types.ts')).showType,
})

/** `orion types generate` */
export const generateTypesCommand = command<GenerateTypesFlags>({
  brief: 'Write record types as a TypeScript module',
  about:
    'Writes record types of the store as a TypeScript module that declares them with the SDK: for programs that use types which others have defined. A file that is there is replaced if it was made by this command.',
  examples: [
    ['types generate --out src/record-types.ts', 'all of them'],
    ['types generate --types OrionInsight,Note', 'two of them, to the standard output'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      out: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'FILE',
        brief: 'Where to write it; else the standard output',
      },
      types: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        placeholder: 'TYPE,…',
        brief: 'Only these',
      },
    },
  },
  load: async () => (await import('../actions/read-types.ts')).generateTypes,
})
