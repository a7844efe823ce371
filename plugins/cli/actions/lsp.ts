/** The server for editors that only know language servers. */
import type { Action } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import { defined } from '../defined.ts'
import { notBlank } from '../store-client.ts'

/** `orion lsp`: hands stdin and stdout to the plugin that speaks the protocol. */
export const lsp: Action<GlobalFlags, []> = async (cli, flags) => {
  const token = notBlank(flags.token ?? cli.env.ORION_TOKEN)
  const { cwd, env, version } = cli
  return await cli.plugins.serveLsp({
    cwd,
    env,
    version,
    ...defined({ store: flags.store, token }),
  })
}
