/** The types and actions of plugins: what two can't both bring, what is told of them, and how they change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localGrant } from '../../daemon/plugins/local-plugin.ts'
import { clashesOf } from '../../daemon/plugins/plugin-clashes.ts'
import { wordsOf } from '../../daemon/plugins/plugin-words.ts'
import {
  beforeWrite,
  DaemonStatus,
  defineAction,
  defineMigration,
  definePlugin,
  defineRecordType,
  renameField,
  text,
  z,
} from '../../sdk/index.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'

const Note = defineRecordType('ClashNote', { fields: { title: text() } })

function manifestOf(name: string) {
  const add = defineAction('clash.add', {
    description: 'Adds a note.',
    input: z.object({}),
    types: [Note],
    apply: () => [],
  })
  const gate = beforeWrite(Note, {
    fail: 'open',
    operations: ['create', 'update', 'delete'],
    run: () => undefined,
  })
  const parts = { recordTypes: [Note], actions: [add], hooks: [gate] }
  const plugin = definePlugin({ name, apiVersion: 1, ...parts })
  return localGrant({ plugin }, '').manifest
}

test('a plugin can’t bring a type or an action of another one, and may bring its own again', () => {
  const own = { ownActions: [], ownTypes: [] }
  assert.deepEqual(clashesOf(manifestOf('second'), { ...own, others: [manifestOf('first')] }), [
    'record type ClashNote belongs to plugin first',
    'action clash.add belongs to plugin first',
  ])
  assert.deepEqual(clashesOf(manifestOf('first'), { ...own, others: [manifestOf('first')] }), [])
  const daemons = { ownActions: ['clash.add'], ownTypes: ['ClashNote'], others: [] }
  assert.deepEqual(clashesOf(manifestOf('first'), daemons), [
    'record type ClashNote is Orion’s own',
    'action clash.add is Orion’s own',
  ])
})

test('a type that the store has already is told apart from a new one', () => {
  const manifest = manifestOf('first')
  const taken = wordsOf(manifest, ['ClashNote']).filter((line) => /already/.test(line))
  assert.deepEqual(taken, ['take record types for its own that the store has already: ClashNote'])
  const words = wordsOf(manifest, []).join('\n')
  assert.doesNotMatch(words, /already/)
  assert.match(words, /see, change and refuse every create, update and delete of ClashNote before/)
  assert.doesNotMatch(words, /stop all such writes/, 'one that fails open does not')
})

test('the records of a plugin follow its migrations', async (t) => {
  const before = await startDaemon(t)
  const old = await daemonClient(t, before)
  await old.define(Note)
  const { id } = await old.repository(Note).create({ title: 'kept' })
  await before.daemon.close()

  const named = defineMigration('named', { up: [renameField('title', 'name')] })
  const Renamed = defineRecordType('ClashNote', { fields: { name: text() }, migrations: [named] })
  const plugin = definePlugin({ name: 'second', apiVersion: 1, recordTypes: [Renamed] })
  const { location } = before
  const client = await daemonClient(t, await startDaemon(t, { location, plugins: [plugin] }))
  for (;;) {
    const { plugins: [{ state, reason } = {}] = [] } = await client.request(DaemonStatus, {})
    assert.notEqual(state, 'failed', reason)
    if (state === 'running') break
  }
  assert.equal((await client.repository(Renamed).get(id)).data.name, 'kept')
})
