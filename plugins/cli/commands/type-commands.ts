/** Commands about record types. */
import { command, globalFlags } from '../command.ts'
import { proposeTypes } from '../completion/proposals.ts'
import type { GlobalFlags } from '../context.ts'
import type { GenerateTypesFlags, ListTypesFlags, MigrateTypesFlags } from '../flags.ts'
import { parseWhole } from '../parse-flags.ts'
import { typeArgument } from './record-arguments.ts'

const moduleFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'FILE',
  brief: 'A JavaScript module that exports the types; else those that come with Orion',
} as const

/** `orion types` */
export const listTypesCommand = command<ListTypesFlags>({
  brief: 'List the record types, with how many records each has',
  about:
    'Lists the record types of the store. With --check it holds the types that a module declares against the store, says what differs, and ends with 1 if they can not live together as they are.',
  examples: [
    ['types', 'the types of the store'],
    ['types --check --module dist/record-types.js', 'whether a program fits the store'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      check: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Hold declared types against the store',
      },
      module: moduleFlag,
    },
  },
  load: async () => (await import('../actions/read-types.ts')).listTypes,
})

/** `orion types migrate` */
export const migrateTypesCommand = command<MigrateTypesFlags>({
  brief: 'Run the migrations that the store lacks, or go back',
  about:
    'Runs the migrations that a module declares with its record types and the store has not gone through. Others go on reading and writing meanwhile. A backup is made before. With --dry-run it says what would happen, with the first records that change and those that do not fit.',
  examples: [
    ['types migrate --module dist/record-types.js --dry-run', 'what would happen'],
    ['types migrate --module dist/record-types.js', 'all that are pending'],
    [
      'types migrate --module dist/record-types.js --types Note --down',
      'undo the last one of Note',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      module: moduleFlag,
      types: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        placeholder: 'TYPE,…',
        brief: 'Only these',
        proposeCompletions: proposeTypes,
      },
      dryRun: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Say what would happen, and change nothing',
      },
      down: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Undo the last migration of one type',
      },
      to: {
        kind: 'parsed',
        parse: parseWhole,
        optional: true,
        placeholder: 'N',
        brief: 'How many migrations the type is to have behind it',
      },
      backup: { kind: 'boolean', default: true, brief: 'Make a backup first' },
    },
  },
  load: async () => (await import('../actions/migrate-types.ts')).migrateTypes,
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
        proposeCompletions: proposeTypes,
      },
    },
  },
  load: async () => (await import('../actions/read-types.ts')).generateTypes,
})
