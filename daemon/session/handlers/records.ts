/** Reading and writing records: parameters to the store, its answer back. */
import type { StoreReads, StoreWrites } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'
import { assertScope } from '../rights.ts'

type HandlersOf<Methods> = {
  readonly [M in keyof Methods]: Methods[M] extends (params: infer P, ...rest: never) => infer R
    ? (params: P, context: RequestContext) => R
    : never
}

type RecordWrites = Omit<StoreWrites, 'publish' | 'defineType'>

/** What serves the reads; the store waits for `atLeast` by itself. */
export const recordReads: HandlersOf<StoreReads> = {
  get: (params, context) => context.services.store.get(params, context),
  getMany: (params, context) => context.services.store.getMany(params, context),
  list: (params, context) => context.services.store.list(params, context),
  count: (params, context) => context.services.store.count(params, context),
  history: (params, context) => context.services.store.history(params, context),
}

/** What serves the writes. */
export const recordWrites: HandlersOf<RecordWrites> = {
  create: (params, context) => context.services.store.create(showable(params, context), context),
  update: (params, context) => context.services.store.update(showable(params, context), context),
  delete: (params, context) => context.services.store.delete(showable(params, context), context),
  restore: (params, context) => context.services.store.restore(showable(params, context), context),
  archive: (params, context) => context.services.store.archive(showable(params, context), context),
  purge: (params, context) => context.services.store.purge(showable(params, context), context),
  transact: (params, context) =>
    context.services.store.transact(showable(params, context), context),
  import: (params, context) => context.services.store.import(showable(params, context), context),
}

/** A write that asks for the record back reads it, and needs the scope for that. */
function showable<P extends { readonly return?: 'record' | undefined }>(
  params: P,
  context: RequestContext,
): P {
  if (params.return !== undefined) assertScope(context.session.rights, 'read')
  return params
}
