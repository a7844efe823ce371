/** How `orion run` reaches the store. */
import type { ConnectOptions } from '../../../sdk/client/connect.ts'
import type { InProcessFactory } from '../../../sdk/client/in-process.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import { LaunchError, messageOf } from '../../../sdk/launch/launch-error.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { connectOptions } from '../store-client.ts'

/**
 * What a run connects with: in process where `CI` is set, joining the owner of the store if there is one; else to the daemon,
 * which is started if need be.
 */
export async function recorderOptions(
  cli: Cli,
  flags: GlobalFlags,
  { traceId, timeoutMs }: { readonly traceId: string; readonly timeoutMs: number },
): Promise<ConnectOptions> {
  const ci = inCi(cli.env)
  const options: ConnectOptions = {
    ...connectOptions(cli, flags),
    client: { name: 'orion-run', version: cli.version, kind: ci ? 'ci' : 'cli' },
    claims: { run: traceId },
    timeoutMs,
  }
  if (!ci) return options
  return { ...options, daemon: 'in-process', inProcess: atOnce(await cli.daemon.inProcess()) }
}

/** `CI` is set by every CI system; some people set it to `false` elsewhere. */
function inCi({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && CI !== '' && CI !== '0' && CI.toLowerCase() !== 'false'
}

/** A store that can't be opened will not get better while a build waits for it. */
function atOnce(factory: InProcessFactory): InProcessFactory {
  return async (location, options) => {
    try {
      return await factory(location, options)
    } catch (error) {
      if (error instanceof LaunchError || options.signal?.aborted) throw error
      const remedy = isOrionError(error) ? error.data.remedy : undefined
      throw new LaunchError('start_failed', messageOf(error), {
        remedy: remedy ?? 'see what is wrong with the store with `orion serve --foreground`',
        cause: error,
      })
    }
  }
}
