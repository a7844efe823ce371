/** What the session layer is given by the composition root. */
import type { z } from 'zod'
import type { OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { DaemonStatusResult } from '../../sdk/protocol/daemon.ts'
import type * as upkeep from '../../sdk/protocol/upkeep.ts'
import type { Warning } from '../../sdk/protocol/upkeep.ts'
import type { Clock } from '../clock.ts'
import type { EventBus } from '../events/event-bus.ts'
import type { TopicPatterns } from '../events/topic-pattern.ts'
import type { Governance } from '../governance/governance.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { StoreApi } from '../store/store-api.ts'
import type { Access } from './channel.ts'

/** The parts of the daemon that requests are served with. */
export interface Services {
  readonly store: StoreApi
  readonly bus: EventBus
  readonly governance: Governance
  readonly plugins: PluginHost
  readonly patterns: TopicPatterns
  readonly access: Access
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly instanceId: string
  readonly control: DaemonControl
  readonly upkeep: StoreUpkeep
  /** The OpenRPC document of the interface. */
  openRpc(): JsonObject
}

type Params<D extends { readonly params: z.ZodType }> = z.output<D['params']>
type Result<D extends { readonly result: z.ZodType }> = z.output<D['result']>

/** The upkeep of the store, which goes beyond what the open store can do itself. */
export interface StoreUpkeep {
  backups(): Result<typeof upkeep.ListBackups>
  /** Goes back to a backup: resolves when that is decided; the daemon then begins anew. */
  restore(params: Params<typeof upkeep.RestoreStore>): Promise<Result<typeof upkeep.RestoreStore>>
  check(
    params: Params<typeof upkeep.CheckStore>,
    signal: AbortSignal,
  ): Promise<Result<typeof upkeep.CheckStore>>
  settle(params: Params<typeof upkeep.SettleStore>): Promise<Result<typeof upkeep.SettleStore>>
}

/** What a request may ask of the daemon as a whole. */
export interface DaemonControl {
  /** What a refused client is told to wait; undefined while requests are served. */
  drainingRetryAfterMs(): number | undefined
  /** Ends the daemon soon, for good or for another one; the caller is answered first. */
  end(reason: string, ending: 'shutdown' | 'handover'): void
  status(): DaemonStatusResult
  /** What somebody should look at. */
  warnings(): readonly Warning[]
  /** Why nothing but upkeep is served; undefined when everything is. */
  maintenance(): OrionError | undefined
}
