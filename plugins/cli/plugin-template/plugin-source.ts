/** The source of a new plugin: one part of each kind, small enough to be read in a minute. */
import type { PluginNames } from './plugin-names.ts'

/** `plugin.ts` */
export function pluginSource(names: PluginNames): string {
  return `${declaredTypes(names)}${declaredParts(names)}`
}

function declaredTypes({ types }: PluginNames): string {
  return `import {
  afterCommit,
  beforeWrite,
  defineAction,
  definePlugin,
  defineRecordType,
  integer,
  text,
  z,
} from 'orion/sdk'

/** What this plugin keeps. Whoever writes a note, the daemon holds it against this. */
export const Note = defineRecordType('${types}Note', {
  description: 'A note.',
  fields: {
    text: text({ minLength: 1, searchable: true, description: 'The note itself.' }),
    words: integer({ default: 0, description: 'How many words it has; the hook fills it in.' }),
  },
})

/** How many notes were ever written. There is one such record, \`all\`. */
export const Tally = defineRecordType('${types}Tally', {
  description: 'How many notes were ever written.',
  fields: { notes: integer({ default: 0 }) },
})
`
}

function declaredParts({ plugin, actions }: PluginNames): string {
  return `
/** What a person may set: orion plugin add . --set wordsMax=5 */
const settings = z.object({ wordsMax: z.int().min(1).default(100) })

/** Something that others can ask for by its name. It says what is to be written, and writes nothing itself. */
const addNote = defineAction('${actions}.add', {
  description: 'Keeps a note.',
  input: z.object({ text: z.string().trim().min(1) }),
  types: [Note],
  apply: ({ text }) => [{ op: 'create', type: Note.name, data: { text } }],
})

/** Asked before every write of a note: it may fill fields in, or refuse. It reads, and can't write. */
const countWords = beforeWrite(Note, {
  fail: 'closed',
  run: ({ after }, context: { readonly settings: z.output<typeof settings> }) => {
    const words = (after?.text ?? '').split(/\\s+/).filter((word) => word !== '').length
    const { wordsMax } = context.settings
    if (words > wordsMax) return { refuse: \`expected \${wordsMax} words at most, got \${words}\`, path: 'text' }
    return { set: { words } }
  },
})

/** Told of every note once it is on disk: in order, and again if the plugin ended before it was done. */
const countNotes = afterCommit('count-notes', Note, {
  operations: ['created'],
  from: 'snapshot',
  run: async (_event, { client, idempotencyKey, log }) => {
    const tallies = client.repository(Tally)
    if ((await tallies.find('all')) === undefined) await tallies.create({}, { id: 'all' })
    // The key is the same whenever this event comes, so that it counts once.
    const more = { apply: [{ field: 'notes', op: 'increment', value: 1 }] } as const
    const { version } = await tallies.update('all', more, { idempotencyKey: idempotencyKey() })
    log('counted a note', { version })
  },
})

export default definePlugin({
  name: '${plugin}',
  apiVersion: 1,
  version: '0.1.0',
  description: 'Keeps notes and counts them.',
  // What it may do with the records of others. Its own need not be named.
  scopes: {},
  recordTypes: [Note, Tally],
  settings,
  actions: [addNote],
  hooks: [countWords],
  on: [countNotes],
})
`
}

/** `plugin.test.ts` */
export function testSource({ actions }: PluginNames): string {
  return `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExecuteAction, isOrionError } from 'orion/sdk'
import { testDaemon } from 'orion/sdk/testing'
import plugin, { Note, Tally } from './plugin.ts'

test('a note is kept, measured and counted', async (t) => {
  // The real daemon, in this process, on a store of its own; its clock stands still until it is moved.
  const daemon = await testDaemon({ plugins: [plugin] })
  t.after(() => daemon.close())
  const agent = await daemon.client({ principal: 'agent:test', scopes: ['read', 'write'] })

  await agent.request(ExecuteAction, {
    action: '${actions}.add',
    params: { text: 'three little words' },
  })
  const { records } = await agent.repository(Note).list()
  assert.deepEqual(
    records.map(({ data }) => data),
    [{ text: 'three little words', words: 3 }],
  )

  // The handlers have handled everything that was written so far, and what came of it.
  await daemon.settled()
  const tally = await agent.repository(Tally).get('all')
  assert.equal(tally.data.notes, 1)
  assert.equal(tally.createdAt.slice(0, 10), '2026-01-01')

  // A note that is too long is refused, whoever writes it.
  const long = 'word '.repeat(101)
  await assert.rejects(
    agent.repository(Note).create({ text: long }),
    (error) => isOrionError(error, 'forbidden') && /expected 100 words at most/.test(error.message),
  )
})
`
}
