/** Positions of one store as tokens. */
import { formatToken, type Token } from '../../sdk/model.ts'

/**
 * Makes the tokens of one store and epoch. One write asks for the same token several times, so the last one is kept.
 */
export function tokensOf(identity: {
  readonly storeId: string
  readonly epoch: string
}): (seq: number) => Token {
  let lastSeq = 0
  let last = formatToken({ ...identity, seq: 0 })
  const prefix = last.slice(0, -1)
  return (seq) => {
    if (seq === lastSeq) return last
    lastSeq = seq
    last = `${prefix}${seq}` as Token
    return last
  }
}
