/** What the functions of a plugin are given. */
import type { Client } from '../client/client.ts'
import type { Page } from '../client/queries.ts'
import type { Order, Where } from '../client/where.ts'
import type { Record } from '../model.ts'
import type { RecordData, RecordType } from '../record-type.ts'

/** Tells people something: one line in `orion plugin logs`. */
export type PluginLog = (message: string, details?: object) => void

/** What every function of a plugin may know. `S` is what its settings are parsed to. */
export interface PluginSurroundings<S = unknown> {
  /** Name of the plugin. */
  readonly plugin: string
  readonly settings: S
  readonly log: PluginLog
  /** Aborted when the work is to end: its time is over, or the plugin is being stopped. */
  readonly signal: AbortSignal
}

/** What a plugin works with. */
export interface PluginContext<S = unknown> extends PluginSurroundings<S> {
  /** The store, as the principal `plugin:<name>` and with the scopes that were granted. */
  readonly client: Client
}

/** What a hook works with: it reads, and can't write. */
export interface HookContext<S = unknown> extends PluginSurroundings<S> {
  /** A record, whatever its lifecycle; undefined when there is none. */
  get<T extends RecordType>(type: T, id: string): Promise<Record<RecordData<T>> | undefined>
  /** A page of the records that fit. */
  list<T extends RecordType>(
    type: T,
    selection?: {
      readonly where?: Where<T>
      readonly orderBy?: readonly Order<T>[]
      readonly limit?: number
    },
  ): Promise<Page<T>['records']>
}

/** What a handler of committed events works with. What it writes names the event as its cause. */
export interface ReactionContext<S = unknown> extends PluginContext<S> {
  /**
   * A key that is the same each time this handler is given this event: a write that carries it takes effect once. A handler
   * that writes several times names each.
   */
  idempotencyKey(write?: string): string
}
