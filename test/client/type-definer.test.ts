import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CancelledError,
  MigrationRequiredError,
  UnknownTypeError,
} from '../../sdk/client/typed-errors.ts'
import { integer, text } from '../../sdk/field.ts'
import { defineMigration, renameField } from '../../sdk/migration.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { ScriptedDaemon, scriptedError } from '../support/scripted-daemon.ts'
import { scriptedClient } from '../support/sdk-client.ts'

const Note = defineRecordType('Note', { fields: { title: text() } })
const NewerNote = defineRecordType('Note', {
  fields: { title: text({ maxLength: 10 }), count: integer({ default: 0 }) },
})

test('a type the store lacks is defined at its first use, once for many uses at once', async (t) => {
  const daemon = new ScriptedDaemon()
  const notes = (await scriptedClient(t, daemon)).repository(Note)
  await Promise.all(['a', 'b', 'c'].map((title) => notes.create({ title })))
  await notes.create({ title: 'd' })
  assert.equal(daemon.count('type/get'), 1)
  assert.equal(daemon.count('type/define'), 1)
  assert.equal(daemon.events.length, 4)
})

test('a type the store knows costs one look and no definition', async (t) => {
  const daemon = new ScriptedDaemon()
  const fields = { ...NewerNote.definition.fields, ...Note.definition.fields }
  daemon.types.set('Note', JSON.parse(JSON.stringify({ name: 'Note', fields })))
  const notes = (await scriptedClient(t, daemon)).repository(Note)
  await notes.create({ title: 'a' })
  await notes.find('b')
  assert.equal(daemon.count('type/get'), 1)
  assert.equal(daemon.count('type/define'), 0)
})

test('fields the store lacks are added; those both know stay as the store has them', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  await client.define(Note)
  await client.define(NewerNote)
  const fields = daemon.types.get('Note')?.fields
  assert.deepEqual(fields, {
    title: Note.definition.fields.title,
    count: NewerNote.definition.fields.count,
  })
})

test('a field both know takes afterwards what either declares', async (t) => {
  const daemon = new ScriptedDaemon()
  daemon.types.set('Note', JSON.parse(JSON.stringify(NewerNote.definition)))
  await (await scriptedClient(t, daemon)).define(Note)
  assert.deepEqual(daemon.types.get('Note')?.fields, {
    title: Note.definition.fields.title,
    count: NewerNote.definition.fields.count,
  })
})

test('a store with another past than the program is not asked for anything', async (t) => {
  const daemon = new ScriptedDaemon()
  const migration = defineMigration('title', { up: [renameField('summary', 'title')] })
  const Newer = defineRecordType('Note', { fields: { title: text() }, migrations: [migration] })
  const client = await scriptedClient(t, daemon)
  await client.define(Note)
  await assert.rejects(client.repository(Newer).get('a'), MigrationRequiredError)
  assert.equal(daemon.count('type/define'), 1)
  assert.equal(daemon.count('record/get'), 0)
})

test('a client that may not define goes on, and is told what is missing', async (t) => {
  const daemon = new ScriptedDaemon()
  const client = await scriptedClient(t, daemon)
  daemon.handle('type/define', () => {
    throw scriptedError('forbidden', { needs: 'define' })
  })
  daemon.handle('record/get', () => {
    throw scriptedError('unknown_type', { type: 'Note' })
  })
  await assert.rejects(client.repository(Note).get('a'), UnknownTypeError)
})

test('a first use that is given up does not take the second with it', async (t) => {
  const daemon = new ScriptedDaemon()
  const notes = (await scriptedClient(t, daemon)).repository(Note)
  daemon.handleOnce('type/get', () => new Promise(() => {}))
  const controller = new AbortController()
  const first = notes.create({ title: 'a' }, { signal: controller.signal })
  const second = notes.create({ title: 'b' })
  await daemon.arrival('type/get')
  controller.abort()
  await assert.rejects(first, CancelledError)
  assert.equal((await second).version, 1)
  assert.equal(daemon.events.length, 1)
})

test('another epoch may be another store, so its types are looked at again', async (t) => {
  const daemon = new ScriptedDaemon()
  const notes = (await scriptedClient(t, daemon)).repository(Note)
  await notes.create({ title: 'a' })
  daemon.types.clear()
  daemon.epoch = 'epoch2'
  daemon.drop()
  await assert.rejects(notes.get('nobody'))
  await notes.create({ title: 'b' })
  assert.equal(daemon.count('type/define'), 2)
})
