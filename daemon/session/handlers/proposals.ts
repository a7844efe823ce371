/** Proposals: parameters to the governance of the store, its answer back. */
import type * as protocol from '../../../sdk/protocol/proposals.ts'
import type { Serves } from '../route.ts'

/** What serves the requests about proposals. */
export const proposals: {
  readonly create: Serves<typeof protocol.CreateProposal>
  readonly submit: Serves<typeof protocol.SubmitProposal>
  readonly approve: Serves<typeof protocol.ApproveProposal>
  readonly reject: Serves<typeof protocol.RejectProposal>
  readonly cancel: Serves<typeof protocol.CancelProposal>
  readonly execute: Serves<typeof protocol.ExecuteProposal>
  readonly diff: Serves<typeof protocol.DiffProposal>
  readonly initApprover: Serves<typeof protocol.InitApprover>
} = {
  create: (params, context) => context.services.governance.proposals.create(params, context),
  submit: (params, context) => context.services.governance.proposals.submit(params, context),
  approve: (params, context) => context.services.governance.proposals.approve(params, context),
  reject: (params, context) => context.services.governance.proposals.reject(params, context),
  cancel: (params, context) => context.services.governance.proposals.cancel(params, context),
  execute: (params, context) => context.services.governance.proposals.execute(params, context),
  diff: (params, context) => context.services.governance.difference(params, context),
  initApprover: (params, context) => context.services.governance.initApprover(params, context),
}
