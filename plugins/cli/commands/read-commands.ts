/** Commands that read records. */
import { command, globalFlags } from '../command.ts'
import { proposeFields, proposeReferences, proposeTypes } from '../completion/proposals.ts'
import type { GlobalFlags } from '../context.ts'
import type {
  CountFlags,
  ExplainFlags,
  GetFlags,
  HistoryFlags,
  ListFlags,
  ReferrersFlags,
  SearchFlags,
} from '../flags.ts'
import { parsePositive } from '../parse-flags.ts'
import {
  afterFlag,
  expandFlag,
  idArgument,
  lifecycleFlag,
  limitFlag,
  listFlags,
  typeArgument,
  whereFlag,
} from './record-arguments.ts'

/** `orion get` */
export const getCommand = command<GetFlags, [string, string]>({
  brief: 'Show one record',
  about:
    'Shows one record, deleted ones included, or an old version of it. Exits with 3 if there is none.',
  examples: [
    ['get OrionInsight 0199f3c2-7d1e-7000-8000-000000000001', 'the record as it is now'],
    ['get OrionInsight build-cache --version 2 --json', 'version 2 of it, as JSON'],
    ['get OrionInsight build-cache --expand supports', 'with the insights that it supports'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      version: {
        kind: 'parsed',
        parse: parsePositive,
        optional: true,
        placeholder: 'N',
        brief: 'An old version',
      },
      expand: expandFlag,
    },
    positional: { kind: 'tuple', parameters: [typeArgument, idArgument] },
  },
  load: async () => (await import('../actions/read-records.ts')).getRecord,
})

/** `orion list` */
export const listCommand = command<ListFlags, [string]>({
  brief: 'List the records of a type',
  about:
    'Lists the records of a type that fit a filter, a page at a time. Tables show the columns that matter; --json prints {records, next, token}.',
  examples: [
    ['list OrionInsight', 'the insights, a page of 50'],
    [
      `list OrionInsight --where '{"domain":"build"}' --order confidenceScore:desc --limit 10`,
      'the ten surest of a domain',
    ],
    [
      `list JobResult --where '{"status":{"in":["FAILURE","BLOCKED"]}}' --order createdAt:desc`,
      'what went wrong, newest first',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...listFlags,
      fields: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        placeholder: 'FIELD,…',
        brief: 'Only these fields of the data',
        proposeCompletions: proposeFields,
      },
      expand: expandFlag,
    },
    positional: { kind: 'tuple', parameters: [typeArgument] },
  },
  load: async () => (await import('../actions/read-records.ts')).listRecords,
})

/** `orion explain` */
export const explainCommand = command<ExplainFlags, [string]>({
  brief: 'Show how a list is answered, and what would make it cheaper',
  about:
    'Shows through which index a list goes, which conditions each row is looked at for, how many rows are read for one page, and which index to declare. Nothing is changed.',
  examples: [
    [`explain OrionInsight --where '{"domain":"build"}'`, 'how this filter is served'],
    [
      'explain OrionInsight --order confidenceScore:desc --verbose',
      'how this order is, with the plan of SQLite',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...listFlags,
      verbose: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Also the plan in the words of SQLite',
      },
    },
    positional: { kind: 'tuple', parameters: [typeArgument] },
  },
  load: async () => (await import('../actions/explain-list.ts')).explainList,
})

/** `orion search` */
export const searchCommand = command<SearchFlags, string[]>({
  brief: 'Find records by their words',
  about:
    'Finds records of one or many types by their words, the best first. Words are all looked for; OR between two makes one enough, - before a word leaves out what has it, quotes hold a phrase together, * stands for any ending. A query that begins with - goes behind --.',
  examples: [
    ['search cold cache', 'both words, in every type that is searched'],
    [`search '"cold cache" OR daem*' --type OrionInsight`, 'a phrase or the beginning of a word'],
    [`search timeout --where '{"domain":"build"}' --json`, 'with a filter, as JSON'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      type: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        placeholder: 'TYPE',
        brief: 'Only this record type; may be given more than once',
        proposeCompletions: proposeTypes,
      },
      where: whereFlag,
      limit: limitFlag,
      after: afterFlag,
      lifecycle: lifecycleFlag,
    },
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: { parse: String, placeholder: 'QUERY', brief: 'What to look for' },
    },
  },
  load: async () => (await import('../actions/search-records.ts')).searchRecords,
})

/** `orion count` */
export const countCommand = command<CountFlags, [string]>({
  brief: 'Count the records of a type',
  examples: [
    ['count OrionInsight', 'how many there are'],
    ['count JobResult --group-by status', 'how many of each outcome'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      where: whereFlag,
      groupBy: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'FIELD',
        brief: 'Also by the values of this field',
        proposeCompletions: proposeFields,
      },
      lifecycle: lifecycleFlag,
    },
    positional: { kind: 'tuple', parameters: [typeArgument] },
  },
  load: async () => (await import('../actions/read-records.ts')).countRecords,
})

/** `orion referrers` */
export const referrersCommand = command<ReferrersFlags, [string, string]>({
  brief: 'Show which records name a record',
  about:
    'Shows the records that name one by a reference, of all types or of one. A record that names it by two fields is there twice.',
  examples: [
    ['referrers OrionInsight build-cache', 'who names it'],
    ['referrers OrionInsight build-cache --field contradicts', 'what speaks against it'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      from: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'TYPE',
        brief: 'Only records of this type',
        proposeCompletions: proposeTypes,
      },
      field: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'FIELD',
        brief: 'Only those that name it by this field',
        proposeCompletions: proposeReferences,
      },
      limit: limitFlag,
      after: afterFlag,
      lifecycle: lifecycleFlag,
    },
    positional: { kind: 'tuple', parameters: [typeArgument, idArgument] },
  },
  load: async () => (await import('../actions/references.ts')).showReferrers,
})

/** `orion history` */
export const historyCommand = command<HistoryFlags, [string, string]>({
  brief: 'Show the versions of a record, newest first',
  about: 'Shows the versions of a record, newest first: who changed what, when, and why.',
  examples: [['history OrionInsight build-cache', 'its life, newest first']],
  parameters: {
    flags: { ...globalFlags, limit: limitFlag, after: afterFlag },
    positional: { kind: 'tuple', parameters: [typeArgument, idArgument] },
  },
  load: async () => (await import('../actions/read-records.ts')).showHistory,
})

/** `orion diff` */
export const diffCommand = command<GlobalFlags, [string, string, number?, number?]>({
  brief: 'Show what differs between two versions of a record',
  about:
    'Shows what differs between two versions of a record: without versions, what the last change did; with one, what changed since then.',
  examples: [
    ['diff OrionInsight build-cache', 'what the last change did'],
    ['diff OrionInsight build-cache 3', 'what is different now from version 3'],
    ['diff OrionInsight build-cache 3 5 --json', 'between two versions, as JSON'],
  ],
  parameters: {
    flags: globalFlags,
    positional: {
      kind: 'tuple',
      parameters: [typeArgument, idArgument, versionArgument('FROM'), versionArgument('TO')],
    },
  },
  load: async () => (await import('../actions/past-records.ts')).showDifference,
})

/** `orion blame` */
export const blameCommand = command<GlobalFlags, [string, string]>({
  brief: 'Show who set each field of a record last',
  about:
    'Shows for each field of a record who gave it its present value: in which version, when, through which client, and why.',
  examples: [['blame OrionInsight build-cache', 'where each value comes from']],
  parameters: {
    flags: globalFlags,
    positional: { kind: 'tuple', parameters: [typeArgument, idArgument] },
  },
  load: async () => (await import('../actions/past-records.ts')).showBlame,
})

function versionArgument(placeholder: string) {
  return {
    parse: parsePositive,
    optional: true,
    placeholder,
    brief: placeholder === 'FROM' ? 'The version to begin at' : 'The version to end at',
  } as const
}
