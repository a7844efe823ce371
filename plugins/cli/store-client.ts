import type { Client } from '../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../sdk/client/connect.ts'
import type { Cli, GlobalFlags } from './context.ts'
import { defined } from './defined.ts'
import { UsageError } from './usage-error.ts'

/** Connects to the store that the flags name, uses the client, and closes it whatever happens. */
export async function withClient<T>(
  cli: Cli,
  flags: GlobalFlags,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  return await withClientOf(connectOptions(cli, flags), use)
}

/** Connects as the options say, uses the client, and closes it whatever happens. */
export async function withClientOf<T>(
  options: ConnectOptions,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(options)
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

/** A token that was to be there and is not must not make its bearer the owner. */
export function notBlank(token: string | undefined): string | undefined {
  if (token?.trim() !== '') return token
  throw new UsageError('expected an access token, got an empty text', {
    remedy:
      'unset ORION_TOKEN to connect as the owner of the store; `orion token create` makes a token',
  })
}

/** Where to connect, and as whom. Inside an `orion run`, events name that run. */
export function connectOptions(cli: Cli, flags: GlobalFlags): ConnectOptions {
  const run = cli.env.ORION_TRACE_ID
  return {
    cwd: cli.cwd,
    env: cli.env,
    client: { name: 'orion-cli', version: cli.version, kind: 'cli' },
    ...defined({
      store: flags.store,
      token: notBlank(flags.token ?? cli.env.ORION_TOKEN),
      claims: run === undefined ? undefined : { run },
    }),
  }
}
