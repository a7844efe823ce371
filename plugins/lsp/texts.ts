/** Records as plain text for an editor: no markup, so that nothing in a record can be any. */
import type { Json } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import type { ProposalDifference } from '../../sdk/protocol/proposals.ts'
import { safeLine, safeLines } from './safe-text.ts'
import type { ShownText, Subject } from './shown-documents.ts'

/** Longest value that is shown, in characters; what is cut is counted. */
const valueMaxLength = 20_000
const cellMaxLength = 120

/** A list of records, one a line. */
export function listText(name: string, title: string, found: RecordPage): ShownText {
  const { records, more } = found
  const head = [`${title}: ${records.length}${more ? ' of more' : ''}`, '']
  const lines = records.map((record) => rowText(record))
  const subjects = new Map(
    records.map(({ type, id }, index): [number, Subject] => [head.length + index, { type, id }]),
  )
  const empty = records.length === 0 ? ['There is nothing here yet.'] : []
  return { name, lines: [...head, ...lines, ...empty], subjects }
}

/** A page of records, and whether there are more. */
export interface RecordPage {
  readonly records: readonly Record[]
  readonly more: boolean
}

/** A record with every field. */
export function recordText(record: Record): ShownText {
  const { type, id, version, lifecycle, updatedAt, updatedBy, data, quarantined } = record
  const lines = [
    `${safeLine(type)} ${safeLine(id)}  version ${version}${lifecycle === 'active' ? '' : `  ${lifecycle}`}`,
    `changed ${updatedAt} by ${safeLine(updatedBy)}`,
    ...(quarantined === undefined
      ? []
      : [`! it does not fit its type: ${safeLine(quarantined.reason)}`]),
    ...Object.keys(data)
      .sort()
      .flatMap((field) => ['', safeLine(field), ...valueLines(data[field] ?? null, '  ')]),
  ]
  return { name: 'record', lines, subjects: new Map([[0, { type, id }]]) }
}

/** What a proposal would change. */
export function reviewText(seen: ProposalDifference): ShownText {
  const lines = [
    `Proposal ${safeLine(seen.id)}`,
    `${seen.status}, ${seen.approvals} of ${seen.quorum} approvals  ${safeLine(seen.actionType)}  by ${safeLine(seen.createdBy)}`,
    ...(seen.reason === undefined ? [] : safeLines(seen.reason)),
    ...seen.moved.map(
      ({ type, id, expected, found }) =>
        `! ${safeLine(`${type} ${id}`)} has moved from version ${expected ?? 'none'} to ${found ?? 'none'}: the proposal is void`,
    ),
    ...(seen.problem === undefined ? [] : [`! it would fail: ${safeLine(seen.problem)}`]),
    ...seen.operations.flatMap(({ op, type, id, base, fields }) => [
      '',
      `${op} ${safeLine(`${type} ${id}`)}${base === null ? '' : `  version ${base}`}`,
      ...fields.flatMap(({ field, before, after }) => [
        ...(before === undefined ? [] : changedLines('-', field, before)),
        ...(after === undefined ? [] : changedLines('+', field, after)),
      ]),
    ]),
    ...(seen.digest === undefined ? [] : ['', `digest ${seen.digest}`]),
  ]
  const { id, digest } = seen
  const subject = { type: 'Proposal', id, ...(digest === undefined ? {} : { digest }) }
  return { name: 'review', lines, subjects: new Map([[0, subject]]) }
}

function changedLines(sign: string, field: string, value: Json): string[] {
  const [first = '', ...rest] = valueLines(value, '')
  return [`  ${sign} ${safeLine(field)}: ${first}`, ...rest.map((line) => `  ${sign}   ${line}`)]
}

function valueLines(value: Json, indent: string): string[] {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  const cut = text.slice(0, valueMaxLength)
  const lines = safeLines(cut).map((line) => indent + line)
  if (cut.length === text.length) return lines
  return [
    ...lines,
    `${indent}… too large to show: ${cut.length} of ${text.length} characters are here`,
  ]
}

/** The fields by which a record is told from others, where it has them. */
const telling = ['status', 'jobId', 'actionType', 'domain', 'summary', 'trigger', 'reason', 'error']

function rowText({ type, id, createdAt, createdBy, data, quarantined }: Record): string {
  const cells = telling.flatMap((field) => {
    const value = data[field]
    return typeof value === 'string' ? [safeLine(value.slice(0, cellMaxLength))] : []
  })
  const told = quarantined === undefined ? cells.join('  ') : '! it does not fit its type'
  return `${createdAt.slice(0, 19)}  ${told || safeLine(type)}  by ${safeLine(createdBy)}  ${safeLine(id)}`
}
