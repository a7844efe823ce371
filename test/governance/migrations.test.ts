/** Migrations of Orion's own types: none of them sets a managed field, or takes the lock off it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import { type FieldDefinition, json, list, text } from '../../sdk/field.ts'
import { addField, defineMigration, removeField, renameField } from '../../sdk/migration.ts'
import type { MigrationStep } from '../../sdk/migration-step.ts'
import { createNote, startPeople, stored } from '../support/people.ts'

interface Managed {
  readonly type: string
  readonly field: string
  readonly definition: FieldDefinition
}

const managed: readonly Managed[] = orionRecordTypes.flatMap(
  ({ definition: { name: type, fields } }) =>
    Object.entries(fields).flatMap(([field, definition]) =>
      definition.managed ? [{ type, field, definition }] : [],
    ),
)

/** Ways to another value, or to a field that anybody may write. */
const ways: { readonly [way: string]: (one: Managed) => readonly MigrationStep[] } = {
  'is unmanaged': ({ field, definition }) => {
    const { managed: _, ...open } = definition
    return [{ step: 'changeField', field, definition: open }]
  },
  'is removed': ({ field }) => [removeField(field)],
  'is renamed': ({ field }) => [renameField(field, 'another')],
  'is unset where it does not fit': ({ field, definition }) => [
    { step: 'changeField', field, definition, convert: [{ map: { draft: 0 } }], unfit: 'unset' },
  ],
  'is mapped': ({ field, definition }) => [
    { step: 'changeField', field, definition, convert: [{ map: { pending: 'approved' } }] },
  ],
  'is made anew with a value': ({ field, definition }) => [
    removeField(field),
    { step: 'addField', field, definition, from: { value: 'approved' } },
  ],
  'is made anew from a field that anybody writes': ({ field, definition }) => [
    removeField(field),
    { step: 'addField', field, definition, from: { field: 'extra' } },
  ],
  'changes its place with another': ({ field, definition }) => [
    renameField(field, 'another'),
    { step: 'addField', field, definition, from: { field: 'extra' } },
    removeField('another'),
  ],
}

test('no migration of a bundled type writes or opens a managed field, not even the owner’s', async (t) => {
  const { owner, agent } = await startPeople(t)
  const { id } = await agent.call('proposal/create', {
    operations: [createNote('n')],
    submit: true,
  })
  const before = await stored(owner, id)
  assert.ok(managed.length > 15)
  for (const [way, steps] of Object.entries(ways)) {
    for (const one of managed) {
      const { type, field } = one
      const migration = defineMigration('forged', { up: steps(one) })
      for (const dryRun of [false, true]) {
        const order = { type, migrations: [migration], backup: false, dryRun }
        const { code, message } = await owner.refused('type/migrate', order)
        assert.ok(
          [40000, 40300, 40901].includes(code),
          `${type}.${field} ${way}: ${code} ${message}`,
        )
      }
    }
  }
  assert.deepEqual(await stored(owner, id), before)
})

test('nor does the way back of a migration that was harmless, or the removal of the type', async (t) => {
  const { owner, agent } = await startPeople(t)
  const { id } = await agent.call('proposal/create', {
    operations: [createNote('n')],
    submit: true,
  })
  const status = managed.find(({ field }) => field === 'status')
  assert.ok(status)
  for (const { name: type } of orionRecordTypes) {
    const migrations = [defineMigration('gone', { up: [{ step: 'removeType' }] })]
    assert.equal(
      (await owner.refused('type/migrate', { type, migrations, backup: false })).code,
      40000,
    )
  }
  const harmless = defineMigration('mine', {
    up: [
      addField('votes', list(text(), { default: [] })),
      addField('note', json({ optional: true })),
    ],
    down: [
      removeField('votes'),
      removeField('note'),
      removeField('status'),
      {
        step: 'addField',
        field: 'status',
        definition: status.definition,
        from: { value: 'approved' },
      },
    ],
  })
  const order = { type: 'Proposal', migrations: [harmless], backup: false }
  assert.equal((await owner.call('type/migrate', order)).changed, true)
  const back = await owner.refused('type/migrate', { ...order, to: 0 })
  assert.equal(back.code, 40300)
  assert.match(back.message, /status of Proposal can't be migrated/)
  assert.equal((await stored(owner, id)).data.status, 'pending')
  // The lock holds in the new shape, too.
  const set = { type: 'Proposal', id, force: true, set: { status: 'approved' } }
  assert.equal((await owner.refused('record/update', set)).code, 40300)
})

test('no definition takes the lock off a managed field', async (t) => {
  const { owner, agent } = await startPeople(t)
  const asked = { operations: [createNote('n')], submit: true }
  const { id } = await agent.call('proposal/create', asked)
  for (const { type, field, definition } of managed) {
    const { managed: _, ...open } = definition
    const order = { definition: { name: type, fields: { [field]: open } } }
    assert.equal((await owner.refused('type/define', order)).code, 40901, `${type}.${field}`)
  }
  const set = { type: 'Proposal', id, force: true, set: { status: 'approved' } }
  assert.equal((await owner.refused('record/update', set)).code, 40300)
})
