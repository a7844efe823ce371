import type { z } from 'zod'
import type { SearchRecords } from '../../../../sdk/protocol/search.ts'
import { textAt } from './data-access.ts'
import { plainLine } from './visible-text.ts'

/** A hit as an entry of a pick list. All texts are harmless. */
export interface HitText {
  readonly label: string
  readonly description: string
  readonly detail?: string
  readonly icon: string
}

type Hit = z.output<typeof SearchRecords.result>['hits'][number]

/** What was found, and why. */
export function hitItem({ record, snippet }: Hit): HitText {
  const { type, id, data, lifecycle } = record
  const titles = ['summary', 'trigger', 'reason', 'title', 'name', 'jobId', 'actionType']
  const field = titles.find((name) => textAt(data, name).trim() !== '')
  const title = field === undefined ? undefined : textAt(data, field)
  const state = lifecycle === 'active' ? '' : `, ${lifecycle}`
  const shown = plainLine(title ?? id, 100)
  // What the title shows already need not be shown twice; the end of a long one may be why it was found.
  const isTitle = snippet?.field === field && !snippet?.text.startsWith('…')
  const why = snippet === undefined || isTitle ? '' : plainLine(snippet.text, 160)
  return {
    label: shown,
    description: `${type}${state}${title === undefined ? '' : ` · ${plainLine(id, 60)}`}`,
    ...(why === '' ? {} : { detail: why }),
    icon: icons[type] ?? 'symbol-object',
  }
}

const icons: { readonly [type: string]: string } = {
  OrionInsight: 'lightbulb',
  OrionPattern: 'symbol-event',
  OrionActionLog: 'output',
  JobResult: 'beaker',
  Proposal: 'git-pull-request',
}
