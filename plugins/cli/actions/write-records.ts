/** What the commands that write records do. */
import type { z } from 'zod'
import type { Client } from '../../../sdk/client/client.ts'
import { changesBackTo } from '../../../sdk/data-difference.ts'
import { isJsonObject, type Json } from '../../../sdk/json.ts'
import type { WriteResult } from '../../../sdk/model.ts'
import * as records from '../../../sdk/protocol/records.ts'
import { GetType } from '../../../sdk/protocol/types.ts'
import type { Action } from '../command.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { defined, unlessEmpty } from '../defined.ts'
import type {
  CreateFlags,
  MoveFlags,
  PurgeFlags,
  RevertFlags,
  TransactFlags,
  UpdateFlags,
  WriteFlags,
} from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { readObject, readValue } from '../read-argument.ts'
import { withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion create` */
export const createRecord: Action<CreateFlags, [string]> = async (cli, flags, type) => {
  const data = await readObject(cli, '--data', flags.data)
  const params = { ...writeOptions(flags), type, data, ...defined({ id: flags.id }) }
  return await write(cli, flags, (client) => client.request(records.CreateRecord, params))
}

/** `orion update` */
export const updateRecord: Action<UpdateFlags, [string, string]> = async (cli, flags, type, id) => {
  const changes = await readChanges(cli, flags)
  const onlyApply = changes.set === undefined && changes.unset === undefined
  return await write(cli, flags, async (client) => {
    const based =
      flags.force || onlyApply
        ? defined({ expectedVersion: flags.expectedVersion, force: flags.force || undefined })
        : { expectedVersion: await baseVersion(client, { type, id, flags }) }
    const params = { ...writeOptions(flags), type, id, ...changes, ...based }
    return await client.request(records.UpdateRecord, params)
  })
}

/** `orion delete` */
export const deleteRecord: Action<MoveFlags, [string, string]> = (cli, flags, type, id) =>
  move(cli, flags, { definition: records.DeleteRecord, type, id })

/** `orion archive` */
export const archiveRecord: Action<MoveFlags, [string, string]> = (cli, flags, type, id) =>
  move(cli, flags, { definition: records.ArchiveRecord, type, id })

/** `orion restore` */
export const restoreRecord: Action<MoveFlags, [string, string]> = (cli, flags, type, id) =>
  move(cli, flags, { definition: records.RestoreRecord, type, id })

/** `orion purge` */
export const purgeRecord: Action<PurgeFlags, [string, string]> = async (cli, flags, type, id) => {
  if (!flags.yes) {
    throw new UsageError(`purge removes ${type} ${id} for good, with its history`, {
      remedy: 'add --yes if that is what you want; `orion delete` can be undone',
    })
  }
  const { force } = flags
  return await move(cli, flags, { definition: records.PurgeRecord, type, id, force })
}

/** `orion revert` */
export const revertRecord: Action<RevertFlags, [string, string, number]> = async (
  cli,
  flags,
  type,
  id,
  version,
) =>
  await write(cli, flags, async (client) => {
    const present = await client.request(records.GetRecord, { type, id })
    const old = await client.request(records.GetRecord, { type, id, version })
    const { fields } = await client.request(GetType, { type })
    return await client.request(records.UpdateRecord, {
      ...writeOptions({ ...flags, reason: flags.reason ?? `back to version ${version}` }),
      type,
      id,
      expectedVersion: flags.expectedVersion ?? present.version,
      ...changesBackTo({ present, old }, (name) => isManaged(fields[name])),
    })
  })

/** `orion transact` */
export const transact: Action<TransactFlags, [string]> = async (cli, flags, source) => {
  const work = parseWork(await readValue(cli, 'operations', source))
  const value = await withClient(cli, flags, (client) =>
    client.request(records.Transact, { ...writeOptions(flags), ...work }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => {
      const { transactText } = await import('../present/written.ts')
      return transactText(value, { ...styleOf(cli), dryRun: flags.dryRun })
    },
  })
  return 0
}

function isManaged(field: Json | undefined): boolean {
  return field !== undefined && isJsonObject(field) && field.managed === true
}

type MoveDefinition =
  | typeof records.DeleteRecord
  | typeof records.ArchiveRecord
  | typeof records.RestoreRecord
  | typeof records.PurgeRecord

interface Move {
  readonly definition: MoveDefinition
  readonly type: string
  readonly id: string
  readonly force?: boolean
}

async function move(
  cli: Cli,
  flags: MoveFlags,
  { definition, type, id, force = false }: Move,
): Promise<number> {
  return await write(cli, flags, async (client) => {
    const expectedVersion = await baseVersion(client, { type, id, flags })
    const what = { type, id, expectedVersion, ...(force ? { force } : {}) }
    return await client.request(definition, { ...writeOptions(flags), ...what })
  })
}

/** The version that a write is based on: the one that was named, else that of the record as it is read now. */
async function baseVersion(
  client: Client,
  { type, id, flags }: { type: string; id: string; flags: { readonly expectedVersion?: number } },
): Promise<number> {
  if (flags.expectedVersion !== undefined) return flags.expectedVersion
  return (await client.request(records.GetRecord, { type, id })).version
}

async function write(
  cli: Cli,
  flags: GlobalFlags & WriteFlags,
  request: (client: Client) => Promise<WriteResult>,
): Promise<number> {
  const value = await withClient(cli, flags, request)
  await printResult(cli, flags, {
    value,
    people: async () => {
      const { writtenText } = await import('../present/written.ts')
      return writtenText(value, { ...styleOf(cli), dryRun: flags.dryRun })
    },
  })
  return 0
}

function writeOptions({ reason, idempotencyKey, dryRun }: WriteFlags) {
  const dry = dryRun ? (true as const) : undefined
  return { return: 'record' as const, ...defined({ reason, idempotencyKey, dryRun: dry }) }
}

async function readChanges(cli: Cli, flags: UpdateFlags) {
  const set = flags.set === undefined ? undefined : await readObject(cli, '--set', flags.set)
  const apply =
    flags.apply === undefined
      ? undefined
      : parseShape(
          '--apply',
          records.applyOperator.array(),
          await readValue(cli, '--apply', flags.apply),
        )
  const unset = unlessEmpty(flags.unset)
  if (set === undefined && apply === undefined && unset === undefined) {
    throw new UsageError('an update needs --set, --unset or --apply', {
      remedy: `for example: orion update TYPE ID --set '{"field": "value"}'`,
    })
  }
  return defined({ set, unset, apply })
}

type Work = Pick<z.input<typeof records.Transact.params>, 'operations' | 'guards'>

/** A bare list is a list of operations. */
function parseWork(value: Json): Work {
  const { operations, guards } = records.Transact.params.shape
  const parts = isJsonObject(value) ? value : { operations: value }
  const known = parseShape('operations', operations, parts.operations)
  if (parts.guards === undefined) return { operations: known }
  return { operations: known, guards: parseShape('guards', guards, parts.guards) ?? [] }
}

/** @throws UsageError naming the argument and the first thing that is wrong with it. */
function parseShape<S extends z.ZodType>(name: string, schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = [name, ...(issue?.path ?? [])].join('.')
  throw new UsageError(`${path}: ${issue?.message ?? 'has the wrong shape'}`)
}
