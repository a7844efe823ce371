import type { JsonObject } from '../../sdk/json.ts'
import type { Plugin } from '../../sdk/plugin/define-plugin.ts'
import type { TransportLimits } from '../../sdk/transport/transport-limits.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { StoreApi } from '../store/store-api.ts'

/** A plugin that runs inside this process and may do what it asks for. */
export interface LocalPlugin {
  readonly plugin: Plugin
  /** As a person would have set them; the plugin checks them itself. */
  readonly settings?: JsonObject
}

/** What the host of a store's plugins is made of. */
export interface PluginHostParts {
  readonly store: StoreApi
  readonly storeDirectory: string
  /** Where the key of the grants lies; nothing can be granted without it. */
  readonly stateDirectory: string | undefined
  readonly limits: Limits
  readonly transportLimits: Partial<TransportLimits>
  readonly clock: Clock
  readonly log: Log
  /** Names of actions that are the daemon's own, and of record types that are. */
  readonly ownActions: readonly string[]
  readonly ownTypes: readonly string[]
  /** Whether plugins run from the start, or when they are first needed. */
  readonly startsAtOnce: boolean
  /** As tests want them. */
  readonly local: readonly LocalPlugin[]
}
