import type { Action } from '../command.ts'
import { type Shell, shellScript } from '../completion/shell-scripts.ts'
import type { GlobalFlags } from '../context.ts'

/** `orion completion` */
export const printCompletion: Action<GlobalFlags, [Shell]> = async (cli, _flags, shell) => {
  await cli.out.write(shellScript(shell))
  return 0
}
