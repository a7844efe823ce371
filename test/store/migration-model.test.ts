/** Random chains of migrations among random writes, beside a model that does the same to plain objects. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { inspectFile } from '../../daemon/store/inspect-file.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { type Field, integer, text } from '../../sdk/field.ts'
import type { Json } from '../../sdk/json.ts'
import {
  addField,
  changeField,
  defineMigration,
  removeField,
  renameField,
} from '../../sdk/migration.ts'
import type { Migration, MigrationStep } from '../../sdk/migration-step.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()
const lifecycles = ['active', 'archived', 'deleted'] as const
type Data = { [field: string]: Json }
type Kind = 'integer' | 'text'

/** What a record should be, and its versions as they were written; undefined where the form of then is not known. */
interface Expected {
  data: Data
  lifecycle: (typeof lifecycles)[number]
  readonly versions: (Data | undefined)[]
}

/** A store and what should be in it. */
interface World {
  readonly store: StoreApi
  readonly fields: Map<string, Kind>
  readonly records: Map<string, Expected>
  readonly applied: { readonly migration: Migration; readonly steps: readonly Step[] }[]
  fresh: number
}

/** One step by its number, of the fields there are; with what undoes it, and what it makes of plain data. */
interface Step {
  readonly up: MigrationStep
  /** Undefined where what is gone can't be made again. */
  readonly down: MigrationStep | undefined
  /** Undefined for data that it refuses. */
  apply(data: Data): Data | undefined
  /** What `down` makes of data; undefined for data that it refuses. */
  revert(data: Data): Data | undefined
}

const written: { readonly [K in Kind]: Field<unknown> } = {
  integer: integer({ optional: true, indexed: true }),
  text: text({ optional: true, indexed: true, searchable: true }),
}

const move = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('create' as const), value: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('update', 'archive', 'delete', 'restore'),
      which: fc.nat(),
      field: fc.nat(),
      value: fc.nat(20),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('migrate' as const),
      steps: fc.array(fc.record({ kind: fc.nat(5), field: fc.nat(), other: fc.nat() }), {
        minLength: 1,
        maxLength: 3,
      }),
      between: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('undo' as const) }) },
)
type Move = typeof move extends fc.Arbitrary<infer M> ? M : never

/** Leads to each outcome, so that every run has seen them all. */
const eachOutcome: Move[] = [
  { do: 'create', value: 1 },
  { do: 'migrate', steps: [{ kind: 5, field: 0, other: 1 }], between: false },
  { do: 'migrate', steps: [{ kind: 0, field: 0, other: 0 }], between: true },
  { do: 'undo' },
]

test('random migrations among writes make of every record what a model makes of it', async (t) => {
  const seen = { migrated: 0, refused: 0, undone: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 6, maxLength: 14 }), async (moves) => {
      const path = join(temporaryDirectory(t), 'store.db')
      const world = await makeWorld(await openTestStore(t, { types: [], path }))
      for (const [index, one] of moves.entries()) await take(world, one, { index, seen })
      await assertSame(world)
      await world.store.close()
      const again = { ...world, store: await openTestStore(t, { types: [], path }) }
      await assertSame(again)
      await again.store.close()
      const options = { depth: 'everything', nowMicros: Date.now() * 1000 } as const
      const { findings } = inspectFile(await loadTestEngine(), path, options)
      assert.deepEqual(
        findings.filter(({ level }) => level !== 'ok'),
        [],
      )
    }),
    { examples: [[eachOutcome]], numRuns: process.env.ORION_LONG === '1' ? 500 : 20 },
  )
  t.diagnostic(JSON.stringify(seen))
  assert.ok(seen.migrated > 0 && seen.refused > 0 && seen.undone > 0, JSON.stringify(seen))
})

async function makeWorld(store: StoreApi): Promise<World> {
  const fields: [string, Kind][] = [
    ['a', 'text'],
    ['b', 'integer'],
    ['c', 'text'],
  ]
  const declared = Object.fromEntries(fields.map(([name, kind]) => [name, written[kind]]))
  const { definition } = defineRecordType('Task', { fields: declared })
  await store.defineType({ definition }, owner)
  return { store, fields: new Map(fields), records: new Map(), applied: [], fresh: 0 }
}

async function take(
  world: World,
  one: Move,
  { index, seen }: { index: number; seen: { migrated: number; refused: number; undone: number } },
): Promise<void> {
  if (one.do === 'create') {
    const id = `t${index}`
    const data: Data = {}
    for (const [at, [field, kind]] of [...world.fields].entries()) {
      // Some fields are left out; some texts are digits, which can become a number.
      if ((one.value + at) % 4 !== 0) data[field] = sampleOf(kind, one.value + at)
    }
    await world.store.create({ type: 'Task', id, data }, owner)
    world.records.set(id, { data, lifecycle: 'active', versions: [data] })
  } else if (one.do === 'migrate') {
    const outcome = await migrate(world, one)
    seen[outcome]++
  } else if (one.do === 'undo') {
    if (await undo(world)) seen.undone++
  } else if ('which' in one) {
    await write(world, one)
  }
}

function sampleOf(kind: Kind, value: number): Json {
  if (kind === 'integer') return value
  return value % 3 === 0 ? `${value}` : `w${value}: and more`
}

const moved = { archive: 'archived', delete: 'deleted', restore: 'active' } as const

async function write(world: World, one: Extract<Move, { which: number }>): Promise<void> {
  const all = [...world.records]
  const chosen = all[one.which % Math.max(1, all.length)]
  if (chosen === undefined) return
  const [id, record] = chosen
  const named = { type: 'Task', id, force: true as const }
  if (one.do === 'update') {
    const fields = [...world.fields]
    const [field, kind] = fields[one.field % fields.length] ?? ['a', 'text']
    if (record.lifecycle !== 'active' || !world.fields.has(field)) return
    const set = { [field]: sampleOf(kind, one.value + 1) }
    const { changed } = await world.store.update({ ...named, set }, owner)
    if (!changed) return
    record.data = { ...record.data, ...set }
  } else {
    const next = moved[one.do]
    if (record.lifecycle === next || (next !== 'active' && record.lifecycle !== 'active')) return
    await world.store[one.do](named, owner)
    record.lifecycle = next
  }
  record.versions.push(record.data)
}

async function migrate(
  world: World,
  asked: Extract<Move, { steps: unknown }>,
): Promise<'migrated' | 'refused'> {
  const fields = new Map(world.fields)
  const steps = asked.steps.map((step) => stepOf(world, fields, step))
  const undone = steps.flatMap(({ down }) => down ?? []).reverse()
  const migration = defineMigration(`m${world.fresh++}`, {
    up: steps.map(({ up }) => up),
    ...(undone.length === steps.length ? { down: undone } : {}),
  })
  const migrations = [...world.applied.map((one) => one.migration), migration]
  const isRefused = [...world.records.values()].some(
    ({ data }) => shaped(steps, data) === undefined,
  )
  let written: Promise<string> | undefined
  const params = { type: 'Task', migrations, backup: false }
  const running = world.store.migrateType(params, owner, ({ stage }) => {
    if (asked.between && stage === 'switching') written ??= writeBeside(world)
  })
  const refusal = await running.then(
    () => undefined,
    (error: unknown) => error,
  )
  const beside = await written
  if (beside !== undefined) noteBeside(world, beside)
  if (isRefused) {
    assert.ok(isOrionError(refusal, 'invalid_record'), String(refusal))
    return 'refused'
  }
  assert.equal(refusal, undefined)
  for (const record of world.records.values()) record.data = shaped(steps, record.data) ?? {}
  world.fields.clear()
  for (const [name, kind] of fields) world.fields.set(name, kind)
  world.applied.push({ migration, steps })
  return 'migrated'
}

/** A record without data, which fits every form that the type may take; its id. */
async function writeBeside(world: World): Promise<string> {
  const { id } = await world.store.create({ type: 'Task', data: {} }, owner)
  return id
}

function noteBeside(world: World, id: string): void {
  world.records.set(id, { data: {}, lifecycle: 'active', versions: [undefined] })
}

/** What the steps make of data, one after the other; undefined for data that one of them refuses. */
function shaped(steps: readonly Step[], data: Data): Data | undefined {
  return steps.reduce<Data | undefined>((now, step) => now && step.apply(now), data)
}

/** Takes the last migration back, and applies it again. */
async function undo(world: World): Promise<boolean> {
  const { applied, store, records } = world
  const last = applied.at(-1)
  if (last?.migration.down === undefined) return false
  const params = {
    type: 'Task',
    migrations: applied.map(({ migration }) => migration),
    backup: false,
  }
  const before = definitionOf(store)
  const reversed = last.steps.toReversed()
  const reverted = new Map(
    [...records].map(([id, { data }]) => [
      id,
      reversed.reduce<Data | undefined>((now, step) => now && step.revert(now), data),
    ]),
  )
  const undoing = store.migrateType({ ...params, to: applied.length - 1 }, owner)
  if ([...reverted.values()].includes(undefined)) {
    await assert.rejects(undoing, (error) => isOrionError(error, 'invalid_record'))
    return false
  }
  await undoing
  await assertCount(world)
  // What was undone fits the way up: nothing wrote between.
  await store.migrateType(params, owner)
  assert.deepEqual(definitionOf(store), before)
  for (const [id, record] of records) {
    record.data = shaped(last.steps, reverted.get(id) ?? {}) ?? assert.fail(id)
  }
  return true
}

function definitionOf(store: StoreApi): unknown {
  const { fields, migrations } = store.getType('Task')
  return { fields, migrations }
}

async function assertCount({ store, records }: World): Promise<void> {
  const { count } = await store.count({ type: 'Task', lifecycle: [...lifecycles] }, owner)
  assert.equal(count, records.size)
}

function stepOf(
  world: World,
  fields: Map<string, Kind>,
  { kind, field: at, other }: { kind: number; field: number; other: number },
): Step {
  const names = [...fields.keys()]
  const field = names[at % names.length] ?? 'a'
  const source = names[other % names.length] ?? 'a'
  const to = `f${world.fresh++}`
  const was = fields.get(field) ?? 'text'
  const removed = ({ [to]: _gone, ...rest }: Data): Data => rest
  switch (names.length === 1 && kind === 1 ? 0 : kind) {
    case 0:
      fields.delete(field)
      fields.set(to, was)
      return {
        up: renameField(field, to),
        down: renameField(to, field),
        apply: ({ [field]: value, ...rest }) =>
          value === undefined ? rest : { ...rest, [to]: value },
        revert: ({ [to]: value, ...rest }) =>
          value === undefined ? rest : { ...rest, [field]: value },
      }
    case 1:
      fields.delete(field)
      return {
        up: removeField(field),
        down: undefined,
        apply: ({ [field]: _gone, ...rest }) => rest,
        revert: () => undefined,
      }
    case 2:
      fields.set(to, 'integer')
      return {
        up: addField(to, written.integer, { from: { value: 7 } }),
        down: removeField(to),
        apply: (data) => ({ ...data, [to]: 7 }),
        revert: removed,
      }
    case 3:
      fields.set(to, 'text')
      return {
        up: addField(to, written.text, { from: { join: [field, source], separator: '/' } }),
        down: removeField(to),
        revert: removed,
        apply: (data) => {
          const parts = [data[field], data[source]].filter((value) => value !== undefined)
          return parts.length === 0 ? data : { ...data, [to]: parts.join('/') }
        },
      }
    case 4:
      fields.set(to, 'text')
      return {
        up: addField(to, written.text, { from: { split: field, separator: ': ', part: 1 } }),
        down: removeField(to),
        revert: removed,
        apply: (data) => {
          const part = String(data[field] ?? '').split(': ')[1]
          return part === undefined ? data : { ...data, [to]: part }
        },
      }
    default:
      return changed(fields, field, was, other)
  }
}

/** A field of the other kind: every integer is a text, and some texts are integers. */
function changed(fields: Map<string, Kind>, field: string, was: Kind, other: number): Step {
  const becomes = was === 'text' ? 'integer' : 'text'
  fields.set(field, becomes)
  const isReplaced = other % 2 === 0
  const unfit = isReplaced ? { unfit: { value: becomes === 'text' ? 'none' : -1 } } : {}
  const back = changeField(field, written.integer, { convert: ['integer'] })
  return {
    up: changeField(field, written[becomes], { convert: [becomes], ...unfit }),
    down: was === 'integer' ? back : undefined,
    apply: (data) => {
      const value = data[field]
      if (value === undefined) return data
      if (becomes === 'text') return { ...data, [field]: String(value) }
      const number = integerOf(value)
      if (number !== undefined) return { ...data, [field]: number }
      return isReplaced ? { ...data, [field]: -1 } : undefined
    },
    revert: (data) => {
      if (data[field] === undefined) return data
      const number = integerOf(data[field])
      return number === undefined ? undefined : { ...data, [field]: number }
    },
  }
}

function integerOf(value: Json): number | undefined {
  return /^-?\d+$/.test(String(value)) ? Number(value) : undefined
}

/** Every record, every version of it, every order by an index, and every word that is found. */
async function assertSame({ store, records, fields }: World): Promise<void> {
  const { records: found } = await store.list(
    { type: 'Task', limit: 1000, lifecycle: [...lifecycles] },
    owner,
  )
  assert.deepEqual(
    new Map(found.map(({ id, data, lifecycle }) => [id, { data, lifecycle }])),
    new Map([...records].map(([id, { data, lifecycle }]) => [id, { data, lifecycle }])),
  )
  for (const [id, { versions }] of records) {
    const past = await store.history({ type: 'Task', id, limit: 100 }, owner)
    assert.equal(past.versions.length, versions.length, id)
    for (const [at, data] of versions.slice(0, -1).entries()) {
      if (data === undefined) continue
      const then = await store.get({ type: 'Task', id, version: at + 1 }, owner)
      assert.deepEqual(then.data, data, `${id} at ${at + 1}`)
    }
  }
  for (const [field, kind] of fields) {
    const value = kind === 'integer' ? 7 : '7'
    const { count } = await store.count({ type: 'Task', where: { [field]: value } }, owner)
    const fitting = [...records.values()].filter(
      ({ data, lifecycle }) => lifecycle === 'active' && data[field] === value,
    )
    assert.equal(count, fitting.length, field)
  }
  if (![...fields.values()].includes('text')) return
  const { hits } = await store.search({ types: ['Task'], query: 'more', limit: 200 }, owner)
  const withWord = [...records].filter(
    ([, { data, lifecycle }]) =>
      lifecycle === 'active' &&
      [...fields].some(([field, kind]) => kind === 'text' && /more/.test(String(data[field]))),
  )
  assert.deepEqual(hits.map(({ record }) => record.id).sort(), withWord.map(([id]) => id).sort())
}
