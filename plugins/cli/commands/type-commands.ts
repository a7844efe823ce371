/** Commands about record types. */
import { command, globalFlags } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
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
