/** Reading and writing records: parameters to the store, its answer back. */
import type { StoreReads, StoreWrites } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'

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
  explain: (params, context) => context.services.store.explain(params, context),
  history: (params, context) => context.services.store.history(params, context),
  blame: (params, context) => context.services.store.blame(params, context),
}

/** What serves the writes. */
export const recordWrites: HandlersOf<RecordWrites> = {
  create: (params, context) => context.services.store.create(params, context),
  update: (params, context) => context.services.store.update(params, context),
  delete: (params, context) => context.services.store.delete(params, context),
  restore: (params, context) => context.services.store.restore(params, context),
  archive: (params, context) => context.services.store.archive(params, context),
  purge: (params, context) => context.services.store.purge(params, context),
  transact: (params, context) => context.services.store.transact(params, context),
  import: (params, context) => context.services.store.import(params, context),
}
