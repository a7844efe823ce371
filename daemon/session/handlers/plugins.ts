/** Plugins: what the owner does with them, and what they say themselves. */
import type { z } from 'zod'
import { OrionError } from '../../../sdk/errors.ts'
import type * as messages from '../../../sdk/protocol/plugin-messages.ts'
import type * as protocol from '../../../sdk/protocol/plugins.ts'
import { ownerCredential } from '../../governance/person.ts'
import type { PluginSeat } from '../../plugins/plugin-seat.ts'
import type { RequestContext } from '../request-context.ts'

type Params<D extends { readonly params: z.ZodType }> = z.output<D['params']>
type Result<D extends { readonly result: z.ZodType }> = z.output<D['result']>

/** What serves the requests about plugins, and theirs. */
export const plugins = {
  list: (_params: unknown, { services }: RequestContext): Result<typeof protocol.ListPlugins> =>
    services.plugins.list(),

  inspect: (
    { plugin, cwd }: Params<typeof protocol.InspectPlugin>,
    context: RequestContext,
  ): Result<typeof protocol.InspectPlugin> => {
    // It reads files that others need not be able to read.
    assertOwner(context)
    return context.services.plugins.inspect(plugin, cwd)
  },

  describe: async (
    { approverSecret, ...code }: Params<typeof protocol.DescribePlugin>,
    context: RequestContext,
  ): Promise<Result<typeof protocol.DescribePlugin>> => {
    await assertPerson(context, approverSecret)
    return await context.services.plugins.describe({ ...code, root: code.root })
  },

  add: async (
    params: Params<typeof protocol.AddPlugin>,
    context: RequestContext,
  ): Promise<Result<typeof protocol.AddPlugin>> => {
    const { approverSecret, manifestDigest, settings, entry, root, codeDigest } = params
    await assertPerson(context, approverSecret)
    const code = { entry, root, codeDigest }
    return await context.services.plugins.add(code, { manifestDigest, settings })
  },

  enable: async ({ name }: Params<typeof protocol.EnablePlugin>, context: RequestContext) => {
    assertOwner(context)
    return await context.services.plugins.enable(name)
  },

  disable: async (
    { name, reason }: Params<typeof protocol.DisablePlugin>,
    context: RequestContext,
  ) => {
    assertOwner(context)
    return await context.services.plugins.disable(name, reason)
  },

  remove: async (
    { name }: Params<typeof protocol.RemovePlugin>,
    context: RequestContext,
  ): Promise<null> => {
    assertOwner(context)
    await context.services.plugins.remove(name)
    return null
  },

  logs: (
    { name, bytesMax = logBytesMax }: Params<typeof protocol.PluginLogs>,
    { services }: RequestContext,
  ): Result<typeof protocol.PluginLogs> => services.plugins.logs(name, bytesMax),

  register: async (
    { manifest }: Params<typeof messages.RegisterPlugin>,
    context: RequestContext,
  ): Promise<Result<typeof messages.RegisterPlugin>> => {
    const { session } = context
    return await seatOf(context).register(manifest, {
      ask: (definition, params, signal) => session.ask(definition, params, signal),
      close: () => session.close(),
    })
  },

  ready: ({ problem }: Params<typeof messages.PluginReady>, context: RequestContext): null => {
    seatOf(context).ready(problem)
    return null
  },

  read: async (
    params: Params<typeof messages.ReadForAction>,
    context: RequestContext,
  ): Promise<Result<typeof messages.ReadForAction>> => ({
    records: [...(await seatOf(context).read(params))],
  }),
}

const logBytesMax = 64 * 1024

/** @throws OrionError `forbidden` for whoever was not started as a plugin by the daemon. */
function seatOf({ session: { channel } }: RequestContext): PluginSeat {
  if (channel.kind === 'plugin') return channel.seat
  throw new OrionError('forbidden', 'expected a plugin that the daemon has started', {
    needs: 'the connection of a plugin',
    remedy: 'add the plugin: orion plugin add PATH',
  })
}

/** @throws OrionError `forbidden`: who decides about plugins decides what programs run on this machine. */
function assertOwner({ credential, isRenamed }: RequestContext): void {
  if (credential === ownerCredential && !isRenamed) return
  throw new OrionError('forbidden', 'expected the owner of the store, without a token', {
    needs: 'the owner',
    remedy: 'let the owner of the store do it, as the user that the store belongs to',
  })
}

async function assertPerson(context: RequestContext, secret: string | undefined): Promise<void> {
  assertOwner(context)
  await context.services.governance.proveApprover(secret)
}
