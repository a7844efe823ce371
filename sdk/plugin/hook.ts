/** Hooks before writes, and handlers of what was committed. */
import type { Where } from '../client/where.ts'
import type { JsonObject } from '../json.ts'
import type { Event, Operation, Record } from '../model.ts'
import type { HookOperation } from '../protocol/plugin-messages.ts'
import type { RecordChanges, RecordData, RecordType } from '../record-type.ts'
import type { HookContext, ReactionContext } from './plugin-context.ts'

/** A write that nobody has admitted yet. */
export interface ProposedWrite<Data = JsonObject> {
  readonly op: HookOperation
  readonly type: string
  readonly id: string
  /** Who asks for it. */
  readonly principal: string
  /** The record that the write is based on; if it changes meanwhile, the hook is asked again. */
  readonly before: Record<Data> | undefined
  /** The data as it would be, not yet held against its type; undefined when the operation is not about data. */
  readonly after: Partial<Data> | undefined
}

/** What a hook says: nothing to let the write through, fields to change, or why not. */
export type HookDecision<Changes = JsonObject> =
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that says nothing lets the write through.
  | void
  | { readonly set?: Partial<Changes>; readonly unset?: readonly string[] }
  | { readonly refuse: string; readonly path?: string }

/** A hook as its author declares it. */
export interface HookDeclaration<T extends RecordType, S> {
  /** By default `create` and `update`. */
  readonly operations?: readonly HookOperation[]
  /**
   * What happens to a write when the hook gives no answer, because it failed, took too long or its plugin is not running:
   * `closed` refuses it, as a gate must; `open` lets it through, as what only adds something should.
   */
  readonly fail: 'closed' | 'open'
  /** Its time, in milliseconds, if it needs less than the daemon gives it. */
  readonly timeMaxMs?: number
  readonly run: (
    write: ProposedWrite<RecordData<T>>,
    context: HookContext<S>,
  ) => HookDecision<RecordChanges<T>> | Promise<HookDecision<RecordChanges<T>>>
}

/** A hook that can be listed in a plugin. */
export interface Hook<in S = never> {
  readonly kind: 'before-write'
  readonly type: string
  readonly operations: readonly HookOperation[]
  readonly fail: 'closed' | 'open'
  readonly timeMaxMs?: number
  readonly run: (
    write: ProposedWrite<never>,
    context: HookContext<S>,
  ) => HookDecision<object> | Promise<HookDecision<object>>
}

/** Declares a hook before the writes of a record type. It runs outside any transaction, and may run several times. */
export function beforeWrite<T extends RecordType, S = unknown>(
  type: T,
  declaration: HookDeclaration<T, S>,
): Hook<S> {
  const { operations = ['create', 'update'], fail, timeMaxMs, run } = declaration
  return {
    kind: 'before-write',
    type: type.name,
    operations,
    fail,
    ...(timeMaxMs === undefined ? {} : { timeMaxMs }),
    run,
  }
}

/** How a handler of committed events is declared. */
export interface ReactionDeclaration<Data, S> {
  /** Where it begins the very first time; later it goes on where it was. */
  readonly from?: 'now' | 'snapshot'
  /** How often an event is given again to a handler that fails, with growing pauses; 5 unless said otherwise. */
  readonly retriesMax?: number
  /** What happens then: the handler `stop`s there until the plugin is started anew (the default), or `skip`s the event. */
  readonly afterRetries?: 'stop' | 'skip'
  readonly run: (event: Event<Data>, context: ReactionContext<S>) => void | Promise<void>
}

/** What a handler of the events of one record type may be told besides. */
export interface RecordReactionDeclaration<T extends RecordType, S>
  extends ReactionDeclaration<RecordData<T>, S> {
  readonly where?: Where<T>
  readonly operations?: readonly Operation[]
}

/** A handler that can be listed in a plugin. */
export interface Reaction<in S = never> {
  readonly kind: 'after-commit'
  readonly name: string
  readonly what: RecordType | readonly string[]
  readonly where?: object
  readonly operations?: readonly Operation[]
  readonly from: 'now' | 'snapshot'
  readonly retriesMax: number
  readonly afterRetries: 'stop' | 'skip'
  readonly run: (event: Event<never>, context: ReactionContext<S>) => void | Promise<void>
}

/**
 * Declares a handler of committed events: of a record type, or of patterns over topics.
 *
 * It gets every event in order, one at a time, and an event again if it had not finished when the plugin ended: at least
 * once, also over restarts. What it writes with its `idempotencyKey` takes effect once.
 *
 * @param name - Small letters, digits and dashes; its position is kept under it, so a new name begins anew.
 */
export function afterCommit<T extends RecordType, S = unknown>(
  name: string,
  type: T,
  declaration: RecordReactionDeclaration<T, S>,
): Reaction<S>
export function afterCommit<S = unknown>(
  name: string,
  patterns: readonly string[],
  declaration: ReactionDeclaration<JsonObject, S>,
): Reaction<S>
export function afterCommit<S = unknown>(
  name: string,
  what: RecordType | readonly string[],
  declaration: ReactionDeclaration<never, S> & {
    readonly where?: object
    readonly operations?: readonly Operation[]
  },
): Reaction<S> {
  const {
    from = 'now',
    retriesMax = 5,
    afterRetries = 'stop',
    where,
    operations,
    run,
  } = declaration
  return {
    kind: 'after-commit',
    name,
    what,
    from,
    retriesMax,
    afterRetries,
    ...(where === undefined ? {} : { where }),
    ...(operations === undefined ? {} : { operations }),
    run,
  }
}
