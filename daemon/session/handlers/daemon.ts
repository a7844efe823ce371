/** The daemon itself. */
import type { z } from 'zod'
import type * as protocol from '../../../sdk/protocol/daemon.ts'
import type { StoreApi } from '../../store/store-api.ts'
import type { RequestContext } from '../request-context.ts'

export const status = (_params: unknown, context: RequestContext): protocol.DaemonStatusResult =>
  context.services.control.status()

export const backup = (
  params: z.output<typeof protocol.BackupStore.params>,
  context: RequestContext,
): ReturnType<StoreApi['backup']> => context.services.store.backup(params?.path, context.signal)

export const shutdown = (_params: unknown, context: RequestContext): null => {
  context.services.control.shutdown(`daemon/shutdown by ${context.principal}`)
  return null
}
