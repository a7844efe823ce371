/** What the commands about record types do. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { counted } from '../../../sdk/counted.ts'
import { GetType, ListTypes } from '../../../sdk/protocol/types.ts'
import type { Action } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import type { GenerateTypesFlags, ListTypesFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion types` */
export const listTypes: Action<ListTypesFlags, []> = async (cli, flags) => {
  if (flags.check) return await (await import('./migrate-types.ts')).checkTypes(cli, flags)
  if (flags.module !== undefined) {
    throw new UsageError('--module goes with --check', { remedy: 'add --check, or leave it out' })
  }
  const value = await withClient(cli, flags, (client) => client.request(ListTypes, { count: true }))
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/type-text.ts')).typeTable(value, styleOf(cli)),
  })
  return 0
}

/** `orion types show` */
export const showType: Action<GlobalFlags, [string]> = async (cli, flags, type) => {
  const value = await withClient(cli, flags, (client) => client.request(GetType, { type }))
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/type-text.ts')).typeText(value, styleOf(cli)),
  })
  return 0
}

/** `orion types generate` */
export const generateTypes: Action<GenerateTypesFlags, []> = async (cli, flags) => {
  const types = await withClient(cli, flags, async (client) => {
    const names = flags.types ?? (await client.request(ListTypes, {})).types.map(({ name }) => name)
    return await Promise.all(names.map((type) => client.request(GetType, { type })))
  })
  const { typeSource } = await import('../present/type-source.ts')
  const text = typeSource(types)
  if (flags.out === undefined) {
    await cli.out.write(text)
    return 0
  }
  const path = resolve(cli.cwd, flags.out)
  writeGenerated(path, text)
  const told = types.map(({ name, schemaVersion }) => ({ name, schemaVersion }))
  await printResult(cli, flags, {
    value: { path, types: told },
    people: () => `${counted(types.length, 'record type')} written to ${path}\n`,
  })
  return 0
}

function writeGenerated(path: string, text: string): void {
  const madeHere = '/** Made by `orion types generate`'
  if (existsSync(path) && !readFileSync(path, 'utf8').startsWith(madeHere)) {
    throw new UsageError(`${path} is there and was not made by this command`, {
      remedy: 'choose another file, or remove that one',
    })
  }
  try {
    writeFileSync(path, text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`can't write ${path}: ${reason}`, { cause })
  }
}
