/** Record types: which there are, and how one is defined. */
import type { z } from 'zod'
import type * as protocol from '../../../sdk/protocol/types.ts'
import type { StoreApi } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'
import { readableTypes } from '../rights.ts'

/** The record types of the store that the caller may read. */
export const list = (
  params: z.output<typeof protocol.ListTypes.params>,
  context: RequestContext,
): ReturnType<StoreApi['listTypes']> => {
  const only = readableTypes(context.session.rights)
  const asked = { ...params, ...(only === undefined ? {} : { only }) }
  return context.services.store.listTypes(asked, context)
}

/** The whole definition of one. */
export const get = (
  params: z.output<typeof protocol.GetType.params>,
  context: RequestContext,
): ReturnType<StoreApi['getType']> => context.services.store.getType(params.type)

/** Adds one, or fields to one. */
export const define = (
  params: z.output<typeof protocol.DefineType.params>,
  context: RequestContext,
): ReturnType<StoreApi['defineType']> => context.services.store.defineType(params, context)
