/** Random writes of records that name one another, against a plain model of who may name whom, and who does. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import { inspectReferences } from '../../daemon/store/inspect-references.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { list, object, reference } from '../../sdk/field.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Lifecycle } from '../../sdk/model.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()
const ids = ['a', 'b', 'c', 'd'] as const
const Left = defineRecordType('Left', {
  fields: {
    one: reference('Right', { optional: true }),
    many: list(reference('self'), { default: [] }),
    loose: list(reference('Right', { weak: true }), { default: [] }),
  },
})
const Right = defineRecordType('Right', {
  fields: { deep: list(object({ any: reference('*') }), { default: [] }) },
})
const types = [Left.definition, Right.definition]

interface Known {
  version: number
  lifecycle: Lifecycle | 'absent'
  data: JsonObject
}
type Model = Map<string, Known>

/** One write of a transaction: its type, its id, and the data if it has some. */
interface Write {
  readonly op: 'create' | 'update' | 'delete' | 'restore'
  readonly key: readonly [string, string, JsonObject]
}

const someId = fc.constantFrom(...ids)
const idList = fc.array(someId, { maxLength: 3 })
const key = fc.oneof(fc.tuple(fc.constant('Left'), someId), fc.tuple(fc.constant('Right'), someId))
const leftData = fc.record({ one: someId, many: idList, loose: idList }, { requiredKeys: [] })
const any = key.map(([type, id]) => ({ any: `${type}/${id}` }))
const rightData = fc.record({ deep: fc.array(any, { maxLength: 3 }) }, { requiredKeys: [] })
const plain = (data: object): JsonObject => JSON.parse(JSON.stringify(data))
const writing = fc.oneof(
  fc.tuple(fc.constant('Left'), someId, leftData.map(plain)),
  fc.tuple(fc.constant('Right'), someId, rightData.map(plain)),
)
const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 3, arbitrary: writing.map((w) => ({ op: 'create' as const, key: w })) },
  { weight: 9, arbitrary: writing.map((w) => ({ op: 'update' as const, key: w })) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('delete' as const, 'restore' as const),
      key: key.map(([type, id]): [string, string, JsonObject] => [type, id, {}]),
    }),
  },
)
const step = fc.oneof(
  { weight: 5, arbitrary: write.map((one) => ({ kind: 'one' as const, writes: [one] })) },
  {
    weight: 4,
    arbitrary: fc
      .array(write, { minLength: 1, maxLength: 4 })
      .map((writes) => ({ kind: 'several' as const, writes })),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('purge' as const), key, force: fc.boolean() }),
  },
)
/** Checked or not, who is named by some data, once for each place. */
function named(type: string, data: JsonObject): { field: string; target: string; weak: boolean }[] {
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
  if (type === 'Right') {
    const deep = Array.isArray(data.deep) ? data.deep : []
    return [...new Set(deep.map((item) => String(Object(item).any)))].map((target) => ({
      field: 'deep.any',
      target,
      weak: false,
    }))
  }
  const of = (field: string, to: string, values: string[], weak = false) =>
    [...new Set(values)].map((id) => ({ field, target: `${to}/${id}`, weak }))
  return [
    ...(typeof data.one === 'string' ? of('one', 'Right', [data.one]) : []),
    ...of('many', 'Left', texts(data.many)),
    ...of('loose', 'Right', texts(data.loose), true),
  ]
}

function stateOf(model: Model, name: string): Known {
  return model.get(name) ?? { version: 0, lifecycle: 'absent', data: {} }
}

function operationOf({ op, key: [type, id, data] }: Write, version: number) {
  const expectedVersion = Math.max(1, version)
  if (op === 'create') return { op, type, id, data: data }
  if (op === 'update') return { op, type, id, expectedVersion, set: data }
  return { op, type, id, expectedVersion }
}

/** Applies writes to a copy of the model; undefined when one of them has to be refused. */
function applied(model: Model, writes: readonly Write[]): Model | undefined {
  const next: Model = new Map([...model].map(([name, known]) => [name, { ...known }]))
  const pending: { readonly name: string; readonly target: string }[] = []
  for (const {
    op,
    key: [type, id, data],
  } of writes) {
    const name = `${type}/${id}`
    const known = stateOf(next, name)
    const before = known.data
    if (op === 'create') {
      if (known.lifecycle !== 'absent') return undefined
      const defaults = type === 'Left' ? { many: [], loose: [] } : { deep: [] }
      const fresh = { ...defaults, ...data }
      next.set(name, { version: known.version + 1, lifecycle: 'active', data: fresh })
    } else {
      if (known.lifecycle === 'absent') return undefined
      if (op === 'update') {
        if (known.lifecycle === 'deleted') return undefined
        const after = { ...before, ...data }
        if (JSON.stringify(after) !== JSON.stringify(before)) known.version += 1
        known.data = after
      } else {
        const lifecycle = op === 'delete' ? 'deleted' : 'active'
        if (known.lifecycle !== lifecycle) known.version += 1
        known.lifecycle = lifecycle
      }
      next.set(name, known)
    }
    const old = new Set(
      op === 'create' ? [] : named(type, before).map(({ field, target }) => `${field} ${target}`),
    )
    for (const { field, target, weak } of named(type, stateOf(next, name).data)) {
      if (weak || old.has(`${field} ${target}`) || target === name) continue
      if (!isThere(next, target)) pending.push({ name, target })
    }
  }
  return pending.every(({ target }) => isThere(next, target)) ? next : undefined
}

function isThere(model: Model, name: string): boolean {
  const { lifecycle } = stateOf(model, name)
  return lifecycle !== 'absent' && lifecycle !== 'deleted'
}

function isHeld(model: Model, name: string): boolean {
  return [...model].some(
    ([by, { data, lifecycle }]) =>
      by !== name &&
      lifecycle !== 'absent' &&
      named(by.split('/')[0] ?? '', data).some(({ target, weak }) => !weak && target === name),
  )
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    assert.ok(isOrionError(error), String(error))
    assert.notEqual(error.kind, 'internal')
    return false
  }
}

/** Versions that the operations of a transaction are based on follow those before them. */
function operationsOf(model: Model, writes: readonly Write[]) {
  let present: Model | undefined = model
  return writes.map((one, index) => {
    const [type, id] = one.key
    present = simulate(model, writes.slice(0, index)) ?? present
    return operationOf(one, stateOf(present ?? model, `${type}/${id}`).version)
  })
}

/** As `applied`, without a look at what is named: only versions are wanted. */
function simulate(model: Model, writes: readonly Write[]): Model | undefined {
  const everything: Model = new Map(model)
  const next = applied(everything, writes)
  if (next !== undefined) return next
  const loose = new Map([...model].map(([name, known]) => [name, { ...known }]))
  for (const {
    op,
    key: [type, id, data],
  } of writes) {
    const known = loose.get(`${type}/${id}`) ?? { version: 0, lifecycle: 'absent', data: {} }
    const after = { ...known.data, ...data }
    const changed =
      op === 'create'
        ? known.lifecycle === 'absent'
        : op === 'update'
          ? JSON.stringify(after) !== JSON.stringify(known.data)
          : known.lifecycle !== (op === 'delete' ? 'deleted' : 'active')
    if (changed) known.version += 1
    if (op === 'create' || op === 'restore') known.lifecycle = 'active'
    if (op === 'delete') known.lifecycle = 'deleted'
    known.data = after
    loose.set(`${type}/${id}`, known)
  }
  return loose
}

async function compare(store: StoreApi, model: Model): Promise<void> {
  const lifecycle = ['active' as const, 'archived' as const, 'deleted' as const]
  for (const type of ['Left', 'Right']) {
    for (const id of ids) {
      const expected = [...model]
        .filter(([, known]) => known.lifecycle !== 'absent')
        .flatMap(([by, { data }]) =>
          named(by.split('/')[0] ?? '', data)
            .filter(({ target }) => target === `${type}/${id}`)
            .map(({ field }) => `${by} ${field}`),
        )
      const { referrers } = await store.referrers({ type, id, lifecycle, limit: 1000 }, owner)
      const found = referrers.map(({ field, record }) => `${record.type}/${record.id} ${field}`)
      assert.deepEqual(found.sort(), expected.sort(), `${type}/${id}`)
    }
  }
}

const beginnings: readonly Write[] = ['a', 'b', 'c'].flatMap((id) => [
  { op: 'create' as const, key: ['Left', id, {}] as const },
  { op: 'create' as const, key: ['Right', id, {}] as const },
])

test('random writes name what a plain model says they may, and the table knows who names whom', async (t) => {
  const directory = temporaryDirectory(t)
  const engine = await loadTestEngine()
  let run = 0
  let [done, refused] = [0, 0]
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
      const path = join(directory, `store-${run++}.db`)
      const store = await openTestStore(t, { path, types })
      let model: Model = new Map()
      const first = beginnings.map((one) => operationOf(one, 0))
      await store.transact({ operations: first }, owner)
      model = applied(model, beginnings) ?? model
      for (const next of steps) {
        if (next.kind === 'purge') {
          const [type, id] = next.key
          const name = `${type}/${id}`
          const known = stateOf(model, name)
          const may = known.lifecycle !== 'absent' && (next.force || !isHeld(model, name))
          const expectedVersion = Math.max(1, known.version)
          const request = { type, id, expectedVersion, force: next.force }
          assert.equal(await succeeds(store.purge(request, owner)), may, JSON.stringify(next))
          if (may) {
            model.set(name, { version: known.version + 1, lifecycle: 'absent', data: {} })
          }
          continue
        }
        const operations = operationsOf(model, next.writes)
        const after = applied(model, next.writes)
        const succeeded = await succeeds(store.transact({ operations }, owner))
        assert.equal(succeeded, after !== undefined, JSON.stringify([operations, [...model]]))
        if (after === undefined) refused += 1
        else done += 1
        model = after ?? model
      }
      await compare(store, model)
      await store.close()
      const options = {
        syncMode: 'off',
        cacheKib: 1024,
        statementsMax: 16,
        readOnly: true,
      } as const
      const connection = engine.open(path, options)
      const [table] = inspectReferences(connection, types)
      connection.close()
      assert.equal(table?.level, 'ok', table?.message)
    }),
    { numRuns: process.env.ORION_LONG === '1' ? 300 : 20 },
  )
  assert.ok(done > 30 && refused > 30, `${done} done, ${refused} refused: both have to be seen`)
})
