/**
 * Asks the hooks about operations before they are admitted, outside of any transaction: what they change is worked in, and
 * what they have seen becomes guards, so that nothing is written on the word of a hook that saw something else.
 */
import { OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Lifecycle, Record } from '../../sdk/model.ts'
import type { HookOperation } from '../../sdk/protocol/plugin-messages.ts'
import type { Guard, TransactOperation } from '../../sdk/protocol/records.ts'
import { uuidV7 } from '../../sdk/uuid-v7.ts'
import { daemonCaller } from '../store/actor-of.ts'
import { draftOf } from '../store/changes.ts'
import { moves } from '../store/lifecycle-moves.ts'
import type { Caller, StoreApi } from '../store/store-api.ts'
import type { HookChange, WriteHook, WriteHooks } from './write-hooks.ts'

/** Operations, and the versions that they rest on. */
export interface GuardedOperations {
  readonly operations: readonly TransactOperation[]
  readonly guards: readonly Guard[]
}

/** Operations as the hooks want them. */
export interface ShownOperations extends GuardedOperations {
  /** Whether one of them can't succeed as things are, so that no hook was asked about it. */
  readonly isLost: boolean
}

/** Shows operations to the hooks of a store. */
export class HookedOperations {
  readonly #store: StoreApi
  readonly #hooks: WriteHooks

  constructor(store: StoreApi, hooks: WriteHooks) {
    this.#store = store
    this.#hooks = hooks
  }

  /** Whether there is any hook at all. */
  get any(): boolean {
    return this.#hooks.any
  }

  /** Whether a hook stands before any of them. */
  concern(operations: readonly { readonly op: string; readonly type: string }[]): boolean {
    return operations.some(({ op, type }) => this.#standing(op, type).length > 0)
  }

  /**
   * The operations as the hooks want them.
   *
   * @throws OrionError when one is refused, or a hook that must answer did not.
   */
  async apply(work: GuardedOperations, caller: Caller): Promise<ShownOperations> {
    return await this.#show(work, caller, atOperation)
  }

  /** As `apply`, for a write that is no part of a transaction, so that an error names no operation of one. */
  async applyOne(operation: TransactOperation, caller: Caller): Promise<ShownOperations> {
    return await this.#show({ operations: [operation], guards: [] }, caller, (run) => run())
  }

  /** Whether the hooks consent to what was decided already: what they would change is left as it was decided. */
  async consult(operations: readonly TransactOperation[], caller: Caller): Promise<void> {
    await this.apply({ operations, guards: [] }, caller)
  }

  async #show(
    work: GuardedOperations,
    caller: Caller,
    at: <T>(run: () => Promise<T>, operation: number) => Promise<T>,
  ): Promise<ShownOperations> {
    if (!this.concern(work.operations)) return { ...work, isLost: false }
    const seen = new SeenRecords(this.#store)
    const operations: TransactOperation[] = []
    for (const [index, operation] of work.operations.entries()) {
      operations.push(await at(() => this.#one(operation, seen, caller), index))
    }
    const guards = [...work.guards, ...seen.guards(work.guards)]
    return { operations, guards, isLost: seen.isLost }
  }

  async #one(
    operation: TransactOperation,
    seen: SeenRecords,
    caller: Caller,
  ): Promise<TransactOperation> {
    const { op, type } = operation
    // Every operation on a type with hooks is followed, or a later one would be shown what is not there any more.
    if (this.#hooks.of(type).length === 0) return operation
    const named =
      operation.op === 'create' ? { ...operation, id: operation.id ?? uuidV7() } : operation
    const id = named.id ?? ''
    const hooks = this.#standing(op, type)
    const before = await seen.read({ type, id }, hooks.length > 0)
    const fields = this.#store.typeDefinition(type)?.fields ?? {}
    if (isLost(named, before)) {
      seen.isLost = true
      return operation
    }
    let after = dataAfter(named, before, fields)
    const changes: HookChange[] = []
    for (const hook of hooks) {
      const write = { op: hookOperation(op), type, id, principal: caller.principal, before, after }
      const change = await hook.ask(write, caller.signal)
      if (after === undefined || isEmpty(change)) continue
      after = draftOf(fields, after, change)
      changes.push(change)
    }
    seen.note({ type, id }, { before, after, op })
    return changed(named, after, changes)
  }

  #standing(op: string, type: string): readonly WriteHook[] {
    const all = this.#hooks.of(type)
    if (all.length === 0) return all
    return all.filter(({ operations }) => operations.has(hookOperation(op)))
  }
}

/** Runs the part of a transaction so that what it throws names it. */
async function atOperation<T>(run: () => Promise<T>, operation: number): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof OrionError)) throw error
    throw new OrionError(error.kind, error.message, { ...error.data, operation }, { cause: error })
  }
}

/** Records as they are, and as the operations before have left them. */
class SeenRecords {
  readonly #store: StoreApi
  readonly #now = new Map<string, Record | undefined>()
  readonly #guards = new Map<string, Guard>()
  isLost = false

  constructor(store: StoreApi) {
    this.#store = store
  }

  async read(
    key: { readonly type: string; readonly id: string },
    isBinding: boolean,
  ): Promise<Record | undefined> {
    const name = keyOf(key)
    if (this.#now.has(name)) return this.#now.get(name)
    // A hook sees what it is about, whatever its writer may see.
    const { records } = await this.#store.getMany({ keys: [key] }, daemonCaller)
    const record = records[0] ?? undefined
    if (isBinding) this.#guards.set(name, { ...key, version: record?.version ?? null })
    return record
  }

  note(
    key: { readonly type: string; readonly id: string },
    done: {
      readonly before: Record | undefined
      readonly after: JsonObject | undefined
      readonly op: TransactOperation['op']
    },
  ): void {
    const { before, after, op } = done
    const record = before ?? blank(key)
    const version = (before === undefined ? 1 : before.version + 1) as Record['version']
    const lifecycle = lifecycleAfter(op) ?? record.lifecycle
    this.#now.set(keyOf(key), { ...record, version, lifecycle, data: after ?? record.data })
  }

  /** What was read of the store itself, as far as nobody guards it yet. */
  guards(given: readonly Guard[]): Guard[] {
    const known = new Set(given.map(keyOf))
    return [...this.#guards].filter(([name]) => !known.has(name)).map(([, guard]) => guard)
  }
}

/** It will lose anyway, and is told so as if there were no hook. */
function isLost(operation: TransactOperation, before: Record | undefined): boolean {
  if (operation.op === 'create') return before !== undefined
  if (before === undefined) return true
  if ('force' in operation && operation.force === true) return false
  const { expectedVersion } = operation
  return expectedVersion !== undefined && expectedVersion !== before.version
}

function dataAfter(
  operation: TransactOperation,
  before: Record | undefined,
  fields: Parameters<typeof draftOf>[0],
): JsonObject | undefined {
  switch (operation.op) {
    case 'create':
      return operation.data
    case 'update':
      return draftOf(fields, before?.data ?? {}, operation)
    default:
      return undefined
  }
}

/** The operation with what the hooks have changed, which comes after all that was asked for. */
function changed(
  operation: TransactOperation,
  after: JsonObject | undefined,
  changes: readonly HookChange[],
): TransactOperation {
  if (changes.length === 0 || after === undefined) return operation
  if (operation.op === 'create') return { ...operation, data: after }
  if (operation.op !== 'update') return operation
  const touched = new Set(
    changes.flatMap(({ set = {}, unset = [] }) => [...Object.keys(set), ...unset]),
  )
  const names = [...touched]
  const set = Object.fromEntries(
    names.flatMap((name) => {
      const value = after[name]
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
  const unset = names.filter((name) => after[name] === undefined)
  const { apply, ...rest } = operation
  const kept = apply?.filter(({ field }) => !touched.has(field)) ?? []
  return {
    ...rest,
    set: { ...without(operation.set ?? {}, unset), ...set },
    unset: [...(operation.unset ?? []).filter((name) => !touched.has(name)), ...unset],
    ...(kept.length === 0 ? {} : { apply: kept }),
  }
}

function without(data: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(data).filter(([name]) => !names.includes(name)))
}

function isEmpty({ set, unset = [] }: HookChange): boolean {
  return unset.length === 0 && Object.keys(set ?? {}).length === 0
}

function lifecycleAfter(op: TransactOperation['op']): Lifecycle | undefined {
  return op === 'delete' || op === 'archive' || op === 'restore' ? moves[op].lifecycle : undefined
}

function hookOperation(op: string): HookOperation {
  return op as HookOperation
}

function keyOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}\n${id}`
}

function blank({ type, id }: { readonly type: string; readonly id: string }): Record {
  const nothing = ''
  return {
    type,
    id,
    version: 1 as Record['version'],
    createdAt: nothing as Record['createdAt'],
    createdBy: nothing,
    updatedAt: nothing as Record['updatedAt'],
    updatedBy: nothing,
    lifecycle: 'active',
    token: nothing as Record['token'],
    data: {},
  }
}
