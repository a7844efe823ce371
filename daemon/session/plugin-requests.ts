/** What holds for the requests of plugins beside their rights: loops are cut, and hooks can't write. */
import { OrionError } from '../../sdk/errors.ts'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import { onlyReads } from '../../sdk/protocol/only-reads.ts'
import type { RequestContext } from './request-context.ts'

/** @throws OrionError `forbidden` when what a plugin is about to do follows from too many events. */
export function assertMayFollow({ session: { channel } }: RequestContext, params: unknown): void {
  if (channel.kind !== 'plugin') return
  if (typeof params !== 'object' || params === null || !('cause' in params)) return
  if (typeof params.cause === 'string') channel.seat.assertMayFollow(params.cause)
}

/**
 * What the write of a plugin has to wait for; undefined when it may go on, as what is no plugin's may at once. Rejects as
 * `overloaded` when a hook of it gave no answer meanwhile: perhaps that waited for this very write.
 */
export function afterItsHooks(
  { session: { channel } }: RequestContext,
  definition: RequestDefinition,
): Promise<void> | undefined {
  if (channel.kind !== 'plugin') return undefined
  // What needs no scope changes nothing by itself.
  if (definition.scope === undefined || onlyReads(definition)) return undefined
  return channel.seat.hooksOutcome?.then((outcome) => {
    if (outcome === 'answered') return
    const message = 'a hook of this plugin gave no answer while this waited for it'
    throw new OrionError('overloaded', message, {
      retryAfterMs: retryAfterHookMs,
      remedy: 'a hook can’t write: let it return what is to change, or write in `afterCommit`',
    })
  })
}

const retryAfterHookMs = 100
