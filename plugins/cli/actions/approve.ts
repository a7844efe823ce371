/** Approving: what is approved is seen first, and nobody answers for a person. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Client } from '../../../sdk/client/client.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import { systemCode } from '../../../sdk/launch/launch-error.ts'
import { ApproveProposal, DiffProposal, InitApprover } from '../../../sdk/protocol/proposals.ts'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import { defined } from '../defined.ts'
import type { ApproveFlags, ApproverFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { connectOptions, withClient, withClientOf } from '../store-client.ts'
import { agrees, askHidden, assertTerminal } from '../terminal-questions.ts'
import { UsageError } from '../usage-error.ts'
import { askSecret, readKey } from './approver-secret.ts'
import { told } from './proposals.ts'

/** `orion proposal approve` */
export const approveProposal: Action<ApproveFlags, [string]> = async (cli, flags, id) => {
  const { comment, keyFile } = flags
  const key = keyFile === undefined ? undefined : readKey(cli, keyFile)
  const value = await withClient(cli, flags, async (client) => {
    const seen = await client.request(DiffProposal, { id })
    const digest = flags.digest ?? seen.digest ?? ''
    if (flags.digest === undefined) {
      assertTerminal(cli, 'name what you have seen with --digest; `orion proposal diff` tells it')
      await cli.err.write(
        (await import('../present/proposals.ts')).proposalText(seen, styleOf(cli)),
      )
      if (!(await agrees(cli, 'Approve exactly this?'))) return undefined
    }
    const approverSecret = key ?? (seen.approver ? await askSecret(cli) : undefined)
    return await client.request(ApproveProposal, {
      id,
      digest,
      ...defined({ comment, approverSecret }),
    })
  })
  if (value !== undefined) return await told(cli, flags, value)
  await cli.err.write('Not approved.\n')
  return 1
}

/** `orion approver init` */
export const initApprover: Action<ApproverFlags, []> = async (cli, flags) => {
  const { keyFile, currentKeyFile } = flags
  const current = currentKeyFile === undefined ? undefined : readKey(cli, currentKeyFile)
  const secret = keyFile === undefined ? await askNewSecret(cli) : readOrMakeKey(cli, keyFile)
  const options = connectOptions(cli, flags)
  const where = flags.inProcess
    ? ({ ...options, daemon: 'in-process', inProcess: await cli.daemon.inProcess() } as const)
    : options
  const value = await withClientOf(where, (client) => setSecret(cli, client, { secret, current }))
  await printResult(cli, flags, {
    value,
    people: () => 'From now on approving needs it. Keep it where agents can’t reach.\n',
  })
  return 0
}

/** What nobody sees is typed twice, or a slip would lock everybody out. */
async function askNewSecret(cli: Cli): Promise<string> {
  assertTerminal(cli, 'take --key-file')
  const secret = await askHidden(cli, 'New passphrase of the approver (not shown): ')
  if ((await askHidden(cli, 'Once more: ')) === secret) return secret
  throw new UsageError('expected the same passphrase twice, got two different ones', {
    remedy: 'run it again; nothing was changed',
  })
}

/** Sets the secret; the present one, if there is one and no file was named, is asked for. */
async function setSecret(
  cli: Cli,
  client: Client,
  given: { readonly secret: string; readonly current: string | undefined },
) {
  const { secret, current } = given
  try {
    return await client.request(InitApprover, { secret, ...defined({ current }) })
  } catch (error) {
    const isAsked = isOrionError(error, 'forbidden') && error.data.needs === 'approver'
    if (!isAsked || current !== undefined || !cli.stdin.isTTY) throw error
    const present = await askHidden(cli, 'Present passphrase of the approver (not shown): ')
    return await client.request(InitApprover, { secret, current: present })
  }
}

function readOrMakeKey(cli: Cli, file: string): string {
  const path = resolve(cli.cwd, file)
  const secret = randomBytes(32).toString('base64url')
  try {
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return secret
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return readKey(cli, file)
    throw new UsageError(`can't make the key file ${path}: ${systemCode(cause)}`, { cause })
  }
}
