import { type Position, parseToken } from '../model.ts'
import type { Session } from './session.ts'

/**
 * The newest position that a client was told, so that what it reads next is never older.
 *
 * One daemon never goes back on one connection. After a reconnect its greeting usually proves that it has come as far;
 * only one that has not is asked to answer as of the position, or not at all.
 */
export class SeenPosition {
  #newest: (Position & { readonly token: string }) | undefined

  /** Notes a position that the daemon of a session told. */
  note(token: string, session: Pick<Session, 'reach'>): void {
    const position = parseToken(token)
    if (position === undefined) return
    session.reach(position)
    const newest = this.#newest
    // Another epoch is another life of the log: what was seen of the one before does not bind it.
    if (newest?.epoch === position.epoch && newest.seq >= position.seq) return
    this.#newest = { ...position, token }
  }

  /** The position that a read over this session has to ask for; undefined when it is reached for certain. */
  neededFrom(session: Pick<Session, 'reached'>): string | undefined {
    const newest = this.#newest
    const { reached } = session
    if (newest === undefined || reached === undefined || newest.epoch !== reached.epoch) {
      return undefined
    }
    return newest.seq > reached.seq ? newest.token : undefined
  }
}

/** The parameters of a read that asks for a position, unless they ask for a later one or for another epoch. */
export function askAtLeast(params: object, token: string): object {
  const asked = 'atLeast' in params && typeof params.atLeast === 'string' ? params.atLeast : token
  const [wanted, needed] = [parseToken(asked), parseToken(token)]
  if (wanted === undefined || needed === undefined) return params
  const stands = wanted.epoch !== needed.epoch || wanted.seq > needed.seq
  return stands ? params : { ...params, atLeast: token }
}
