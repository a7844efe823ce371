/** Commands about access tokens. */
import { scopes } from '../../../sdk/protocol/schemas.ts'
import { command, globalFlags } from '../command.ts'
import type { CreateTokenFlags, TokenFlags } from '../flags.ts'
import { parseDuration } from '../parse-flags.ts'

const tokenFlags = {
  ...globalFlags,
  inProcess: {
    kind: 'boolean',
    default: false,
    withNegated: false,
    brief: 'Open the store here if no daemon runs; needs no token, whatever the configuration says',
  },
} as const

/** `orion token create` */
export const createTokenCommand = command<CreateTokenFlags>({
  brief: 'Make an access token; it is shown this once',
  about:
    'Makes a token that gives its own principal and scopes, never more than yours. The token alone goes to stdout.',
  examples: [
    [
      "token create --name agent:claude --scope read,propose --types 'OrionInsight,JobResult' --expires 30d",
      'both scopes, for two record types',
    ],
    [
      "token create --name ci:nightly --scope read,write --types 'write=JobResult'",
      'reads everything, writes job results',
    ],
  ],
  parameters: {
    flags: {
      ...tokenFlags,
      name: {
        kind: 'parsed',
        parse: String,
        placeholder: 'NAME',
        brief: 'Who it stands for, such as agent:claude; the principal of all that is done with it',
      },
      scope: {
        kind: 'enum',
        values: scopes,
        variadic: ',',
        brief: 'What it allows',
      },
      types: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'TYPE,…',
        brief: 'Only for these record types; by scope as read=A,B;write=B',
      },
      expires: {
        kind: 'parsed',
        parse: parseDuration,
        optional: true,
        placeholder: 'SPAN',
        brief: 'Ends after a span such as 12h or 30d; else it lasts until it is revoked',
      },
    },
  },
  load: async () => (await import('../actions/tokens.ts')).createToken,
})

/** `orion token list` */
export const listTokensCommand = command<TokenFlags>({
  brief: 'List the access tokens, without their secrets',
  parameters: { flags: tokenFlags },
  load: async () => (await import('../actions/tokens.ts')).listTokens,
})

/** `orion token revoke` */
export const revokeTokenCommand = command<TokenFlags, [string]>({
  brief: 'End an access token; open connections lose their rights at once',
  examples: [['token revoke 3f0k9q2m7x1a', 'its id, as `orion token list` shows it']],
  parameters: {
    flags: tokenFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'ID', brief: 'Its id, or the token itself' }],
    },
  },
  load: async () => (await import('../actions/tokens.ts')).revokeToken,
})
