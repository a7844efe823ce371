import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterCommit,
  beforeWrite,
  defineAction,
  definePlugin,
  defineRecordType,
  integer,
  isPlugin,
  text,
  z,
} from '../../sdk/index.ts'
import { manifestOf } from '../../sdk/plugin/manifest.ts'

const Note = defineRecordType('PluginNote', {
  fields: { words: text(), weight: integer({ default: 0 }) },
})
const save = defineAction('note.save', {
  description: 'Keeps a note.',
  input: z.object({ words: z.string().min(1) }),
  types: [Note],
  apply: ({ words }) => [{ op: 'create', type: Note.name, data: { words } }],
})
const settings = z.object({ limit: z.int().min(1).default(10) })

test('a plugin is declared with all its parts, and its settings are typed in each', () => {
  const plugin = definePlugin({
    name: 'notes',
    apiVersion: 1,
    version: '1.2.0',
    scopes: { read: 'all', write: ['OrionInsight'], publish: ['Notes'] },
    recordTypes: [Note],
    actions: [save],
    hooks: [
      beforeWrite(Note, {
        fail: 'closed',
        run: ({ after }, { settings: { limit } }: { settings: { limit: number } }) =>
          (after?.weight ?? 0) > limit ? { refuse: 'is too heavy', path: 'weight' } : undefined,
      }),
    ],
    on: [
      afterCommit('count', Note, {
        operations: ['created'],
        run: ({ record }) => void record?.data.words,
      }),
      afterCommit('all', ['Build.*'], { run: () => {} }),
    ],
    settings,
  })
  assert.equal(isPlugin(plugin), true)
  const { declaration } = plugin
  const told = manifestOf(declaration)
  assert.ok(told.ok)
  const { manifest } = told
  assert.deepEqual(manifest.scopes, { read: 'all', write: ['OrionInsight'], publish: ['Notes'] })
  assert.deepEqual(manifest.hooks, [
    { type: 'PluginNote', operations: ['create', 'update'], fail: 'closed' },
  ])
  assert.deepEqual(manifest.on, [
    { name: 'count', patterns: ['PluginNote.created'] },
    { name: 'all', patterns: ['Build.*'] },
  ])
  assert.deepEqual(
    manifest.actions.map(({ name, types }) => ({ name, types })),
    [{ name: 'note.save', types: ['PluginNote'] }],
  )
  assert.deepEqual(manifest.settings?.required ?? [], [])
})

const bare = { name: 'notes', apiVersion: 1 } as const

for (const { what, declaration, says } of [
  {
    what: 'a name with a capital letter',
    declaration: { ...bare, name: 'Notes' },
    says: /small letter/,
  },
  { what: 'another interface', declaration: { ...bare, apiVersion: 2 }, says: /one of 1, got 2/ },
  {
    what: 'a scope that a plugin can’t have',
    declaration: { ...bare, scopes: { admin: 'all' } },
    says: /scopes\.admin: expected one of read, write, propose, publish/,
  },
  {
    what: 'a scope for nothing',
    declaration: { ...bare, scopes: { read: [] } },
    says: /scopes\.read/,
  },
  {
    what: 'two record types of one name',
    declaration: { ...bare, recordTypes: [Note, Note] },
    says: /PluginNote is there twice/,
  },
  {
    what: 'two actions of one name',
    declaration: { ...bare, actions: [save, save] },
    says: /note\.save is there twice/,
  },
  {
    what: 'two handlers of one name',
    declaration: {
      ...bare,
      on: [
        afterCommit('one', Note, { run: () => {} }),
        afterCommit('one', ['*'], { run: () => {} }),
      ],
    },
    says: /one is there twice/,
  },
  {
    what: 'a handler of nothing',
    declaration: { ...bare, on: [afterCommit('one', [], { run: () => {} })] },
    says: /on\.0\.patterns/,
  },
  {
    what: 'a hook that takes no time at all',
    declaration: {
      ...bare,
      hooks: [beforeWrite(Note, { fail: 'open', timeMaxMs: 0, run: () => {} })],
    },
    says: /hooks\.0\.timeMaxMs/,
  },
]) {
  test(`${what} is refused, and said`, () => {
    // As JavaScript that nobody compiled would call it.
    const define: (declared: never) => unknown = definePlugin
    assert.throws(() => define(declaration as never), { name: 'TypeError', message: says })
  })
}

test('what is no plugin is told from one', () => {
  for (const value of [undefined, null, {}, () => {}, { name: 'notes', apiVersion: 1 }]) {
    assert.equal(isPlugin(value), false)
  }
})
