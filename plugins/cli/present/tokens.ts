/** Access tokens for people. */
import type { z } from 'zod'
import type { CreateToken, ListTokens, TokenInfo } from '../../../sdk/protocol/tokens.ts'
import type { TextStyle } from '../print.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'
import { age } from './time.ts'

/** The tokens as a table; one that has ended is dim. */
export function tokenTable(
  { tokens }: z.output<typeof ListTokens.result>,
  style: TextStyle,
): string {
  if (tokens.length === 0) return 'No access tokens.\n'
  const { dim } = style.colours
  const { text } = drawTable(
    {
      head: ['id', 'name', 'state', 'scopes', 'expires', 'used'],
      rows: tokens.map((token) => [
        token.id,
        safeText(token.name),
        token.state,
        safeText(scopesText(token)),
        token.expiresAt?.slice(0, 16).replace('T', ' ') ?? 'never',
        token.lastUsedAt === undefined ? 'never' : `${age(token.lastUsedAt, style.now)} ago`,
      ]),
      flexible: [1, 3],
    },
    {
      ...style,
      paint: (cell, row) => (tokens[row]?.state === 'active' ? cell : dim(cell)),
    },
  )
  return text
}

/** What stands beside a token that was just made. */
export function madeText(made: z.output<typeof CreateToken.result>): string {
  const until = made.expiresAt === undefined ? 'until it is revoked' : `until ${made.expiresAt}`
  return [
    `The token of ${safeText(made.name)}, id ${made.id}: ${safeText(scopesText(made))}; ${until}.`,
    'It is not shown again. Whoever has it passes it as --token or ORION_TOKEN.',
    ...made.warnings.map((warning) => `warning: ${safeText(warning)}`),
    '',
  ].join('\n')
}

/** `read, write (JobResult)` */
function scopesText({ scopes, types = {} }: Pick<TokenInfo, 'scopes' | 'types'>): string {
  return scopes
    .map((scope) => {
      const limited = types[scope]
      return limited === undefined ? scope : `${scope} (${limited.join(' ')})`
    })
    .join(', ')
}
