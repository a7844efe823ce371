/** What the commands about the daemon do. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOrionError } from '../../../sdk/errors.ts'
import { locateStore } from '../../../sdk/launch/store-location.ts'
import { BackupStore, DaemonStatus, ShutdownDaemon } from '../../../sdk/protocol/daemon.ts'
import type { Action } from '../command.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { defined } from '../defined.ts'
import { exitCodeOf, exitCodes } from '../exit-code.ts'
import { printResult, styleOf } from '../print.ts'
import { connectOptions, withClient, withClientOf } from '../store-client.ts'

/** `orion endpoint` */
export const endpoint: Action<GlobalFlags, []> = async (cli, flags) => {
  const value = await withClient(cli, flags, async (client) => {
    const status = await client.request(DaemonStatus, {})
    const { socket, websocket, store, instanceId, pid, version } = status
    const { protocol } = client.server
    return {
      socket,
      ...defined({ websocket }),
      storeId: store.storeId,
      instanceId,
      pid,
      version,
      protocol,
    }
  })
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/fields.ts')).fieldLines(value, styleOf(cli)),
  })
  return 0
}

/** `orion status` */
export const status: Action<GlobalFlags, []> = async (cli, flags) => {
  const options = {
    ...connectOptions(cli, flags),
    daemon: 'join-only' as const,
    maintenance: true,
  }
  const value = await withClientOf(options, (client) => client.request(DaemonStatus, {})).catch(
    async (error: unknown) => {
      if (exitCodeOf(error) === exitCodes.unreachable) await printStoreOnDisk(cli, flags)
      throw error
    },
  )
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/status.ts')).statusText(value, styleOf(cli)),
  })
  return 0
}

/** Nobody answers: what lies there is told on stdout, and why nobody does on stderr. */
async function printStoreOnDisk(cli: Cli, flags: GlobalFlags): Promise<void> {
  const { lookAtStore } = await import('../../../sdk/launch/store-on-disk.ts')
  let store: ReturnType<typeof lookAtStore>
  try {
    store = lookAtStore(locateStore({ store: flags.store, cwd: cli.cwd, env: cli.env }))
  } catch {
    return // There is no such place, which is what the error says.
  }
  await printResult(cli, flags, {
    value: { running: false, store },
    people: async () =>
      (await import('../present/store-on-disk.ts')).storeOnDiskText(store, styleOf(cli)),
  })
}

/** `orion stop` */
export const stop: Action<GlobalFlags, []> = async (cli, flags) => {
  const options = { ...connectOptions(cli, flags), daemon: 'join-only' as const, maintenance: true }
  const pid = await withClientOf(options, async (client) => {
    const found = await client.request(DaemonStatus, {})
    await client.request(ShutdownDaemon, {})
    return found.pid
  }).catch((error: unknown) => {
    if (isOrionError(error, 'disconnected')) return undefined
    throw error
  })
  if (pid !== undefined) await untilEnded(pid)
  await printResult(cli, flags, {
    value: null,
    people: () => (pid === undefined ? 'No daemon was running.\n' : `Stopped (process ${pid}).\n`),
  })
  return 0
}

/** `orion backup` */
export const backup: Action<GlobalFlags, [string?]> = async (cli, flags, path) => {
  // The daemon works elsewhere: a relative path is the caller's.
  const target = path === undefined ? undefined : resolve(cli.cwd, path)
  const value = await withClient(cli, flags, (client) =>
    client.request(BackupStore, defined({ path: target }), { timeoutMs: backupTimeoutMs }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => {
      const { bytes } = await import('../present/time.ts')
      return `Wrote ${value.path} (${bytes(value.sizeBytes)}, as of ${value.token}).\n`
    },
  })
  return 0
}

const backupTimeoutMs = 60 * 60_000
/** A daemon that has answered the shutdown has little left to do. */
const endMaxMs = 10_000
const endPollMs = 20

async function untilEnded(pid: number): Promise<void> {
  const deadline = performance.now() + endMaxMs
  while (performance.now() < deadline) {
    try {
      process.kill(pid, 0)
    } catch {
      return // There is no such process any more.
    }
    await sleep(endPollMs)
  }
}
