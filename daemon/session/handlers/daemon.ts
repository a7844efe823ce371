/** The daemon itself. */
import type { z } from 'zod'
import { OrionError } from '../../../sdk/errors.ts'
import type * as protocol from '../../../sdk/protocol/daemon.ts'
import { compareVersions } from '../../../sdk/version.ts'
import type { StoreApi } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'
import { statusFor } from '../status-view.ts'

/** How the daemon is, as far as the caller may know. */
export const status = (_params: unknown, context: RequestContext): protocol.DaemonStatusResult =>
  statusFor(context.session.rights, context.services.control.status())

/** A consistent copy of the store; given up when the client cancels. */
export const backup = (
  params: z.output<typeof protocol.BackupStore.params>,
  context: RequestContext,
): ReturnType<StoreApi['backup']> => context.services.store.backup(params?.path, context.signal)

/** Forgets old events. */
export const compact = (
  params: z.output<typeof protocol.CompactStore.params>,
  context: RequestContext,
): ReturnType<StoreApi['compact']> => context.services.store.compact(params?.before)

/** Ends the daemon after this was answered. */
export const shutdown = (_params: unknown, context: RequestContext): null => {
  context.services.control.end(`daemon/shutdown by ${context.principal}`, 'shutdown')
  return null
}

/** Ends the daemon after this was answered, so that a newer one, or another of the same version, goes on. */
export const handOver = (
  params: z.output<typeof protocol.HandOverDaemon.params>,
  context: RequestContext,
): null => {
  const { version, force = false } = params ?? {}
  const { services, principal } = context
  if (version !== undefined && !force && compareVersions(version, services.version) < 0) {
    throw new OrionError(
      'invalid_request',
      `expected a daemon of version ${services.version} or later to take over, got ${version}`,
      { remedy: 'use the newer installation, or pass force to go back to the older one' },
    )
  }
  const to = version === undefined ? '' : ` to version ${version}`
  services.control.end(`daemon/handover${to} by ${principal}`, 'handover')
  return null
}
