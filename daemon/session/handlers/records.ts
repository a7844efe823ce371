/** Reading and writing records: parameters to the store, its answer back. */
import type { z } from 'zod'
import type * as protocol from '../../../sdk/protocol/records.ts'
import type { StoreReads, StoreWrites } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'
import { assertScope } from '../rights.ts'

type Read<M extends keyof StoreReads> = (
  params: Parameters<StoreReads[M]>[0],
  context: RequestContext,
) => ReturnType<StoreReads[M]>
type Write<M extends keyof StoreWrites> = (
  params: Parameters<StoreWrites[M]>[0],
  context: RequestContext,
) => ReturnType<StoreWrites[M]>

export const get: Read<'get'> = (params, context) => context.services.store.get(params, context)

export const getMany: Read<'getMany'> = (params, context) =>
  context.services.store.getMany(params, context)

export const list: Read<'list'> = (params, context) => context.services.store.list(params, context)

export const count: Read<'count'> = (params, context) =>
  context.services.store.count(params, context)

export const history: Read<'history'> = (params, context) =>
  context.services.store.history(params, context)

export const create: Write<'create'> = (params, context) =>
  context.services.store.create(showable(params, context), context)

export const update: Write<'update'> = (params, context) =>
  context.services.store.update(showable(params, context), context)

export const remove: Write<'delete'> = (params, context) =>
  context.services.store.delete(showable(params, context), context)

export const restore: Write<'restore'> = (params, context) =>
  context.services.store.restore(showable(params, context), context)

export const archive: Write<'archive'> = (params, context) =>
  context.services.store.archive(showable(params, context), context)

export const purge: Write<'purge'> = (params, context) =>
  context.services.store.purge(showable(params, context), context)

export const transact: Write<'transact'> = (params, context) =>
  context.services.store.transact(showable(params, context), context)

export const importAll: Write<'import'> = (params, context) =>
  context.services.store.import(showable(params, context), context)

type WriteParams = Pick<z.output<typeof protocol.CreateRecord.params>, 'return'>

/** A write that asks for the record back reads it, and needs the scope for that. */
function showable<P extends WriteParams>(params: P, context: RequestContext): P {
  if (params.return !== undefined) assertScope(context.session.rights, 'read')
  return params
}
