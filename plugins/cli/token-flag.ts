import { formatToken, parseToken, type Token } from '../../sdk/model.ts'
import { UsageError } from './usage-error.ts'

/**
 * The token that a flag gives.
 *
 * @throws UsageError when the text is none.
 */
export function parseTokenFlag(flag: string, text: string): Token
export function parseTokenFlag(flag: string, text: string | undefined): Token | undefined
export function parseTokenFlag(flag: string, text: string | undefined): Token | undefined {
  if (text === undefined) return undefined
  const position = parseToken(text)
  if (position !== undefined) return formatToken(position)
  throw new UsageError(`${flag}: expected a token such as o1.k3f9.a41c.1207, got ${text}`, {
    remedy: 'take the `token` of an answer or of an event',
  })
}
