/** Unique values that pass from one record to another while their type is migrated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOrionError } from '../../sdk/errors.ts'
import { integer, text } from '../../sdk/field.ts'
import { changeField, defineMigration } from '../../sdk/migration.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { caller, openTestStore } from '../support/store.ts'

const owner = caller()
const count = 300
const Seat = defineRecordType('Seat', {
  fields: { place: integer({ unique: true }), label: text({ default: '' }) },
})
const migrations = [
  defineMigration('places-are-texts', {
    up: [changeField('place', text({ unique: true }), { convert: ['text'] })],
  }),
]
const params = { type: 'Seat', migrations, backup: false }

test('records that pass unique values on to one another are no twins', async (t) => {
  const store = await openTestStore(t, { types: [], limits: { turnMaxMs: 0 } })
  await store.defineType({ definition: Seat.definition }, owner)
  const operations = Array.from({ length: count }, (_, at) => {
    const data = { place: at }
    return { op: 'create' as const, type: 'Seat', id: `s${at}`, data }
  })
  await store.transact({ operations }, owner)
  const before = store.log.durableSeq
  let moved = 0
  let places = [0, count - 1]
  let isOver = false
  /** The last record gives its place to the first, which was looked at and copied before it. */
  const swap = async (): Promise<void> => {
    const [first, last] = ['s0', `s${count - 1}`]
    while (!isOver) {
      const [one, other] = await Promise.all(
        [first, last].map((id) => store.get({ type: 'Seat', id }, owner)),
      )
      if (typeof one?.data.place !== 'number') return
      const next = [Number(other?.data.place), one.data.place]
      const write = (id: string, place: number) =>
        ({ op: 'update', type: 'Seat', id, force: true, set: { place } }) as const
      await store.transact(
        {
          operations: [
            write(last, 10_000),
            write(first, next[0] ?? -1),
            write(last, next[1] ?? -1),
          ],
        },
        owner,
      )
      moved++
      places = next
    }
  }
  const swapping = swap()
  await store.migrateType(params, owner).finally(() => {
    isOver = true
  })
  await swapping.catch((error) => assert.ok(isOrionError(error), error))
  assert.ok(moved > 2 && store.log.durableSeq > before, `${moved}`)
  const { records } = await store.list({ type: 'Seat', limit: count }, owner)
  const found = new Map(records.map(({ id, data }) => [id, Number(data.place)]))
  assert.deepEqual([found.get('s0'), found.get(`s${count - 1}`)], places)
  assert.equal(new Set(found.values()).size, count)
})

test('records with one value at the end are twins, whoever had it first', async (t) => {
  const Loose = defineRecordType('Seat', {
    fields: { place: integer(), label: text({ default: '' }) },
  })
  const store = await openTestStore(t, { types: [], limits: { turnMaxMs: 0 } })
  await store.defineType({ definition: Loose.definition }, owner)
  const operations = Array.from({ length: count }, (_, at) => {
    const data = { place: at }
    return { op: 'create' as const, type: 'Seat', id: `s${at}`, data }
  })
  await store.transact({ operations }, owner)
  let wrote: Promise<unknown> | undefined
  const migrating = store.migrateType(params, owner, ({ stage }) => {
    if (stage !== 'copying') return
    const set = { place: count - 1 }
    wrote ??= store.update({ type: 'Seat', id: 's0', expectedVersion: 1, set }, owner)
  })
  await assert.rejects(migrating, (error) => {
    assert.ok(isOrionError(error, 'invalid_record'), String(error))
    assert.match(error.message, /s(0|299)\.place: another record has the same value/)
    return true
  })
  await wrote
  await store.update({ type: 'Seat', id: 's0', force: true, set: { place: 0 } }, owner)
  assert.equal((await store.migrateType(params, owner)).changed, true)
})
