/** Record types: which there are, and how one is defined. */
import type { z } from 'zod'
import type * as protocol from '../../../sdk/protocol/types.ts'
import type { StoreApi } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'

export const list = (
  params: z.output<typeof protocol.ListTypes.params>,
  context: RequestContext,
): ReturnType<StoreApi['listTypes']> => context.services.store.listTypes(params ?? {})

export const get = (
  params: z.output<typeof protocol.GetType.params>,
  context: RequestContext,
): ReturnType<StoreApi['getType']> => context.services.store.getType(params.type)

export const define = (
  params: z.output<typeof protocol.DefineType.params>,
  context: RequestContext,
): ReturnType<StoreApi['defineType']> => context.services.store.defineType(params, context)
