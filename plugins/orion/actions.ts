/** What can be done with the record types of the earlier system, by name. */
import { z } from 'zod'
import { type Action, defineAction } from '../../sdk/plugin/action.ts'
import { OrionInsight, OrionPattern } from './record-types.ts'

const id = z.string().min(1).max(255)

/** Keeps something that was learned. */
const saveInsight = defineAction('memory.save_insight', {
  description:
    'Keeps something that was learned, once: the same words in the same field are refused.',
  input: z.object({
    summary: z.string().trim().min(1),
    domain: z.string().trim().min(1),
    tags: z.array(z.string()).optional(),
    confidenceScore: z.number().min(0).max(1).optional(),
  }),
  types: [OrionInsight],
  criteria: [
    {
      path: 'summary',
      check: async ({ summary, domain }, { list }) => {
        const where = { domain, summary }
        const [same] = await list(OrionInsight, { where, limit: 1 })
        return same === undefined ? undefined : `is known already: insight ${same.id}`
      },
    },
  ],
  apply: ({ summary, domain, tags, confidenceScore }) => [
    {
      op: 'create',
      type: OrionInsight.name,
      data: {
        summary,
        domain,
        provenanceMethod: 'memory.save_insight',
        ...(tags === undefined ? {} : { tags }),
        ...(confidenceScore === undefined ? {} : { confidenceScore }),
      },
    },
  ],
})

/** Makes an insight more or less certain, a part of the way to 1 or to 0. */
const weighInsight = defineAction('memory.weigh_insight', {
  description: 'Makes an insight more certain when it was confirmed, less when it was not.',
  input: z.object({ id, confirmed: z.boolean(), weight: z.number().min(0).max(1).default(0.1) }),
  types: [OrionInsight],
  retriesMax: 3,
  criteria: [
    {
      path: 'id',
      check: async (params, { get }) => {
        const insight = await get(OrionInsight, params.id)
        if (insight === undefined) return 'names no insight'
        return insight.lifecycle === 'active'
          ? undefined
          : `names an insight that is ${insight.lifecycle}`
      },
    },
  ],
  apply: async (params, { get }) => {
    const insight = await get(OrionInsight, params.id)
    if (insight === undefined) throw new Error('the insight is gone')
    const { confidenceScore: now } = insight.data
    const target = params.confirmed ? 1 : 0
    const confidenceScore = now + (target - now) * params.weight
    const { version: expectedVersion } = insight
    return [
      {
        op: 'update',
        type: OrionInsight.name,
        id: params.id,
        expectedVersion,
        set: { confidenceScore },
      },
    ]
  },
})

/** Counts a use of a pattern; of uses at the same time none is lost. */
const usePattern = defineAction('memory.use_pattern', {
  description: 'Counts a use of a pattern and how it went; of uses at the same time none is lost.',
  input: z.object({ id, success: z.boolean() }),
  types: [OrionPattern],
  retriesMax: 20,
  criteria: [
    {
      path: 'id',
      check: async (params, { get }) =>
        (await get(OrionPattern, params.id)) === undefined ? 'names no pattern' : undefined,
    },
  ],
  apply: async (params, { get, at }) => {
    const pattern = await get(OrionPattern, params.id)
    if (pattern === undefined) throw new Error('the pattern is gone')
    const { frequencyCount: count, successRate: rate } = pattern.data
    const successRate = Math.min(1, (rate * count + (params.success ? 1 : 0)) / (count + 1))
    const set = { frequencyCount: count + 1, successRate, lastUsed: at }
    const { version: expectedVersion } = pattern
    return [{ op: 'update', type: OrionPattern.name, id: params.id, expectedVersion, set }]
  },
})

/** Puts away what nobody trusts any more. */
const forgetInsights = defineAction('memory.forget_insights', {
  description:
    'Archives the insights of a field that are less certain than a bound; they can be restored.',
  input: z.object({ domain: z.string().min(1), below: z.number().gt(0).max(1) }),
  types: [OrionInsight],
  requiresProposal: true,
  dangerous: true,
  apply: async ({ domain, below }, { list }) => {
    const where = { domain, confidenceScore: { lt: below } }
    const doubtful = await list(OrionInsight, { where, limit: 500 })
    if (doubtful.length === 0) throw new Error('no insight of that field is below the bound')
    return doubtful.map(({ id: doubtfulId, version: expectedVersion }) => ({
      op: 'archive' as const,
      type: OrionInsight.name,
      id: doubtfulId,
      expectedVersion,
    }))
  },
})

/** Every action of this plugin. */
export const orionActions: readonly Action[] = [
  saveInsight,
  weighInsight,
  usePattern,
  forgetInsights,
]
