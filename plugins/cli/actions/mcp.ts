/** The server for AI agents. */
import type { Action } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import { defined } from '../defined.ts'
import { exitCodes } from '../exit-code.ts'
import { notBlank } from '../store-client.ts'

/** `orion mcp`: hands stdin and stdout to the plugin that speaks the protocol. */
export const mcp: Action<GlobalFlags, []> = async (cli, flags) => {
  const token = notBlank(flags.token ?? cli.env.ORION_TOKEN)
  const { cwd, env, version } = cli
  await cli.plugins.serveMcp({ cwd, env, version, ...defined({ store: flags.store, token }) })
  return exitCodes.done
}
