/** A proposal as it is reviewed: what it would change now, why, by whom, and what has moved since. Plain text. */
import type { ConflictData } from '../../../../sdk/errors.ts'
import type { Json, JsonObject } from '../../../../sdk/json.ts'
import type { Record } from '../../../../sdk/model.ts'
import type { ProposalDifference } from '../../../../sdk/protocol/proposals.ts'
import { textAt, textsAt } from './data-access.ts'
import { counted, fullTime } from './instants.ts'
import { valueText } from './record-document.ts'
import { visibleLine, visibleText } from './visible-text.ts'

type Operation = ProposalDifference['operations'][number]

/** The whole of a proposal. */
export function proposalLines(record: Record, seen: ProposalDifference): string[] {
  const { data } = record
  const priority = textAt(data, 'priority')
  const evidence = textsAt(data, 'evidence').map((one) => `  - ${visibleLine(one, 300)}`)
  const comment = textAt(data, 'reviewComment')
  return [
    `Proposal  ${visibleLine(seen.id, 255)}`,
    `version ${seen.version} · ${stateLine(seen)}${priority === '' ? '' : ` · priority ${priority}`}`,
    ...warningLines(seen),
    '',
    `${'action'.padEnd(16)}  ${visibleLine(seen.actionType)}`,
    `${'proposed by'.padEnd(16)}  ${visibleLine(seen.createdBy)}, ${fullTime(record.createdAt)}`,
    ...(seen.expiresAt === undefined
      ? []
      : [`${'void after'.padEnd(16)}  ${fullTime(seen.expiresAt)}`]),
    ...(seen.reason === undefined
      ? []
      : ['', 'reason', indented(cutLines(seen.reason, reasonMaxLines))]),
    ...(evidence.length === 0 ? [] : ['', 'evidence', ...evidence]),
    ...(comment === '' ? [] : ['', 'comment', indented(cutLines(comment, reasonMaxLines))]),
    ...resultLines(data),
    '',
    'What it would change',
    ...seen.operations.slice(0, operationsMax).flatMap(operationLines),
    ...(seen.operations.length > operationsMax
      ? [
          `! Cut here: ${counted(seen.operations.length - operationsMax, 'further operation')}; \`orion proposal diff\` prints all.`,
        ]
      : []),
    ...(seen.digest === undefined ? [] : ['', `digest ${seen.digest}`]),
  ]
}

/** What a person is asked about, in a few lines: enough to know it again, and where it is cut it says so. */
export function questionText(seen: ProposalDifference): string {
  const operations = seen.operations.slice(0, questionMax).map((one) => `• ${operationTitle(one)}`)
  const rest = seen.operations.length - operations.length
  return [
    `${visibleLine(seen.actionType, 80)}, proposed by ${visibleLine(seen.createdBy, 60)}`,
    ...(seen.reason === undefined ? [] : [`“${visibleLine(seen.reason, 300)}”`]),
    '',
    ...operations,
    ...(rest > 0
      ? [`• and ${counted(rest, 'further operation')}: look at all of them before you decide`]
      : []),
    ...(seen.problem === undefined ? [] : ['', `It would fail: ${visibleLine(seen.problem, 300)}`]),
    '',
    `${seen.approvals} of ${counted(seen.quorum, 'approval')} so far. Digest ${seen.digest?.slice(0, 12) ?? 'none'}`,
  ].join('\n')
}

/** Why nothing can be decided about a proposal any more; undefined when it can. */
export function voidReason(seen: ProposalDifference): string | undefined {
  const [first] = seen.moved
  if (first !== undefined) {
    const others =
      seen.moved.length > 1 ? ` and ${counted(seen.moved.length - 1, 'other record')}` : ''
    return `${movedText(first)}${others}`
  }
  switch (seen.status) {
    case 'stale':
      return 'what it is based on has changed'
    case 'expired':
      return 'its time is over'
    case 'rejected':
    case 'executed':
    case 'failed':
    case 'cancelled':
      return `it has been ${seen.status === 'failed' ? 'tried, and failed' : seen.status} already`
    default:
      return undefined
  }
}

/** Why a move of a proposal was refused. */
export function refusalText({ reason, status, moved = [] }: ConflictData): string {
  const [first] = moved
  if (first !== undefined) return `The proposal is void: ${movedText(first)}.`
  if (reason === 'digest') {
    return 'The proposal is not what you have seen any more: look at it again, and decide then.'
  }
  return status === undefined
    ? 'Somebody else was first: look at the proposal again.'
    : `The proposal is ${status} by now: nothing was done.`
}

/** One operation in a line: `update OrionInsight i-42 (confidenceScore, tags)`. */
export function operationTitle({ op, type, id, fields }: Operation): string {
  const names = fields.slice(0, 6).map(({ field }) => visibleLine(field, 40))
  const rest = fields.length > 6 ? ', …' : ''
  const changed = names.length === 0 || op === 'delete' ? '' : ` (${names.join(', ')}${rest})`
  return `${op} ${type} ${visibleLine(id, 80)}${changed}`
}

/** The data before and after an operation; with the whole record where it is known, else of the fields alone. */
export function sidesOf(
  { op, fields }: Operation,
  base: JsonObject | undefined,
): { readonly before: JsonObject; readonly after: JsonObject } {
  const before = new Map(Object.entries(base ?? {}))
  const after = new Map(before)
  for (const { field, before: old, after: now } of fields) {
    if (old !== undefined) before.set(field, old)
    if (now === undefined) after.delete(field)
    else after.set(field, now)
  }
  const state = { delete: 'deleted', archive: 'archived', restore: 'active' } as const
  if (op === 'delete' || op === 'archive' || op === 'restore') after.set('(lifecycle)', state[op])
  return { before: Object.fromEntries(before), after: Object.fromEntries(after) }
}

/** Most operations of a document, most of a question, and most lines of a value. */
const operationsMax = 200
const questionMax = 12
const valueMaxLines = 40
const reasonMaxLines = 200
const signs = { create: '+', update: '~', delete: '-', archive: '-', restore: '+' } as const

function stateLine({ status, approvals, quorum }: ProposalDifference): string {
  return status === 'pending' ? `${status}, ${approvals} of ${counted(quorum, 'approval')}` : status
}

function warningLines(seen: ProposalDifference): string[] {
  const moved = seen.moved.map((one) => `! ${movedText(one)}: the proposal is void`)
  const problem =
    seen.problem === undefined ? [] : [`! It would fail: ${visibleLine(seen.problem, 500)}`]
  const stale =
    seen.status === 'stale' ? ['! Stale: what it is based on has changed. Ask for a new one.'] : []
  const lines = [...stale, ...moved.slice(0, 20), ...problem]
  return lines.length === 0 ? [] : ['', ...lines]
}

function movedText({ type, id, expected, found }: ProposalDifference['moved'][number]): string {
  const from = expected === null ? 'absent' : `version ${expected}`
  const to = found === null ? 'absent' : `version ${found}`
  return `${type} ${visibleLine(id, 80)} was ${from} and is ${to} now`
}

function resultLines(data: JsonObject): string[] {
  const result = Object.hasOwn(data, 'executionResult') ? data.executionResult : undefined
  if (result === undefined || result === null) return []
  return ['', 'result', indented(cutLines(JSON.stringify(result, null, 2), valueMaxLines))]
}

function operationLines(one: Operation): string[] {
  const base = one.base === null ? '' : `, based on version ${one.base}`
  return [
    '',
    `  ${signs[one.op]} ${one.op} ${one.type} ${visibleLine(one.id, 255)}${base}`,
    ...one.fields.flatMap(({ field, before, after }) => [
      `      ${visibleLine(field, 60)}`,
      ...(before === undefined ? [] : marked('-', before)),
      ...(after === undefined ? [] : marked('+', after)),
    ]),
  ]
}

function marked(sign: string, value: Json): string[] {
  return cutLines(valueText(value), valueMaxLines)
    .split('\n')
    .map((line) => `    ${sign} ${line}`)
}

function cutLines(text: string, max: number): string {
  const lines = visibleText(text.slice(0, lineMaxLength * max)).split('\n')
  const shown = lines.slice(0, max).map((line) => line.slice(0, lineMaxLength))
  const isCut = lines.length > max || text.length > lineMaxLength * max
  return [...shown, ...(isCut ? ['… (cut)'] : [])].join('\n')
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

const lineMaxLength = 2_000
