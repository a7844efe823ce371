/** Plugins in the test kit: what their authors can rely on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDaemon } from '../../../daemon/testing/index.ts'
import { OrionInsight } from '../../../plugins/orion/index.ts'
import {
  afterCommit,
  beforeWrite,
  defineAction,
  definePlugin,
  defineRecordType,
  ExecuteAction,
  integer,
  isOrionError,
  text,
  z,
} from '../../../sdk/index.ts'

const Note = defineRecordType('KitNote', { fields: { title: text() } })
const Tally = defineRecordType('KitTally', { fields: { notes: integer({ default: 0 }) } })

const add = defineAction('kit.add', {
  description: 'Adds a note.',
  input: z.object({ title: z.string() }),
  types: [Note],
  apply: ({ title }) => [{ op: 'create', type: Note.name, data: { title } }],
})

const plugin = definePlugin({
  name: 'kit',
  apiVersion: 1,
  recordTypes: [Note, Tally],
  actions: [add],
  hooks: [
    beforeWrite(Note, {
      fail: 'closed',
      run: ({ after }) => (after?.title === 'bad' ? { refuse: 'no bad notes' } : undefined),
    }),
  ],
  on: [
    afterCommit('count', Note, {
      from: 'snapshot',
      operations: ['created'],
      run: async (_event, { client, idempotencyKey }) => {
        const tallies = client.repository(Tally)
        if ((await tallies.find('all')) === undefined) await tallies.create({}, { id: 'all' })
        const apply = [{ field: 'notes', op: 'increment', value: 1 }] as const
        await tallies.update('all', { apply }, { idempotencyKey: idempotencyKey() })
      },
    }),
    // What the first writes is followed as well.
    afterCommit('watch', ['KitTally.*'], { run: () => {} }),
  ],
})

test('actions, hooks and handlers of a plugin run as in a daemon, also after a restart', async (t) => {
  const daemon = await testDaemon({ plugins: [plugin] })
  t.after(() => daemon.close())
  const client = await daemon.client({ principal: 'agent:a', scopes: ['read', 'write'] })
  await client.request(ExecuteAction, { action: 'kit.add', params: { title: 'one' } })
  await assert.rejects(
    client.repository(Note).create({ title: 'bad' }),
    (error) => isOrionError(error, 'forbidden') && /no bad notes/.test(error.message),
  )
  await daemon.settled()
  const tally = async () => (await client.repository(Tally).get('all')).data.notes
  assert.equal(await tally(), 1)
  await daemon.restart()
  await client.repository(Note).create({ title: 'two' })
  await daemon.settled()
  assert.equal(await tally(), 2)
})

test('a handler that is not done is named when the wait is over', async (t) => {
  const stuck = definePlugin({
    name: 'stuck',
    apiVersion: 1,
    scopes: { read: ['OrionInsight'] },
    on: [
      afterCommit('wait', ['OrionInsight.*'], {
        run: async (_event, { signal }) => {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        },
      }),
    ],
  })
  const daemon = await testDaemon({ plugins: [stuck] })
  t.after(() => daemon.close())
  await daemon.settled()
  const client = await daemon.client()
  await client.publish('Build.finished', {})
  await daemon.settled()
  await client.repository(OrionInsight).create({ summary: 'a', domain: 'b' })
  await assert.rejects(
    daemon.settled({ timeoutMs: 50 }),
    /wait of plugin stuck has handled events up to \d+ of \d+/,
  )
})

test('a plugin that does not start is told with its reason', async () => {
  const broken = definePlugin({
    name: 'broken',
    apiVersion: 1,
    start: () => {
      throw new Error('no luck today')
    },
  })
  await assert.rejects(
    testDaemon({ plugins: [broken] }),
    /plugin broken does not run: .*no luck today/,
  )
})

test('a plugin is given the settings of the test, and its schema judges them', async (t) => {
  const settings = z.object({ wordsMax: z.int().default(100) })
  const given: number[] = []
  const sized = definePlugin({
    name: 'sized',
    apiVersion: 1,
    settings,
    start: (context: { readonly settings: z.output<typeof settings> }) =>
      void given.push(context.settings.wordsMax),
  })
  for (const set of [undefined, { sized: { wordsMax: 5 } }]) {
    const daemon = await testDaemon({
      plugins: [sized],
      ...(set === undefined ? {} : { settings: set }),
    })
    t.after(() => daemon.close())
  }
  assert.deepEqual(given, [100, 5])
  const wrong = testDaemon({ plugins: [sized], settings: { sized: { wordsMax: 'five' } } })
  await assert.rejects(wrong, /plugin sized does not run: .*settings of sized do not fit: wordsMax/)
  const other = testDaemon({ plugins: [sized], settings: { seized: {} } })
  await assert.rejects(other, /got seized; there are: sized/)
})
