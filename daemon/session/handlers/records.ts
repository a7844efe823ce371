/** Reading and writing records: parameters to the store, its answer back. */
import type { GovernedWrites } from '../../governance/governed-writes.ts'
import type { StoreReads } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'

type HandlersOf<Methods> = {
  readonly [M in keyof Methods]: Methods[M] extends (params: infer P, ...rest: never) => infer R
    ? (params: P, context: RequestContext) => R
    : never
}

/** What serves the reads; the store waits for `atLeast` by itself. */
export const recordReads: HandlersOf<StoreReads> = {
  get: (params, context) => context.services.store.get(params, context),
  getMany: (params, context) => context.services.store.getMany(params, context),
  list: (params, context) => context.services.store.list(params, context),
  count: (params, context) => context.services.store.count(params, context),
  search: (params, context) => context.services.store.search(params, context),
  explain: (params, context) => context.services.store.explain(params, context),
  history: (params, context) => context.services.store.history(params, context),
  blame: (params, context) => context.services.store.blame(params, context),
  referrers: (params, context) => context.services.store.referrers(params, context),
}

/** What serves the writes, as far as the policy of the store lets them through. */
export const recordWrites: HandlersOf<GovernedWrites> = {
  create: (params, context) => context.services.governance.writes.create(params, context),
  update: (params, context) => context.services.governance.writes.update(params, context),
  delete: (params, context) => context.services.governance.writes.delete(params, context),
  restore: (params, context) => context.services.governance.writes.restore(params, context),
  archive: (params, context) => context.services.governance.writes.archive(params, context),
  purge: (params, context) => context.services.governance.writes.purge(params, context),
  transact: (params, context) => context.services.governance.writes.transact(params, context),
  import: (params, context) => context.services.governance.writes.import(params, context),
}
