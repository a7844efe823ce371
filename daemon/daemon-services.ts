/** Puts together what the sessions of a daemon are given. */
import type { JsonObject } from '../sdk/json.ts'
import type { DaemonStatusResult } from '../sdk/protocol/daemon.ts'
import { VERSION } from '../sdk/version.ts'
import type { Config } from './config.ts'
import { TopicPatterns } from './events/topic-pattern.ts'
import type { Shutdown } from './lifecycle/shutdown.ts'
import type { Log } from './log.ts'
import { type OpenedStore, warningsOf } from './opened-store.ts'
import type { AccessTokens } from './session/access/access-tokens.ts'
import { openRpcDocument } from './session/open-rpc.ts'
import type { Services } from './session/services.ts'

/** The parts of a daemon that its sessions need. */
export interface ServiceParts
  extends Pick<Services, 'bus' | 'governance' | 'plugins' | 'clock' | 'instanceId' | 'upkeep'> {
  readonly opened: OpenedStore
  readonly tokens: AccessTokens
  readonly shutdown: Shutdown
  readonly status: () => DaemonStatusResult
}

/** What requests are served with. */
export function servicesOf(
  parts: ServiceParts,
  { config, log }: { readonly config: Config; readonly log: Log },
): Services {
  const { opened, bus, governance, plugins, tokens, clock, instanceId, shutdown, status, upkeep } =
    parts
  const { limits, requireToken } = config
  return {
    store: opened.store,
    bus,
    governance,
    plugins,
    patterns: new TopicPatterns(limits),
    access: { tokens, requireToken },
    limits,
    clock,
    log,
    version: VERSION,
    instanceId,
    control: {
      drainingRetryAfterMs: () => shutdown.retryAfterMs,
      end: (reason, ending) => void shutdown.begin(reason, ending),
      status,
      warnings: () => warningsOf(opened),
      maintenance: () => opened.maintenance,
    },
    upkeep,
    openRpc: lazily(() => openRpcDocument(VERSION)),
  }
}

function lazily(make: () => JsonObject): () => JsonObject {
  let made: JsonObject | undefined
  return () => {
    made ??= make()
    return made
  }
}
