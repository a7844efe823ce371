import {
  afterCommit,
  beforeWrite,
  defineAction,
  definePlugin,
  defineRecordType,
  reference,
  text,
  z,
} from '../../../sdk/index.ts'

const Review = defineRecordType('Review', {
  description: 'What somebody thinks of a change.',
  fields: {
    commit: text({ indexed: true }),
    verdict: text(),
    log: reference('OrionActionLog', { optional: true, weak: true }),
  },
})

const settings = z.object({ verdicts: z.array(z.string()).default(['good', 'bad']) })
type Settings = z.output<typeof settings>

export const plugin = definePlugin({
  name: 'reviews',
  apiVersion: 1,
  scopes: { read: ['OrionActionLog'], publish: ['Reviews'] },
  recordTypes: [Review],
  settings,
  actions: [
    defineAction('reviews.withdraw', {
      description: 'Takes a review back.',
      input: z.object({ id: z.string() }),
      types: [Review],
      criteria: [
        {
          path: 'id',
          check: async ({ id }, { get }) =>
            (await get(Review, id)) === undefined ? 'names no review' : undefined,
        },
      ],
      apply: async ({ id }, { get }) => {
        const review = await get(Review, id)
        return [{ op: 'delete', type: Review.name, id, expectedVersion: review?.version ?? 1 }]
      },
    }),
  ],
  hooks: [
    beforeWrite(Review, {
      fail: 'closed',
      run: ({ after }, context: { readonly settings: Settings }) => {
        const verdict = after?.verdict?.trim() ?? ''
        if (context.settings.verdicts.includes(verdict)) return { set: { verdict } }
        return {
          refuse: `expected one of ${context.settings.verdicts.join(', ')}`,
          path: 'verdict',
        }
      },
    }),
  ],
  on: [
    afterCommit('tell', Review, {
      operations: ['created'],
      run: async ({ record }, { client, idempotencyKey }) => {
        const payload = { commit: record?.data.commit ?? '', verdict: record?.data.verdict ?? '' }
        await client.publish('Reviews.given', payload, { idempotencyKey: idempotencyKey() })
      },
    }),
  ],
})
