import { type ConflictData, isOrionError } from '../../../sdk/errors.ts'
import type { Record } from '../../../sdk/model.ts'
import type { Colours } from '../colours.ts'
import type { ToldError } from '../told-error.ts'
import { cellText, cut } from './cell.ts'
import { safeText } from './safe-text.ts'
import { age } from './time.ts'

/** How an explanation is to look, and the time it is told at, in milliseconds since 1970. */
export interface ExplainStyle {
  readonly colours: Colours
  readonly now: number
}

/** A failure in words: what happened, what is wrong where, and what to do. Several lines, with a line end. */
export function explain(error: unknown, told: ToldError, style: ExplainStyle): string {
  const { colours } = style
  const lines =
    isOrionError(error, 'conflict') && isAboutRecord(error.data)
      ? conflictLines(error.data, style)
      : [`${colours.red(headline(told))}`, ...issueLines(told)]
  const { didYouMean, remedy, logPath, operation } = told.data
  if (operation !== undefined) lines.push(`  in operation ${operation} of the transaction, from 0`)
  if (typeof didYouMean === 'string') lines.push(`  did you mean: ${safeText(didYouMean)}`)
  const advice = isOrionError(error, 'conflict') ? conflictRemedy(error.data) : remedy
  if (advice !== undefined) lines.push(`  ${colours.bold('what to do:')} ${safeText(advice)}`)
  if (typeof logPath === 'string') lines.push(`  log: ${logPath}`)
  return `${lines.join('\n')}\n`
}

/** What else was looked at, such as the code of a plugin, only the message names. */
function isAboutRecord({ reason, type }: ConflictData): boolean {
  return reason !== 'digest' || type !== undefined
}

function headline({ message, kind }: ToldError): string {
  const text = safeText(message, { lines: true })
  return kind === 'internal' && !/internal/i.test(text) ? `internal error: ${text}` : text
}

/** What is wrong where, unless the message says it all. */
function issueLines({ data, message: headline }: ToldError): string[] {
  const { issues } = data
  if (!Array.isArray(issues)) return []
  if (issues.every(({ message }) => headline.includes(message))) return []
  return issues.map(({ path, message }) => `  ${safeText(`${path || 'value'}: ${message}`)}`)
}

function conflictLines(data: ConflictData, { colours, now }: ExplainStyle): string[] {
  const lines = [colours.red(`conflict: ${conflictHeadline(data)}`)]
  const { current } = data
  if (data.changedBy !== undefined && data.reason !== 'epoch') {
    const fields = data.changedFields?.length ? `: ${data.changedFields.join(', ')}` : ''
    const when = data.changedAt === undefined ? '' : ` ${ago(age(data.changedAt, now))}`
    lines.push(`  ${safeText(data.changedBy)} changed it${when}${safeText(fields)}`)
  }
  const isShown = data.reason !== 'referenced' && current !== null
  if (isShown && 'data' in current) lines.push(...currentLines(current, data))
  return lines
}

function ago(text: string): string {
  return text === 'now' ? 'just now' : `${text} ago`
}

function conflictHeadline(data: ConflictData): string {
  const what = data.type === undefined ? 'the record' : safeText(`${data.type} ${data.id ?? ''}`)
  const { current, expectedVersion } = data
  const found = current === null ? 'is not there' : `is at version ${current.version}`
  switch (data.reason) {
    case 'exists':
      return `${what} exists already${current === null ? '' : `, at version ${current.version}`}`
    case 'guard':
      return `${what}, which the transaction only reads, ${found}, not ${versionText(expectedVersion)}`
    case 'epoch':
      return 'the store was put back to an earlier state since you read it'
    case 'referenced':
      return `${what} is named by ${referrersText(data)}`
    case 'state':
      return `${what} is ${data.status ?? 'in another state'}${movedText(data)}`
    case 'digest':
      return `${what} is not the one that was looked at: its digest is another`
    case 'version':
      return `${what} ${found}, you expected ${versionText(expectedVersion)}`
    default:
      return data.reason satisfies never
  }
}

function referrersText({ referrers = [] }: ConflictData): string {
  if (referrers.length === 0) return 'records that you may not read'
  return referrers.map(({ type, id, field }) => safeText(`${type} ${id} (${field})`)).join(', ')
}

function movedText({ allowed = [], moved = [] }: ConflictData): string {
  const [first] = moved
  if (first !== undefined) {
    const name = safeText(`${first.type} ${first.id}`)
    return `: ${name} is at ${versionText(first.found)}, it was proposed for ${versionText(first.expected)}`
  }
  return allowed.length === 0 ? '' : ` and may become ${allowed.join(', ')}`
}

function versionText(version: number | null | undefined): string {
  if (version === null) return 'to find none'
  return version === undefined ? 'another version' : `version ${version}`
}

const shownFieldsMax = 12

/** What is there now: the changed fields first, because they are what the reader did not know. */
function currentLines(current: Record, data: ConflictData): string[] {
  const changed = new Set(data.changedFields ?? [])
  const names = Object.keys(current.data)
  const sorted = [
    ...names.filter((name) => changed.has(name)),
    ...names.filter((name) => !changed.has(name)),
  ]
  const shown = sorted.slice(0, shownFieldsMax)
  const width = Math.max(0, ...shown.map((name) => name.length))
  const state = current.lifecycle === 'active' ? '' : ` (${current.lifecycle})`
  const lines = shown.map(
    (name) =>
      `    ${changed.has(name) ? '*' : ' '} ${safeText(name).padEnd(width)}  ${cut(cellText(current.data[name]), 100)}`,
  )
  const rest = names.length - shown.length
  if (rest > 0) lines.push(`      and ${rest} more`)
  return [`  there now${state}:`, ...lines]
}

function conflictRemedy(data: ConflictData): string | undefined {
  const { type, id, current } = data
  if (type === undefined || id === undefined) return data.remedy
  switch (data.reason) {
    case 'exists':
      return `change it with \`orion update ${type} ${id}\`, or choose another id`
    case 'version':
      return current === null
        ? `see what became of it with \`orion history ${type} ${id}\``
        : `look at what is there now and decide again; then repeat with --expected-version ${current.version}`
    case 'guard':
    case 'epoch':
    case 'referenced':
    case 'state':
    case 'digest':
      return data.remedy ?? 'read the records again, then repeat'
    default:
      return data.reason satisfies never
  }
}
