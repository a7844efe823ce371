/** What of the daemon's status a connection may see. */
import type { DaemonStatusResult } from '../../sdk/protocol/daemon.ts'
import { holdsForAll, type Rights } from './rights.ts'

/**
 * All of it for those who look after the daemon (scope admin for all types). Everybody else sees how the daemon is, and
 * of connections and named positions their own alone: what others are, and what they watch, is not theirs to know.
 *
 * The members are named one by one, so that one that is added is not shown before somebody has decided so.
 */
export function statusFor(rights: Rights, status: DaemonStatusResult): DaemonStatusResult {
  if (holdsForAll(rights, 'admin')) return status
  const { version, instanceId, pid, startedAt, uptimeMs, mode, socket, websocket } = status
  const { store, log, token, floor, engine, queue, aliveBecause, memoryBytes } = status
  const { everyMs, kept, running, next } = status.backups
  const { storeId, epoch, path, sizeBytes, logPages, state } = store
  const own = <T extends { readonly principal: string }>(items: readonly T[]): T[] =>
    items.filter(({ principal }) => principal === rights.principal)
  return {
    version,
    instanceId,
    pid,
    startedAt,
    uptimeMs,
    mode,
    ...(socket === undefined ? {} : { socket }),
    ...(websocket === undefined ? {} : { websocket }),
    store: { path, storeId, epoch, sizeBytes, logPages, state },
    log,
    token,
    floor,
    engine,
    queue,
    positions: own(status.positions),
    connections: own(status.connections),
    aliveBecause,
    backups: { everyMs, kept, running, next },
    // They name places, and are for who can do something about them.
    warnings: [],
    memoryBytes,
  }
}
