/** What the commands about backups and about the place of a store do. */

import { resolve } from 'node:path'
import { counted } from '../../../sdk/counted.ts'
import { DaemonStatus } from '../../../sdk/protocol/daemon.ts'
import { ListBackups, RestoreStore } from '../../../sdk/protocol/upkeep.ts'
import type { Action } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import type { RestoreBackupFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { connectOptions, withClientOf } from '../store-client.ts'

/** `orion backup list` */
export const listBackups: Action<GlobalFlags, []> = async (cli, flags) => {
  const options = { ...connectOptions(cli, flags), maintenance: true }
  const value = await withClientOf(options, (client) => client.request(ListBackups, {}))
  await printResult(cli, flags, {
    value,
    people: async () =>
      (await import('../present/backups.ts')).backupTable(value.backups, styleOf(cli)),
  })
  return 0
}

/** `orion backup restore` */
export const restoreBackup: Action<RestoreBackupFlags, [string]> = async (cli, flags, file) => {
  const options = { ...connectOptions(cli, flags), maintenance: true }
  const path = resolve(cli.cwd, file)
  const { value, status } = await withClientOf(options, async (client) => {
    const value = await client.request(
      RestoreStore,
      { path, force: flags.force },
      { timeoutMs: restoreTimeoutMs },
    )
    // Whoever asks next waits for the store that was restored.
    return { value, status: await client.request(DaemonStatus, {}) }
  })
  await printResult(cli, flags, {
    value,
    people: () =>
      `The store is back at ${value.path}: ${counted(value.seq, 'event')}, in the new epoch ${status.store.epoch}.\nWhat was there before is kept: ${value.kept}\n`,
  })
  return 0
}

const restoreTimeoutMs = 60 * 60_000
