/** What the commands about proposals do, but for approving. */

import { proposalType } from '../../../sdk/proposal-states.ts'
import type { ParamsOf, RequestDefinition } from '../../../sdk/protocol/define.ts'
import * as protocol from '../../../sdk/protocol/proposals.ts'
import { GetRecord, ListRecords } from '../../../sdk/protocol/records.ts'
import type { Action } from '../command.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { defined } from '../defined.ts'
import type { CreateProposalFlags, ProposalFlags, ProposalListFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { readValue } from '../read-argument.ts'
import { withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion proposal create` */
export const createProposal: Action<CreateProposalFlags, [string]> = async (
  cli,
  flags,
  argument,
) => {
  const given = await readValue(cli, 'the proposal', argument)
  const said = Array.isArray(given) ? { operations: given } : given
  const parsed = protocol.CreateProposal.params.safeParse(said)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UsageError(`the proposal: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { reason, expires: expiresInMs, priority, submit } = flags
  const options = defined({ reason, expiresInMs, priority, submit: submit || undefined })
  const value = await withClient(cli, flags, (client) =>
    client.request(protocol.CreateProposal, { ...parsed.data, ...options }),
  )
  return await told(cli, flags, value)
}

/** `orion proposal list` */
export const listProposals: Action<ProposalListFlags, []> = async (cli, flags) => {
  const { status = 'pending', limit = 20 } = flags
  const value = await withClient(cli, flags, (client) =>
    client.request(ListRecords, {
      type: proposalType,
      ...(status === 'all' ? {} : { where: { status } }),
      orderBy: [{ field: 'createdAt', direction: 'desc' }],
      limit,
    }),
  )
  await printResult(cli, flags, {
    value,
    people: async () =>
      (await import('../present/proposals.ts')).proposalTable(value, styleOf(cli)),
  })
  return 0
}

/** `orion proposal show` */
export const showProposal: Action<GlobalFlags, [string]> = async (cli, flags, id) => {
  const value = await withClient(cli, flags, (client) =>
    client.request(GetRecord, { type: proposalType, id }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/record.ts')).recordText(value, styleOf(cli)),
  })
  return 0
}

/** `orion proposal diff` */
export const diffProposal: Action<GlobalFlags, [string]> = async (cli, flags, id) => {
  const value = await withClient(cli, flags, (client) =>
    client.request(protocol.DiffProposal, { id }),
  )
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/proposals.ts')).proposalText(value, styleOf(cli)),
  })
  return 0
}

/** `orion proposal submit` */
export const submitProposal: Action<GlobalFlags, [string]> = async (cli, flags, id) =>
  await move(cli, flags, { definition: protocol.SubmitProposal, params: { id } })

/** `orion proposal reject` */
export const rejectProposal: Action<ProposalFlags, [string]> = async (cli, flags, id) => {
  const { comment } = flags
  if (comment === undefined) {
    throw new UsageError('--comment is required', { remedy: 'say why it is rejected' })
  }
  const value = await withClient(cli, flags, async (client) => {
    const { digest = '' } = await client.request(protocol.DiffProposal, { id })
    return await client.request(protocol.RejectProposal, { id, digest, comment })
  })
  return await told(cli, flags, value)
}

/** `orion proposal cancel` */
export const cancelProposal: Action<ProposalFlags, [string]> = async (cli, flags, id) => {
  const { comment } = flags
  const params = { id, ...defined({ comment }) }
  return await move(cli, flags, { definition: protocol.CancelProposal, params })
}

/** `orion proposal execute` */
export const executeProposal: Action<GlobalFlags, [string]> = async (cli, flags, id) =>
  await move(cli, flags, { definition: protocol.ExecuteProposal, params: { id } })

/** Says how far a proposal has come. */
export async function told(
  cli: Cli,
  flags: GlobalFlags,
  value: protocol.ProposalResult,
): Promise<number> {
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/proposals.ts')).movedText(value, styleOf(cli)),
  })
  return 0
}

type Move = RequestDefinition<
  typeof protocol.SubmitProposal.params,
  typeof protocol.SubmitProposal.result
>

async function move(
  cli: Cli,
  flags: GlobalFlags,
  request: {
    readonly definition: Move | typeof protocol.CancelProposal | typeof protocol.ExecuteProposal
    readonly params: ParamsOf<typeof protocol.CancelProposal>
  },
): Promise<number> {
  const { definition, params } = request
  const value = await withClient(cli, flags, (client) => client.request(definition, params))
  return await told(cli, flags, value)
}
