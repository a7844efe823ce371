/** Failures as a model can repair them: what was expected, what came, what to call instead. */
import { type ConflictData, type Issue, isOrionError, type OrionError } from '../../sdk/errors.ts'
import { type Json, type JsonObject, jsonEqual } from '../../sdk/json.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import type { Record } from '../../sdk/model.ts'
import { cut, dataText, idText, oneLine, plain } from './record-text.ts'
import { ToolInputError } from './tool.ts'

/** What the failed call wanted to change, if it was an update. */
export interface Attempt {
  readonly set?: JsonObject | undefined
}

/** A failure in words; a bug of ours is told as such, without its details. */
export function failureText(error: unknown, attempt: Attempt = {}): string {
  if (error instanceof ToolInputError)
    return `ERROR input: ${cut(oneLine(error.message), inputMaxLength)}`
  if (!isOrionError(error)) return outsideText(error)
  if (isOrionError(error, 'conflict') && isRace(error.data))
    return conflictText(error.data, attempt)
  const lines = [`ERROR ${error.kind}: ${cut(oneLine(error.message), messageMaxLength)}`]
  for (const issue of issuesOf(error))
    lines.push(`- ${plain(issue.path)}: ${cut(oneLine(issue.message), issueMaxLength)}`)
  const hint = hintOf(error)
  if (hint !== undefined) lines.push(`to repair: ${hint}`)
  return lines.join('\n')
}

/** What is no answer of the daemon's: there is none, or the way to it is barred; everything else is a bug. */
function outsideText(error: unknown): string {
  const isOfSystem = error instanceof Error && 'syscall' in error
  if (!isOfSystem && !(error instanceof LaunchError))
    return 'ERROR internal: a fault of orion mcp itself; try again, else report it'
  const remedy = error instanceof LaunchError ? error.remedy : 'ask a person to look at the store'
  const message = cut(oneLine(error.message), messageMaxLength)
  return `ERROR disconnected: ${message}\nto repair: ${cut(oneLine(remedy), messageMaxLength)}`
}

/** Whether it is about a write that was too late, not about a move that the state forbids. */
function isRace({ reason, current, expectedVersion }: ConflictData): boolean {
  if (reason === 'state' || reason === 'digest') return false
  return (
    reason === 'exists' || reason === 'epoch' || current === null || expectedVersion !== undefined
  )
}

function conflictText(data: ConflictData, { set = {} }: Attempt): string {
  const { current, reason } = data
  const name = `${data.type ?? 'record'}/${idText(data.id ?? '?')}`
  if (current === null) return `CONFLICT ${name}: there is no such record; use op create`
  if (reason === 'exists') {
    return `CONFLICT ${name}: it exists already, v${current.version}; use op update, or another id`
  }
  if (reason === 'epoch') {
    return 'CONFLICT: the store was put back to an earlier state; get the record again, then decide again'
  }
  const by = data.changedBy === undefined ? '' : ` by ${plain(data.changedBy)} at ${data.changedAt}`
  const changed = data.changedFields ?? []
  const lines = [
    `CONFLICT ${name}: now v${current.version}, yours was based on v${data.expectedVersion}`,
    `changed since${by}: ${changed.length > 0 ? changed.map(plain).join(', ') : 'unknown fields'}`,
  ]
  if ('data' in current) lines.push(...mergeLines(current, changed, set))
  else lines.push('to repair: get it, then update with the new version')
  return lines.join('\n')
}

/** What both changed, and what can be taken over as it is; a long text is not told back to who has just said it. */
function mergeLines(current: Record, changed: readonly string[], mine: JsonObject): string[] {
  const lines: string[] = []
  const merged: { [name: string]: Json } = {}
  for (const [name, wanted] of Object.entries(mine)) {
    const theirs = Object.hasOwn(current.data, name) ? current.data[name] : null
    if (jsonEqual(theirs, wanted)) continue
    if (!changed.includes(name)) merged[name] = wanted
    else lines.push(`both changed ${plain(name)}: now ${short(theirs)}, yours ${short(wanted)}`)
  }
  const decide = lines.length > 0 ? ' after you decided on what both changed' : ''
  const set = dataText(merged)
  if (set.length > mergedMaxLength) {
    const fields = Object.keys(merged).map(plain).join(', ')
    lines.push(
      `to repair: the same call with "expectedVersion":${current.version}, and in set only ${fields}${decide}`,
    )
    return lines
  }
  lines.push(
    `to repair: write {"op":"update","type":${dataText(current.type)},"id":${dataText(current.id)},` +
      `"expectedVersion":${current.version},"set":${set}}${decide}`,
  )
  return lines
}

function short(value: Json | undefined): string {
  return cut(dataText(value ?? null), valueMaxLength)
}

function issuesOf(error: OrionError): readonly Issue[] {
  return 'issues' in error.data ? (error.data.issues ?? []).slice(0, issuesMax) : []
}

function hintOf(error: OrionError): string | undefined {
  const { data } = error
  if ('didYouMean' in data && data.didYouMean !== undefined)
    return `did you mean ${plain(data.didYouMean)}?`
  if (isOrionError(error, 'not_found')) return 'search for it; ids are exact'
  if (isOrionError(error, 'unknown_type')) return 'get without arguments lists the types'
  if (isOrionError(error, 'invalid_record')) return 'get {"type":…} shows its fields'
  if (isOrionError(error, 'conflict') && error.data.reason === 'state')
    return 'propose with its id tells what became of it'
  if (isOrionError(error, 'approval_required')) return 'call propose with the same operations'
  if (isOrionError(error, 'forbidden')) {
    const way = error.data.needs === 'write' ? 'use propose, or ask a person' : 'ask a person'
    return `${way}; rights can not be widened from here`
  }
  if (error.retryable) return 'call again with the same arguments: it has one effect'
  return data.remedy === undefined ? undefined : cut(oneLine(data.remedy), messageMaxLength)
}

const inputMaxLength = 1000
const messageMaxLength = 400
const issueMaxLength = 200
const valueMaxLength = 160
const mergedMaxLength = 1000
const issuesMax = 8
