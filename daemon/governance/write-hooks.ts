/** What stands before writes: whoever is asked about one before it is admitted. */
import type { JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import type { HookOperation } from '../../sdk/protocol/plugin-messages.ts'

/** A write as its hooks see it. */
export interface HookedWrite {
  readonly op: HookOperation
  readonly type: string
  readonly id: string
  readonly principal: string
  readonly before: Record | undefined
  /** The data as it would be; undefined when the operation is not about data. */
  readonly after: JsonObject | undefined
}

/** What a hook changes about a write. */
export interface HookChange {
  readonly set?: JsonObject | undefined
  readonly unset?: readonly string[] | undefined
}

/** One hook. */
export interface WriteHook {
  readonly plugin: string
  readonly operations: ReadonlySet<HookOperation>
  /** @throws OrionError when the write is refused, or when a hook that must answer did not. */
  ask(write: HookedWrite, signal: AbortSignal | undefined): Promise<HookChange>
}

/** All hooks of a store. */
export interface WriteHooks {
  /** Whether there is one at all. */
  readonly any: boolean
  /** Those before writes of a record type, in the order in which they are asked; asked for each write. */
  of(type: string): readonly WriteHook[]
}

/** No hook at all. */
export const noHooks: WriteHooks = { any: false, of: () => [] }
