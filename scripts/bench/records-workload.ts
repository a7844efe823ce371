/** Insights in great number, with values that are asked for. */

import { OrionInsight } from '../../plugins/orion/record-types.ts'
import type { RecordInput, RecordType } from '../../sdk/record-type.ts'

/** Insights of which no field is searched: what the store alone costs. */
export const PlainInsight: RecordType<(typeof OrionInsight)['fields']> = {
  ...OrionInsight,
  name: 'PlainInsight',
  definition: {
    ...OrionInsight.definition,
    name: 'PlainInsight',
    fields: Object.fromEntries(
      Object.entries(OrionInsight.definition.fields).map(([name, field]) => {
        const { searchable: _, ...rest } = field
        return [name, rest]
      }),
    ),
  },
}

/** One insight to create. */
export interface BulkInsight {
  readonly id: string
  readonly data: RecordInput<typeof OrionInsight> & {
    readonly summary: string
    readonly domain: string
    readonly tags: readonly string[]
    readonly confidenceScore: number
  }
}

const words =
  'cache build stale key compiler queue retry index page commit token daemon lock socket event'.split(
    ' ',
  )

/** So many insights, of about 300 bytes each; as many of each domain as there are domains in a hundredth of them. */
export function* bulkInsights(count: number, prefix: string): Generator<BulkInsight> {
  const domains = Math.max(1, Math.floor(count / 100))
  for (let at = 0; at < count; at++) {
    const text = Array.from({ length: 24 }, (_, n) => words[(at * 7 + n * n) % words.length])
    yield {
      id: `${prefix}-${at.toString(36).padStart(8, '0')}`,
      data: {
        summary: `${at} ${text.join(' ')}`,
        domain: domainOf(at % domains),
        tags: ['ci', `t${at % 31}`],
        confidenceScore: (at % 101) / 100,
      },
    }
  }
}

/** The name of a domain. */
export function domainOf(at: number): string {
  return `domain-${at}`
}
