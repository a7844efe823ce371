/** Where in the log a client's token leads. */
import type { Token } from '../../sdk/model.ts'
import type { GapReason } from '../events/subscriber.ts'
import type { RequestContext } from './request-context.ts'

/** A position to read on from, and the gap before it, if there is one. */
export interface StartPosition {
  readonly seq: number
  readonly gap: GapReason | undefined
}

/**
 * The position of a token. One of another epoch, or from before the floor, leads to the floor with a gap; one
 * from the future is waited for.
 *
 * @throws OrionError `token_invalid`.
 */
export async function startAt(token: Token, context: RequestContext): Promise<StartPosition> {
  const { store } = context.services
  const seq = store.seqOf(token)
  if (seq === 'epoch') return { seq: store.log.floorSeq, gap: 'epoch' }
  if (seq < store.log.floorSeq) return { seq: store.log.floorSeq, gap: 'compacted' }
  if (seq > store.log.durableSeq) await store.waitFor(token, context)
  return { seq, gap: undefined }
}
