/** The upkeep of the store. */
import type { z } from 'zod'
import type * as protocol from '../../../sdk/protocol/upkeep.ts'
import type { RequestContext } from '../request-context.ts'
import type { StoreUpkeep } from '../services.ts'

type Params<D extends { readonly params: z.ZodType }> = z.output<D['params']>

/** The backups beside the store. */
export const backups = (
  _params: unknown,
  { services }: RequestContext,
): ReturnType<StoreUpkeep['backups']> => services.upkeep.backups()

/** Goes back to a backup. What has begun is not given up when the client is. */
export const restore = (
  params: Params<typeof protocol.RestoreStore>,
  { services }: RequestContext,
): ReturnType<StoreUpkeep['restore']> => services.upkeep.restore(params)

/** Looks for faults; given up when the client cancels. */
export const check = (
  params: Params<typeof protocol.CheckStore>,
  context: RequestContext,
): ReturnType<StoreUpkeep['check']> => context.services.upkeep.check(params, context.signal)

/** Says whether the store was copied or moved. */
export const settle = (
  params: Params<typeof protocol.SettleStore>,
  { services }: RequestContext,
): ReturnType<StoreUpkeep['settle']> => services.upkeep.settle(params)
