/** What the commands about access tokens do. */
import type { Client } from '../../../sdk/client/client.ts'
import { type Scope, scopes } from '../../../sdk/protocol/schemas.ts'
import {
  CreateToken,
  type CreateTokenParams,
  ListTokens,
  RevokeToken,
} from '../../../sdk/protocol/tokens.ts'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import { defined } from '../defined.ts'
import type { CreateTokenFlags, TokenFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { connectOptions, withClientOf } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion token create` */
export const createToken: Action<CreateTokenFlags, []> = async (cli, flags) => {
  const { name, scope, expires } = flags
  const types = flags.types === undefined ? undefined : typesOf(flags.types)
  const asked = defined({ name, scopes: [...new Set(scope)], types, expiresInMs: expires })
  const value = await withStore(cli, flags, (client) => client.request(CreateToken, asked))
  await printResult(cli, flags, { value, people: () => `${value.token}\n` })
  if (flags.json) return 0
  // Beside the token, so that a script can take stdout as it is.
  const { madeText } = await import('../present/tokens.ts')
  await cli.err.write(madeText(value))
  return 0
}

/** `orion token list` */
export const listTokens: Action<TokenFlags, []> = async (cli, flags) => {
  const value = await withStore(cli, flags, (client) => client.request(ListTokens, {}))
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/tokens.ts')).tokenTable(value, styleOf(cli)),
  })
  return 0
}

/** `orion token revoke` */
export const revokeToken: Action<TokenFlags, [string]> = async (cli, flags, id) => {
  const value = await withStore(cli, flags, (client) => client.request(RevokeToken, { id }))
  await printResult(cli, flags, {
    value,
    people: () =>
      value.revoked.length === 0
        ? 'It had been revoked before.\n'
        : `Revoked ${value.revoked.join(', ')}.\n`,
  })
  return 0
}

async function withStore<T>(
  cli: Cli,
  flags: TokenFlags,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const options = connectOptions(cli, flags)
  if (!flags.inProcess) return await withClientOf(options, use)
  const inProcess = await cli.daemon.inProcess()
  return await withClientOf({ ...options, daemon: 'in-process', inProcess }, use)
}

/** `A,B` for all scopes, or `read=A,B;write=B`; `*` limits nothing. */
function typesOf(text: string): CreateTokenParams['types'] {
  if (text.trim() === '*') return undefined
  if (!text.includes('=')) return wordsOf(text)
  const byScope: { [S in Scope]?: string[] } = {}
  for (const part of text.split(';')) {
    const [name = '', words = ''] = part.split('=')
    const scope = scopes.find((known) => known === name.trim())
    if (scope === undefined) {
      throw new UsageError(`--types: expected a scope before =, got ${JSON.stringify(name)}`, {
        remedy: `the scopes are ${scopes.join(', ')}; as in read=OrionInsight,JobResult;write=JobResult`,
      })
    }
    if (words.trim() !== '*') byScope[scope] = wordsOf(words)
  }
  return byScope
}

function wordsOf(text: string): string[] {
  const words = text.split(',').map((word) => word.trim())
  return words.filter((word) => word !== '')
}
