/** Commands that bring the earlier system's data over. */
import { command, globalFlags } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import type { ListQuarantineFlags, MigrateFlags, RetryQuarantineFlags } from '../flags.ts'
import { parsePositive } from '../parse-flags.ts'

const flag = { kind: 'boolean', default: false, withNegated: false } as const
const text = { kind: 'parsed', parse: String, optional: true } as const

/** `orion migrate legacy` */
export const migrateLegacyCommand = command<MigrateFlags>({
  brief: "Bring the earlier system's data over, and prove it",
  about: `Reads a file of the earlier system (ObjectManager, typed tables, or both) and brings every row over: as a record, as a
record after a repair that is named, as a LegacyObject if its type is unknown here, or into quarantine with the reason and
its bytes. Then it reads everything back and compares. The file is opened read-only and stays as it is. A run that was
killed, or a file that has changed since, is no trouble: run it again.

EXIT CODES
  0 every row is accounted for (of a dry run: it came to its end)    1 failed, such as a full disk; run it again
  2 the input can't be used; nothing was changed                     5 the token has no admin scope
  6 no daemon                                                        8 not verified: see the report`,
  examples: [
    ['migrate legacy --from data/ontology.db --dry-run', 'what would happen; nothing is written'],
    ['migrate legacy --from data/ontology.db --report report.html', 'bring over and verify'],
    ['migrate legacy --from data/ontology.db --verify', 'verify again what was brought over'],
    [
      'migrate legacy --from data/ontology.db --cleanup',
      'copy the file, then delete from it what is proven to be here',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      from: { ...text, placeholder: 'FILE', brief: 'The SQLite file of the earlier system' },
      legacyDb: { ...text, placeholder: 'FILE', brief: 'The same, by its old name' },
      dryRun: { ...flag, brief: 'Only tell what would happen' },
      verify: {
        ...flag,
        brief: 'Only compare; if nothing was brought over yet, bring it over first',
      },
      cleanup: {
        ...flag,
        brief:
          'Delete from the file what the last verification proved (with --types: only those), after a copy',
      },
      batchSize: {
        kind: 'parsed',
        parse: parsePositive,
        optional: true,
        placeholder: 'N',
        brief: 'Rows that are read and written at a time, up to 500 (default 400)',
      },
      zone: {
        ...text,
        placeholder: 'ZONE',
        brief: 'Zone of instants that name none, where the row does not prove one (default UTC)',
      },
      types: {
        ...text,
        placeholder: 'A,B',
        brief: 'Only rows of these types of the earlier system',
      },
      report: {
        ...text,
        placeholder: 'FILE',
        brief: 'Also write the report: .html, .json, else text',
      },
    },
  },
  load: async () => (await import('../actions/migrate.ts')).migrateLegacy,
})

/** `orion migrate quarantine list` */
export const listQuarantineCommand = command<ListQuarantineFlags>({
  brief: 'List the rows that were kept aside, with the reason',
  parameters: {
    flags: {
      ...globalFlags,
      limit: {
        kind: 'parsed',
        parse: parsePositive,
        default: '50',
        placeholder: 'N',
        brief: 'Most rows that are listed',
      },
      reason: {
        ...text,
        placeholder: 'REASON',
        brief: 'Only those with this reason, such as not_json',
      },
      after: { ...text, placeholder: 'CURSOR', brief: 'Go on after the last list' },
    },
  },
  load: async () => (await import('../actions/migrate.ts')).listQuarantine,
})

/** `orion migrate quarantine show` */
export const showQuarantinedCommand = command<GlobalFlags, [string]>({
  brief: 'Show a row that was kept aside, cell by cell',
  parameters: {
    flags: globalFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'ID', brief: 'Its id, as the list shows it' }],
    },
  },
  load: async () => (await import('../actions/migrate.ts')).showQuarantined,
})

/** `orion migrate quarantine retry` */
export const retryQuarantinedCommand = command<RetryQuarantineFlags, string[]>({
  brief: 'Try rows again that were kept aside',
  about: `Tries them again with the present rules: after an update of Orion, with a zone, or when an id is free again.

EXIT CODES
  0 all of them were brought over    3 there is no such row    8 some of them still do not fit`,
  parameters: {
    flags: {
      ...globalFlags,
      all: { ...flag, brief: 'All of them' },
      zone: { ...text, placeholder: 'ZONE', brief: 'Zone of instants that name none' },
    },
    positional: {
      kind: 'array',
      parameter: { parse: String, placeholder: 'ID', brief: 'Their ids, as the list shows them' },
    },
  },
  load: async () => (await import('../actions/migrate.ts')).retryQuarantined,
})
