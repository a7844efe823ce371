/** The daemon itself. */
import type { z } from 'zod'
import type * as protocol from '../../../sdk/protocol/daemon.ts'
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
  context.services.control.shutdown(`daemon/shutdown by ${context.principal}`)
  return null
}
