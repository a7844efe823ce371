/** A plugin with one part of each kind. */
import {
  afterCommit,
  beforeWrite,
  defineAction,
  definePlugin,
  defineRecordType,
  integer,
  text,
  z,
} from '../../../sdk/index.ts'

const Counted = defineRecordType('Counted', {
  fields: { title: text(), length: integer({ default: 0 }) },
})

export const plugin = definePlugin({
  name: 'good',
  apiVersion: 1,
  version: '1.0.0',
  scopes: { read: ['OrionInsight'], publish: ['Good'] },
  recordTypes: [Counted],
  settings: z.object({ greeting: z.string().default('hello') }),
  actions: [
    defineAction('counted.add', {
      description: 'Adds a title.',
      input: z.object({ title: z.string().min(1) }),
      types: [Counted],
      apply: ({ title }) => [{ op: 'create', type: 'Counted', data: { title } }],
    }),
  ],
  hooks: [
    beforeWrite(Counted, {
      fail: 'closed',
      run: ({ after }) => {
        if (after?.title === 'die') process.exit(9)
        return { set: { length: after?.title?.length ?? 0 } }
      },
    }),
  ],
  on: [
    afterCommit('greet', Counted, {
      operations: ['created'],
      run: async ({ id }, { client, settings, idempotencyKey }) => {
        const { greeting } = z.object({ greeting: z.string() }).parse(settings)
        await client.publish(
          'Good.greeted',
          { id: id ?? '', greeting },
          { idempotencyKey: idempotencyKey() },
        )
      },
    }),
  ],
  start: ({ plugin: name }) => {
    process.stdout.write(`${name} says this on stdout\n`)
  },
})
