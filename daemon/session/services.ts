/** What the session layer is given by the composition root. */
import type { JsonObject } from '../../sdk/json.ts'
import type { DaemonStatusResult } from '../../sdk/protocol/daemon.ts'
import type { Clock } from '../clock.ts'
import type { EventBus } from '../events/event-bus.ts'
import type { TopicPatterns } from '../events/topic-pattern.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { StoreApi } from '../store/store-api.ts'
import type { Access } from './channel.ts'

/** The parts of the daemon that requests are served with. */
export interface Services {
  readonly store: StoreApi
  readonly bus: EventBus
  readonly patterns: TopicPatterns
  readonly access: Access
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly instanceId: string
  readonly control: DaemonControl
  /** The OpenRPC document of the interface. */
  openRpc(): JsonObject
}

/** What a request may ask of the daemon as a whole. */
export interface DaemonControl {
  /** What a refused client is told to wait; undefined while requests are served. */
  drainingRetryAfterMs(): number | undefined
  /** Ends the daemon soon, for good or for another one; the caller is answered first. */
  end(reason: string, ending: 'shutdown' | 'handover'): void
  status(): DaemonStatusResult
}
