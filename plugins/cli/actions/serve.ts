import type { Action } from '../command.ts'
import type { ServeFlags } from '../flags.ts'

/** `orion serve`: the daemon takes its own arguments. */
export const serve: Action<ServeFlags, []> = async (cli, flags) => {
  const { store, stdio, foreground, idleExitMs, takeOver, force, websocket } = flags
  const args = [
    ...(store === undefined ? [] : ['--store', store]),
    ...(stdio ? ['--stdio'] : []),
    ...(foreground ? ['--foreground'] : []),
    ...(takeOver ? ['--take-over'] : []),
    ...(force ? ['--force'] : []),
    ...(websocket === undefined ? [] : ['--websocket', websocket]),
    ...(idleExitMs === undefined ? [] : ['--idle-exit-ms', String(idleExitMs)]),
  ]
  return await cli.daemon.runDaemon(args)
}
