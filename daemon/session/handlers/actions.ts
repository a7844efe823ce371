/** Actions and simulations: parameters to the governance of the store, its answer back. */
import type * as protocol from '../../../sdk/protocol/actions.ts'
import type { Serves } from '../route.ts'

/** What serves the requests about actions. */
export const actions: {
  readonly list: Serves<typeof protocol.ListActions>
  readonly describe: Serves<typeof protocol.DescribeAction>
  readonly execute: Serves<typeof protocol.ExecuteAction>
  readonly simulate: Serves<typeof protocol.RunSimulation>
  readonly apply: Serves<typeof protocol.ApplySimulation>
} = {
  list: (_params, context) => context.services.governance.listActions(context),
  describe: ({ action }, context) => context.services.governance.describeAction(action, context),
  execute: (params, context) => context.services.governance.executeAction(params, context),
  simulate: (params, context) => context.services.governance.simulate(params, context),
  apply: (params, context) => context.services.governance.applySimulation(params, context),
}
