/** What `orion handover` does. */
import { isOrionError } from '../../../sdk/errors.ts'
import { defaultDaemonCommand } from '../../../sdk/launch/daemon-command.ts'
import { replaceDaemon } from '../../../sdk/launch/replace-daemon.ts'
import { locateStore } from '../../../sdk/launch/store-location.ts'
import { DaemonStatus } from '../../../sdk/protocol/daemon.ts'
import type { Action } from '../command.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import type { HandoverFlags } from '../flags.ts'
import { printResult } from '../print.ts'
import { connectOptions, withClientOf } from '../store-client.ts'

/** `orion handover` */
export const handover: Action<HandoverFlags, []> = async (cli, flags) => {
  const before = await serving(cli, flags).catch((error: unknown) => {
    // Nobody serves, or somebody who speaks an older protocol only.
    if (isOrionError(error, 'disconnected') || isOrionError(error, 'protocol_unsupported')) return
    throw error
  })
  const { token } = connectOptions(cli, flags)
  await replaceDaemon({
    location: locateStore({ store: flags.store, cwd: cli.cwd, env: cli.env }),
    env: token === undefined ? cli.env : { ...cli.env, ORION_TOKEN: token },
    daemonCommand: defaultDaemonCommand(),
    force: flags.force,
  })
  const value = { before, now: await serving(cli, flags) }
  await printResult(cli, flags, {
    value,
    people: () => {
      const { pid, version } = value.now
      const from = before === undefined ? '' : `, after ${before.version} (process ${before.pid})`
      return `Orion ${version} (process ${pid}) serves${from}.\n`
    },
  })
  return 0
}

async function serving(cli: Cli, flags: GlobalFlags) {
  const options = { ...connectOptions(cli, flags), daemon: 'join-only' as const }
  const { instanceId, pid, version } = await withClientOf(options, (client) =>
    client.request(DaemonStatus, {}),
  )
  return { instanceId, pid, version }
}
