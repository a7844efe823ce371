/** Writes of clients, as far as the policy of the store lets them through: every way of writing records comes by here. */
import { OrionError } from '../../sdk/errors.ts'
import { proposalType } from '../../sdk/proposal-states.ts'
import type { ImportedRecord } from '../../sdk/protocol/records.ts'
import type { MoveParams, StoreWrites } from '../store/store-api.ts'
import type { HookedWrites } from './hooked-writes.ts'
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
export function governWrites(
  store: StoreWrites,
  policy: Policy,
  hooked: HookedWrites,
): GovernedWrites {
  const one =
    <P extends { readonly type: string }, R>(
      op: PolicyOperation,
      { write, shown }: Record<'write' | 'shown', (params: P, caller: GovernedCaller) => R>,
    ) =>
    (params: P, caller: GovernedCaller): R => {
      const deed = { op, type: params.type }
      policy.assertAllowed(caller, [deed])
      return hooked.concern([deed]) ? shown(params, caller) : write(params, caller)
    }
  const moved = (op: 'delete' | 'restore' | 'archive') =>
    one(op, {
      write: (params: MoveParams, caller) => store[op](params, caller),
      shown: (params: MoveParams, caller) =>
        hooked.one({ op, params, write: (changed, by) => store[op](changed, by) }, caller),
    })
  return {
    create: one('create', {
      write: (params, caller) => store.create(params, caller),
      shown: (params, caller) =>
        hooked.one(
          { op: 'create', params, write: (changed, by) => store.create(changed, by) },
          caller,
        ),
    }),
    update: one('update', {
      write: (params, caller) => store.update(params, caller),
      shown: (params, caller) =>
        hooked.one(
          { op: 'update', params, write: (changed, by) => store.update(changed, by) },
          caller,
        ),
    }),
    delete: moved('delete'),
    restore: moved('restore'),
    archive: moved('archive'),
    purge: (params, caller) => {
      policy.assertAllowed(caller, [{ op: 'purge', type: params.type }])
      return store.purge(params, caller)
    },
    transact: (params, caller) => {
      policy.assertAllowed(caller, params.operations)
      if (hooked.concern(params.operations)) return hooked.transact(params, caller)
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
