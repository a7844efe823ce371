/** Commands that write records. */
import { command, globalFlags } from '../command.ts'
import { proposeChanges, proposeData, proposeOptional } from '../completion/proposals.ts'
import type {
  CreateFlags,
  ImportFlags,
  MoveFlags,
  PurgeFlags,
  RevertFlags,
  TransactFlags,
  UpdateFlags,
} from '../flags.ts'
import { parsePositive } from '../parse-flags.ts'
import {
  dryRunFlag,
  expectedVersionFlag,
  idArgument,
  idempotencyKeyFlag,
  reasonFlag,
  typeArgument,
  writeFlags,
} from './record-arguments.ts'

/** `orion create` */
export const createCommand = command<CreateFlags, [string]>({
  brief: 'Create a record',
  about:
    'Creates a record. An id that exists is a conflict (exit 4), so of two writers one is told.',
  examples: [
    [
      `create OrionInsight --data '{"summary":"the cache is cold on Mondays","domain":"build"}'`,
      'with an id made for it',
    ],
    [
      'create OrionInsight --id build-cache --data @insight.json',
      'with an id of your own, from a file',
    ],
    ['create JobResult --data - --json', 'from the standard input; prints the result as JSON'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...writeFlags,
      data: {
        kind: 'parsed',
        parse: String,
        placeholder: 'JSON|@FILE|-',
        brief: 'The data, as a JSON object',
        proposeCompletions: proposeData,
      },
      id: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'ID',
        brief: 'An id of your own; else a UUIDv7 is made',
      },
    },
    positional: { kind: 'tuple', parameters: [typeArgument] },
  },
  load: async () => (await import('../actions/write-records.ts')).createRecord,
})

/** `orion update` */
export const updateCommand = command<UpdateFlags, [string, string]>({
  brief: 'Change fields of a record',
  about:
    'Changes fields of a record. With --expected-version it does so only if the record still is at that version; without it, it reads the record and writes against what it read. If somebody else was first, exits with 4 and says who changed what. --apply needs no version, because it works on the value that is current.',
  examples: [
    [`update OrionInsight build-cache --set '{"confidenceScore":0.9}'`, 'read, then write'],
    [
      `update OrionInsight build-cache --expected-version 3 --set @changes.json`,
      'only if it is still at version 3',
    ],
    [
      `update OrionPattern p1 --apply '[{"field":"frequencyCount","op":"increment","value":1}]'`,
      'count up, whoever else does',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...writeFlags,
      set: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'JSON|@FILE|-',
        brief: 'Fields with their new values, as a JSON object',
        proposeCompletions: proposeChanges,
      },
      unset: {
        kind: 'parsed',
        parse: String,
        variadic: ',',
        optional: true,
        placeholder: 'FIELD,…',
        brief: 'Fields to remove',
        proposeCompletions: proposeOptional,
      },
      apply: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'JSON|@FILE|-',
        brief: 'Operators [{field, op, value}]; op is increment, append, addToSet or remove',
      },
      expectedVersion: expectedVersionFlag,
      force: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Write whatever the version is; somebody else may lose a change',
      },
    },
    positional: { kind: 'tuple', parameters: [typeArgument, idArgument] },
  },
  load: async () => (await import('../actions/write-records.ts')).updateRecord,
})

const moveParameters = {
  flags: { ...globalFlags, ...writeFlags, expectedVersion: expectedVersionFlag },
  positional: { kind: 'tuple', parameters: [typeArgument, idArgument] },
} as const

/** `orion delete` */
export const deleteCommand = command<MoveFlags, [string, string]>({
  brief: 'Mark a record deleted; it can be restored',
  examples: [
    ['delete OrionInsight build-cache --reason outdated', 'lists leave it out from now on'],
  ],
  parameters: moveParameters,
  load: async () => (await import('../actions/write-records.ts')).deleteRecord,
})

/** `orion archive` */
export const archiveCommand = command<MoveFlags, [string, string]>({
  brief: 'Put a record away; lists leave it out unless asked',
  parameters: moveParameters,
  load: async () => (await import('../actions/write-records.ts')).archiveRecord,
})

/** `orion restore` */
export const restoreCommand = command<MoveFlags, [string, string]>({
  brief: 'Make a deleted or archived record active again',
  parameters: moveParameters,
  load: async () => (await import('../actions/write-records.ts')).restoreRecord,
})

/** `orion purge` */
export const purgeCommand = command<PurgeFlags, [string, string]>({
  brief: 'Remove a record for good, with its history',
  about:
    'Removes a record for good and erases its values everywhere: record, history, log and search. A tombstone keeps its last version. Nothing brings it back, so --yes is needed.',
  examples: [['purge OrionInsight leaked-secret --yes', 'gone, in the log as well']],
  parameters: {
    ...moveParameters,
    flags: {
      ...moveParameters.flags,
      yes: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Yes, remove it for good',
      },
      force: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Also when other records name it: they name nothing then',
      },
    },
  },
  load: async () => (await import('../actions/write-records.ts')).purgeRecord,
})

/** `orion transact` */
export const transactCommand = command<TransactFlags, [string]>({
  brief: 'Several operations at once: all or nothing',
  about:
    'Carries out several operations, over several types, wholly or not at all. Takes a list of operations, or an object {operations, guards}. A guard names a record that was only read and the version it had (null: that there was none).',
  examples: [
    ['transact @operations.json', 'from a file'],
    [
      `transact '[{"op":"create","type":"OrionInsight","data":{"summary":"a","domain":"b"}}]'`,
      'from the command line',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      reason: reasonFlag,
      idempotencyKey: idempotencyKeyFlag,
      dryRun: dryRunFlag,
    },
    positional: {
      kind: 'tuple',
      parameters: [
        { parse: String, placeholder: 'JSON|@FILE|-', brief: 'The operations, as JSON' },
      ],
    },
  },
  load: async () => (await import('../actions/write-records.ts')).transact,
})

/** `orion import` */
export const importCommand = command<ImportFlags, [string, string]>({
  brief: 'Create many records from a file of JSON lines',
  about:
    'Creates a record for each line of a file: a line is its data, or {id, data}, as `orion list --json` shows it. Lines are written in transactions of 250, each of which stands or falls by itself: if a line is refused, it is named, those of the transactions before it stand, and nothing further is sent.',
  examples: [
    ['import OrionInsight @insights.jsonl', 'from a file, with a progress bar on a terminal'],
    ['import OrionInsight - --json', 'from the standard input'],
    ['import OrionInsight @insights.jsonl --dry-run', 'checks every line, keeps nothing'],
  ],
  parameters: {
    flags: { ...globalFlags, reason: reasonFlag, dryRun: dryRunFlag },
    positional: {
      kind: 'tuple',
      parameters: [
        typeArgument,
        { parse: String, placeholder: '@FILE|-', brief: 'A file of JSON lines, or - for stdin' },
      ],
    },
  },
  load: async () => (await import('../actions/import-records.ts')).importRecords,
})

/** `orion revert` */
export const revertCommand = command<RevertFlags, [string, string, number]>({
  brief: 'Give a record the values of an old version again',
  about:
    'Gives a record the values that it had in an old version, as a new version: nothing of what was between is lost. Managed fields stay as they are. Exits with 4 if somebody changes the record meanwhile.',
  examples: [
    ['revert OrionInsight build-cache 3', 'as it was in version 3'],
    ['revert OrionInsight build-cache 3 --dry-run --json', 'what that would do'],
  ],
  parameters: {
    flags: { ...globalFlags, ...writeFlags, expectedVersion: expectedVersionFlag },
    positional: {
      kind: 'tuple',
      parameters: [
        typeArgument,
        idArgument,
        {
          parse: parsePositive,
          placeholder: 'VERSION',
          brief: 'The version whose values are taken',
        },
      ],
    },
  },
  load: async () => (await import('../actions/write-records.ts')).revertRecord,
})
