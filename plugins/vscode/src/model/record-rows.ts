/** Insights, patterns, proposals and logs as rows. */
import type { Record } from '../../../../sdk/model.ts'
import { numberAt, textAt, textsAt } from './data-access.ts'
import { duration, shortTime } from './instants.ts'
import { iconOf } from './job-rows.ts'
import type { Row, RowIcon } from './rows.ts'
import { visibleLine } from './visible-text.ts'

/** What was learned, and how sure it is. */
export function insightRow(record: Record, group: string, now: Date): Row {
  const { data } = record
  const sure = numberAt(data, 'confidenceScore')
  const tags = textsAt(data, 'tags').map((tag) => visibleLine(tag, 30))
  const label = visibleLine(textAt(data, 'summary')) || visibleLine(record.id)
  const percent = sure === undefined ? [] : [`${Math.round(sure * 100)} %`]
  const description = [...percent, ...tags.slice(0, 4)].join(' · ')
  const icon: RowIcon =
    sure !== undefined && sure < 0.5 ? { name: 'question' } : { name: 'lightbulb' }
  const row = recordRow(record, group, now)
  return {
    ...row,
    label,
    tooltip: wholeText(textAt(data, 'summary'), row),
    description,
    spoken: `${label}${sure === undefined ? '' : `, ${Math.round(sure * 100)} percent sure`}`,
    icon: damaged(record) ?? icon,
  }
}

/** A way of doing things, and how well it worked. */
export function patternRow(record: Record, group: string, now: Date): Row {
  const { data } = record
  const uses = numberAt(data, 'frequencyCount') ?? 0
  const rate = numberAt(data, 'successRate') ?? 0
  const label = visibleLine(textAt(data, 'trigger')) || visibleLine(record.id)
  const percent = `${Math.round(rate * 100)} % succeeded`
  const description = uses === 0 ? 'not used yet' : `used ${uses}× · ${percent}`
  const row = recordRow(record, group, now)
  return {
    ...row,
    label,
    tooltip: wholeText(textAt(data, 'trigger'), row),
    description,
    spoken: `${label}, ${uses === 0 ? description : `used ${uses} times, ${percent}`}`,
    icon: damaged(record) ?? { name: 'symbol-event' },
  }
}

/** A proposal, with what the reader can do about it. */
export function proposalRow(record: Record, group: string, reader: ProposalReader): Row {
  const { data } = record
  const status = textAt(data, 'status')
  const reason = visibleLine(textAt(data, 'reason'))
  const action = visibleLine(textAt(data, 'actionType'))
  const priority = textAt(data, 'priority')
  const label = reason || action || visibleLine(record.id)
  const urgent = priority === 'critical' || priority === 'high' ? [priority] : []
  const by = `by ${visibleLine(record.createdBy, 40)}`
  const description = [...urgent, by, shortTime(record.createdAt, reader.now)].join(' · ')
  return {
    ...recordRow(record, group, reader.now),
    label,
    description,
    tooltip: [label, `${status}, ${action}`, description].join('\n'),
    spoken: `${label}, ${status}, ${description}`,
    icon: damaged(record) ?? proposalIcon(status, urgent.length > 0),
    context: `record.proposal.${status}${isOwn(record, reader.principal) ? '.own' : ''}`,
  }
}

/** One action that was carried out. */
export function logRow(record: Record, now: Date): Row {
  const { data } = record
  const status = textAt(data, 'status')
  const label = visibleLine(textAt(data, 'actionType')) || visibleLine(record.id)
  const took = numberAt(data, 'durationMs') ?? 0
  const parts = [
    ...named(textsAt(data, 'affectedIds')),
    shortTime(record.createdAt, now),
    visibleLine(textAt(data, 'agentId'), 40),
    ...(took > 0 ? [duration(took)] : []),
    ...(status === 'FAILURE' ? [visibleLine(textAt(data, 'error'), 120)] : []),
  ]
  const description = parts.filter((part) => part !== '').join(' · ')
  return {
    ...recordRow(record, 'log', now),
    label,
    description,
    spoken: `${label}, ${visibleLine(status.toLowerCase(), 40)}, ${description}`,
    icon: damaged(record) ?? iconOf(status),
    context: 'record.log',
  }
}

/** A row cuts what it has no room for; who points at it reads on. */
function wholeText(text: string, { tooltip = '' }: Row): string {
  return text.trim() === '' ? tooltip : `${visibleLine(text, tooltipMax)}\n${tooltip}`
}

/** Longest text of a record in a tooltip, in characters. */
const tooltipMax = 1_000

/** What an action was about: the first record that it changed, unless its id says nothing to a person. */
function named([first, ...others]: readonly string[]): string[] {
  if (first === undefined || /^[0-9a-f-]{36}$/.test(first)) return []
  const more = others.length === 0 ? '' : ` +${others.length}`
  return [`${visibleLine(first, 60)}${more}`]
}

/** Any record, by its id. */
export function recordRow(record: Record, group: string, now: Date): Row {
  const { type, id, version, updatedBy, updatedAt, quarantined } = record
  const changed = `version ${version}, by ${visibleLine(updatedBy, 60)}, ${shortTime(updatedAt, now)}`
  const damage = quarantined === undefined ? [] : [`unreadable: ${visibleLine(quarantined.reason)}`]
  return {
    key: `${group}/${type}/${id}`,
    label: visibleLine(id),
    tooltip: [`${type} ${visibleLine(id)}`, changed, ...damage].join('\n'),
    context: `record.${record.lifecycle}`,
    record: { type, id, version },
  }
}

/** Who looks at proposals, and when. */
export interface ProposalReader {
  readonly principal: string
  readonly now: Date
}

/** Whether somebody made the proposal himself: nobody approves his own. */
export function isOwn({ createdBy, data }: Record, principal: string): boolean {
  return createdBy === principal || textAt(data, 'submittedBy') === principal
}

function proposalIcon(status: string, isUrgent: boolean): RowIcon {
  switch (status) {
    case 'pending':
      return { name: 'git-pull-request', colour: isUrgent ? 'charts.red' : 'charts.yellow' }
    case 'approved':
      return { name: 'pass', colour: 'charts.green' }
    case 'executed':
      return { name: 'check-all', colour: 'charts.green' }
    case 'rejected':
    case 'failed':
      return { name: 'error', colour: 'charts.red' }
    case 'stale':
      return { name: 'warning', colour: 'list.warningForeground' }
    case 'draft':
      return { name: 'edit' }
    default:
      return { name: 'circle-slash' }
  }
}

function damaged({ quarantined }: Record): RowIcon | undefined {
  return quarantined === undefined
    ? undefined
    : { name: 'warning', colour: 'list.warningForeground' }
}
