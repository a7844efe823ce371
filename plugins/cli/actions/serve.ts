import type { Action } from '../command.ts'
import type { ServeFlags } from '../commands/daemon-commands.ts'

/** `orion serve`: the daemon takes its own arguments. */
export const serve: Action<ServeFlags, []> = async (cli, { store, stdio, foreground }) => {
  const args = [
    ...(store === undefined ? [] : ['--store', store]),
    ...(stdio ? ['--stdio'] : []),
    ...(foreground ? ['--foreground'] : []),
  ]
  return await cli.daemon.runDaemon(args)
}
