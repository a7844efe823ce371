/** Proposals, actions and simulations for people. */
import type { z } from 'zod'
import { counted } from '../../../sdk/counted.ts'
import type { Json } from '../../../sdk/json.ts'
import type {
  ActionInfo,
  DescribeAction,
  ExecuteAction,
  SimulationResult,
} from '../../../sdk/protocol/actions.ts'
import type { ProposalDifference, ProposalResult } from '../../../sdk/protocol/proposals.ts'
import type { ListRecords } from '../../../sdk/protocol/records.ts'
import type { TextStyle } from '../print.ts'
import { cellText, cut } from './cell.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'
import { age } from './time.ts'

/** What a proposal would change: each operation with its fields, old before new. */
export function proposalText(seen: ProposalDifference, { colours }: TextStyle): string {
  const { bold, dim, red, yellow } = colours
  const who = `${seen.status}, by ${seen.createdBy}, ${seen.approvals} of ${seen.quorum} approvals`
  const lines = [
    `${bold(safeText(`${seen.actionType} ${seen.id}`))}  ${safeText(who)}`,
    ...(seen.reason === undefined ? [] : [safeText(seen.reason, { lines: true })]),
    ...(seen.expiresAt === undefined ? [] : [dim(`void after ${seen.expiresAt}`)]),
    '',
    ...seen.operations.flatMap((one) => operationLines(one, colours)),
    ...seen.moved.map(({ type, id, expected, found }) =>
      yellow(
        safeText(
          `! ${type} ${id} has moved from version ${expected ?? 'none'} to ${found ?? 'none'}: the proposal is void`,
        ),
      ),
    ),
    ...(seen.problem === undefined ? [] : [red(safeText(`! it would fail: ${seen.problem}`))]),
    ...(seen.digest === undefined ? [] : ['', dim(`digest ${seen.digest}`)]),
  ]
  return `${lines.join('\n')}\n`
}

const signs = { create: '+', update: '~', delete: '-', archive: '-', restore: '+' } as const

function operationLines(
  one: ProposalDifference['operations'][number],
  { bold, red, green }: TextStyle['colours'],
): string[] {
  const base = one.base === null ? '' : `  version ${one.base}`
  const title = bold(safeText(`${signs[one.op]} ${one.op} ${one.type} ${one.id}`)) + base
  return [
    title,
    ...one.fields.flatMap(({ field, before, after }) => [
      ...(before === undefined ? [] : [red(`    - ${fieldText(field, before)}`)]),
      ...(after === undefined ? [] : [green(`    + ${fieldText(field, after)}`)]),
    ]),
  ]
}

function fieldText(field: string, value: Json): string {
  return `${safeText(field)}: ${cut(cellText(value), 200)}`
}

/** How far a proposal has come. */
export function movedText(value: ProposalResult, { colours }: TextStyle): string {
  const { id, status, approvals, quorum, digest } = value
  const counted = status === 'pending' ? `, ${approvals} of ${quorum} approvals` : ''
  const shown =
    digest === undefined || status === 'executed' ? '' : colours.dim(`digest ${digest}\n`)
  return `${colours.bold(safeText(id))} is ${status}${counted}\n${shown}`
}

/** Proposals as a table. */
export function proposalTable(
  { records }: z.output<typeof ListRecords.result>,
  style: TextStyle,
): string {
  if (records.length === 0) return 'No such proposals.\n'
  const { text } = drawTable(
    {
      head: ['id', 'state', 'priority', 'action', 'by', 'age', 'reason'],
      rows: records.map(({ id, data, createdBy, createdAt }) => [
        safeText(id),
        cellText(data.status),
        cellText(data.priority),
        cellText(data.actionType),
        safeText(createdBy),
        age(createdAt, style.now),
        cut(cellText(data.reason), 60),
      ]),
      flexible: [3, 6],
    },
    style,
  )
  return text
}

/** Actions as a table. */
export function actionTable(
  { actions }: { readonly actions: readonly ActionInfo[] },
  style: TextStyle,
): string {
  if (actions.length === 0) return 'No actions.\n'
  const { text } = drawTable(
    {
      head: ['action', 'types', 'what'],
      rows: actions.map((one) => [one.name, one.types.join(', '), traitsText(one)]),
      flexible: [2],
    },
    style,
  )
  return text
}

function traitsText({ description, requiresProposal, dangerous }: ActionInfo): string {
  const traits = [
    ...(requiresProposal ? ['has to be approved'] : []),
    ...(dangerous ? ['dangerous'] : []),
  ]
  return safeText(traits.length === 0 ? description : `${description} (${traits.join(', ')})`)
}

/** One action, with what it takes. */
export function actionText(
  action: z.output<typeof DescribeAction.result>,
  { colours }: TextStyle,
): string {
  const input = safeText(JSON.stringify(action.input, null, 2), { lines: true })
  return `${colours.bold(action.name)}  ${action.types.join(', ')}\n${traitsText(action)}\n\n${input}\n`
}

/** What an action has done. */
export function doneText(
  { action, id, results, changed, warnings = [] }: z.output<typeof ExecuteAction.result>,
  { colours }: TextStyle,
): string {
  const lines = [
    `${colours.bold(action)} ${changed ? `done, logged as ${id}` : 'would do this'}`,
    ...results.map((one) => safeText(`  ${one.type} ${one.id}  version ${one.version}`)),
    ...warnings.map((warning) => colours.yellow(safeText(`! afterwards: ${warning}`))),
  ]
  return `${lines.join('\n')}\n`
}

/** What a simulation showed. */
export function simulationText(seen: SimulationResult, { colours }: TextStyle): string {
  const { bold, dim, red, green } = colours
  const gone = [
    ...seen.deleted.map((one) => ['delete', one] as const),
    ...seen.archived.map((one) => ['archive', one] as const),
  ]
  const lines = [
    ...seen.steps.map(({ action = 'operations', ok, operations, error }) =>
      ok
        ? dim(safeText(`${action}: ${counted(operations, 'operation')}`))
        : red(safeText(`${action}: ${error?.message ?? 'failed'}`)),
    ),
    ...seen.created.flatMap(({ type, id, data }) => [
      bold(safeText(`+ create ${type} ${id}`)),
      ...Object.entries(data).map(([field, value]) => green(`    + ${fieldText(field, value)}`)),
    ]),
    ...seen.updated.flatMap(({ type, id, version, fields }) =>
      operationLines({ op: 'update', type, id, base: version, current: version, fields }, colours),
    ),
    ...gone.map(([what, { type, id }]) => bold(safeText(`- ${what} ${type} ${id}`))),
    ...seen.restored.map(({ type, id }) => bold(safeText(`+ restore ${type} ${id}`))),
    dim(`nothing of it has happened; digest ${seen.digest}`),
  ]
  return `${lines.join('\n')}\n`
}
