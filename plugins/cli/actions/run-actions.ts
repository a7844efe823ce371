/** What the commands about actions and simulations do. */
import {
  DescribeAction,
  ExecuteAction,
  ListActions,
  RunSimulation,
} from '../../../sdk/protocol/actions.ts'
import type { Action } from '../command.ts'
import type { GlobalFlags } from '../context.ts'
import { defined } from '../defined.ts'
import type { RunActionFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { readObject, readValue } from '../read-argument.ts'
import { withClient } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion action list` */
export const listActions: Action<GlobalFlags, []> = async (cli, flags) => {
  const value = await withClient(cli, flags, (client) => client.request(ListActions, {}))
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/proposals.ts')).actionTable(value, styleOf(cli)),
  })
  return 0
}

/** `orion action describe` */
export const describeAction: Action<GlobalFlags, [string]> = async (cli, flags, action) => {
  const value = await withClient(cli, flags, (client) => client.request(DescribeAction, { action }))
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/proposals.ts')).actionText(value, styleOf(cli)),
  })
  return 0
}

/** `orion action run` */
export const runAction: Action<RunActionFlags, [string]> = async (cli, flags, action) => {
  const params = flags.params === undefined ? {} : await readObject(cli, '--params', flags.params)
  const { reason, idempotencyKey, dryRun, yes } = flags
  const value = await withClient(cli, flags, async (client) => {
    const { dangerous } = await client.request(DescribeAction, { action })
    if (dangerous && !yes && !dryRun) {
      throw new UsageError(`${action} is dangerous`, {
        remedy: 'look at it with `orion simulate`, then repeat with --yes',
      })
    }
    const options = defined({ reason, idempotencyKey, dryRun: dryRun || undefined })
    return await client.request(ExecuteAction, { action, params, ...options })
  })
  await printResult(cli, flags, {
    value,
    people: async () => (await import('../present/proposals.ts')).doneText(value, styleOf(cli)),
  })
  return 0
}

/** `orion simulate` */
export const simulate: Action<GlobalFlags, [string]> = async (cli, flags, argument) => {
  const given = await readValue(cli, 'the plan', argument)
  const plan = RunSimulation.params.safeParse(Array.isArray(given) ? { operations: given } : given)
  if (!plan.success) {
    const [issue] = plan.error.issues
    throw new UsageError(`the plan: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const value = await withClient(cli, flags, (client) => client.request(RunSimulation, plan.data))
  await printResult(cli, flags, {
    value,
    people: async () =>
      (await import('../present/proposals.ts')).simulationText(value, styleOf(cli)),
  })
  return value.steps.every(({ ok }) => ok) ? 0 : 1
}
