/** Cuts loops of plugins that react to what plugins write. */
import type { RequestContext } from './request-context.ts'

/** @throws OrionError `forbidden` when what a plugin is about to do follows from too many events. */
export function assertMayFollow({ session: { channel } }: RequestContext, params: unknown): void {
  if (channel.kind !== 'plugin') return
  if (typeof params !== 'object' || params === null || !('cause' in params)) return
  if (typeof params.cause === 'string') channel.seat.assertMayFollow(params.cause)
}
