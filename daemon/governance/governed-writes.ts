/** Writes of clients, as far as the policy of the store lets them through: every way of writing records comes by here. */
import { OrionError } from '../../sdk/errors.ts'
import { proposalType } from '../../sdk/proposal-states.ts'
import type { ImportedRecord } from '../../sdk/protocol/records.ts'
import type { StoreWrites } from '../store/store-api.ts'
import type { GovernedCaller } from './person.ts'
import type { Deed, Policy, PolicyOperation } from './policy.ts'

/** The writes of records that clients may ask for. */
export type RecordWrites = Omit<StoreWrites, 'publish' | 'defineType' | 'migrateType'>

/** The same writes, for a caller of whom more is known. */
export type GovernedWrites = {
  readonly [M in keyof RecordWrites]: (
    params: Parameters<RecordWrites[M]>[0],
    caller: GovernedCaller,
  ) => ReturnType<RecordWrites[M]>
}

/** Lets writes through to the store, or refuses them. */
export function governWrites(store: StoreWrites, policy: Policy): GovernedWrites {
  const one =
    <P extends { readonly type: string }, R>(
      op: PolicyOperation,
      write: (params: P, caller: GovernedCaller) => R,
    ) =>
    (params: P, caller: GovernedCaller): R => {
      policy.assertAllowed(caller, [{ op, type: params.type }])
      return write(params, caller)
    }
  return {
    create: one('create', (params, caller) => store.create(params, caller)),
    update: one('update', (params, caller) => store.update(params, caller)),
    delete: one('delete', (params, caller) => store.delete(params, caller)),
    restore: one('restore', (params, caller) => store.restore(params, caller)),
    archive: one('archive', (params, caller) => store.archive(params, caller)),
    purge: one('purge', (params, caller) => store.purge(params, caller)),
    transact: (params, caller) => {
      policy.assertAllowed(caller, params.operations)
      return store.transact(params, caller)
    },
    import: (params, caller) => {
      const { records } = params
      policy.assertAllowed(caller, records.map(deedOf))
      records.forEach(assertNotSealed)
      return store.import(params, caller)
    },
  }
}

function deedOf({ type }: ImportedRecord): Deed {
  return { op: 'import', type }
}

/** What makes an approval count is made here and nowhere else: who brings a proposal along brings its story, no more. */
function assertNotSealed({ type, data }: ImportedRecord, operation: number): void {
  if (type !== proposalType) return
  const found = sealed.filter((name) => Object.hasOwn(data, name))
  if (found.length === 0) return
  throw new OrionError(
    'forbidden',
    `record ${operation}: ${found.join(', ')} of ${type} can't be imported`,
    {
      operation,
      needs: 'the method that owns the field',
      remedy: `leave out ${found.join(', ')}; what is still to be done is proposed anew`,
    },
  )
}

const sealed = ['operations', 'bases', 'digest', 'reviews', 'proposers', 'submittedBy'] as const
