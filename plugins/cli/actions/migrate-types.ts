/** What `orion types migrate` and `orion types --check` do. */
import type { Client } from '../../../sdk/client/client.ts'
import type {
  MigratedType,
  MigrateOptions,
  MigrationResult,
  TypeCheck,
} from '../../../sdk/client/type-migrator.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import { GetType } from '../../../sdk/protocol/types.ts'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import type { ListTypesFlags, MigrateTypesFlags } from '../flags.ts'
import { loadTypes } from '../load-module.ts'
import { printResult, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion types --check` */
export const checkTypes: Action<ListTypesFlags, []> = async (cli, flags) => {
  const types = await typesOf(cli, flags.module)
  const checks = await withClient(cli, flags, async (client) =>
    (
      await Promise.all(
        types.map(async ({ name, definition, migrations = [] }) =>
          definition === undefined
            ? await checkRemoved(client, name)
            : await client.checkTypes([{ name, definition, fields: {}, migrations }]),
        ),
      )
    ).flat(),
  )
  await printResult(cli, flags, {
    value: { types: checks },
    people: async () => (await import('../present/migration.ts')).checksText(checks, styleOf(cli)),
  })
  return checks.every(({ state }) => harmless.has(state)) ? exitCodes.done : exitCodes.failed
}

/** `orion types migrate` */
export const migrateTypes: Action<MigrateTypesFlags, []> = async (cli, flags) => {
  const { down, to, dryRun, backup } = flags
  const types = await chosen(cli, flags)
  const [only, ...others] = types
  if ((down || to !== undefined) && (only === undefined || others.length > 0)) {
    throw new UsageError('expected one record type to go back with', {
      remedy: 'name it: --types T',
    })
  }
  const results: MigrationResult[] = []
  await withClient(cli, flags, async (client) => {
    for (const type of types) {
      const applied = await appliedOf(client, type.name)
      if (applied === undefined || (type.migrations ?? []).length === 0) continue
      const target = to ?? (down ? applied - 1 : undefined)
      if (target !== undefined && target < 0) {
        throw new UsageError(`${type.name} has no migration behind it`)
      }
      const options = { dryRun, backup, ...(target === undefined ? {} : { to: target }) }
      results.push(await migrateOne(cli, client, type, options))
    }
  })
  await printResult(cli, flags, {
    value: { types: results },
    people: async () =>
      (await import('../present/migration.ts')).migrationsText(results, styleOf(cli)),
  })
  const isUnfit = results.some(({ records }) => records.unfit > 0)
  return isUnfit ? exitCodes.failed : exitCodes.done
}

const harmless: ReadonlySet<TypeCheck['state']> = new Set(['same', 'absent', 'grows'])

/** Shows how far it is on a terminal; Ctrl-C gives up what is not decided yet. */
async function migrateOne(
  cli: Cli,
  client: Client,
  type: MigratedType,
  options: MigrateOptions,
): Promise<MigrationResult> {
  const { progressBar } = await import('../present/progress-bar.ts')
  const bar = progressBar(cli.err)
  try {
    return await client.migrate(type, {
      ...options,
      onProgress: ({ done = 0, total = 0 }) =>
        bar.show({ done, part: total === 0 ? undefined : done / total }),
    })
  } finally {
    await bar.clear()
  }
}

/** How many migrations the store's type has behind it; undefined when there is no such type. */
async function appliedOf(client: Client, type: string): Promise<number | undefined> {
  try {
    return (await client.request(GetType, { type })).migrations?.length ?? 0
  } catch (error) {
    if (isOrionError(error, 'unknown_type')) return undefined
    throw error
  }
}

async function checkRemoved(client: Client, type: string): Promise<TypeCheck[]> {
  if ((await appliedOf(client, type)) === undefined)
    return [{ type, state: 'same', differences: [] }]
  const differences = ['the program has removed it, and the store still has it']
  const remedy = 'Run `orion types migrate --module FILE`, with --dry-run first.'
  return [{ type, state: 'migrate', differences, remedy }]
}

async function chosen(cli: Cli, flags: MigrateTypesFlags): Promise<readonly MigratedType[]> {
  const all = await typesOf(cli, flags.module)
  const { types } = flags
  const missing = types?.find((name) => !all.some((type) => type.name === name))
  if (missing !== undefined) throw new UsageError(`the module has no record type ${missing}`)
  return types === undefined ? all : all.filter(({ name }) => types.includes(name))
}

async function typesOf(cli: Cli, file: string | undefined): Promise<readonly MigratedType[]> {
  return file === undefined ? await cli.plugins.recordTypes() : await loadTypes(cli, file)
}
