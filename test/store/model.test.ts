/** Random writes by several writers against a plain model: the store never differs from it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import { isOrionError } from '../../sdk/errors.ts'
import type { Lifecycle } from '../../sdk/model.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const owner = caller()
const ids = ['a', 'b'] as const
type Id = (typeof ids)[number]

/** What the model knows of one id. */
interface Known {
  version: number
  lifecycle: Lifecycle | 'absent'
  title: string
  count: number
}

/** One write; `behind` is how many versions the writer’s knowledge is old. */
type Step =
  | { readonly kind: 'create'; readonly id: Id; readonly title: string }
  | { readonly kind: 'set'; readonly id: Id; readonly title: string; readonly behind: number }
  | { readonly kind: 'increment'; readonly id: Id }
  | {
      readonly kind: 'delete' | 'restore' | 'archive' | 'purge'
      readonly id: Id
      readonly behind: number
    }
  | { readonly kind: 'reopen' }

const id = fc.constantFrom(...ids)
const title = fc.constantFrom('x', 'y', 'z')
const behind = fc.constantFrom(0, 0, 0, 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create' as const), id, title }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), id, title, behind }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('increment' as const), id }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete', 'restore', 'archive', 'purge'),
      id,
      behind,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
)

const target: { readonly [kind: string]: Lifecycle } = {
  delete: 'deleted',
  restore: 'active',
  archive: 'archived',
}

/** What the step does to the model: the error it must give, or whether it changes something. */
function expected(known: Known, step: Exclude<Step, { kind: 'reopen' }>): string | boolean {
  if (step.kind === 'create') return known.lifecycle === 'absent' ? true : 'conflict'
  const stale = 'behind' in step && step.behind > 0
  if (known.lifecycle === 'absent')
    return known.version > 0 && 'behind' in step ? 'conflict' : 'not_found'
  if (stale) return 'conflict'
  if (step.kind === 'increment') return known.lifecycle === 'active' ? true : 'invalid_request'
  if (step.kind === 'set') {
    return known.lifecycle === 'deleted' ? 'invalid_request' : known.title !== step.title
  }
  if (step.kind === 'purge') return true
  if (target[step.kind] === known.lifecycle) return false
  return known.lifecycle === 'deleted' && step.kind === 'archive' ? 'invalid_request' : true
}

function apply(known: Known, step: Exclude<Step, { kind: 'reopen' }>): void {
  known.version += 1
  if (step.kind === 'create')
    Object.assign(known, { lifecycle: 'active', title: step.title, count: 0 })
  else if (step.kind === 'set') known.title = step.title
  else if (step.kind === 'increment') known.count += 1
  else known.lifecycle = step.kind === 'purge' ? 'absent' : (target[step.kind] ?? 'active')
}

async function write(
  store: StoreApi,
  step: Exclude<Step, { kind: 'reopen' }>,
  version: number,
): Promise<string | boolean> {
  const key = { type: 'Note', id: step.id }
  const expectedVersion = Math.max(1, version - ('behind' in step ? step.behind : 0) || 1)
  const work = (): Promise<{ changed: boolean }> => {
    if (step.kind === 'create') return store.create({ ...key, data: { title: step.title } }, owner)
    if (step.kind === 'set')
      return store.update({ ...key, expectedVersion, set: { title: step.title } }, owner)
    if (step.kind === 'increment') {
      return store.update({ ...key, apply: [{ field: 'count', op: 'increment', value: 1 }] }, owner)
    }
    return store[step.kind]({ ...key, expectedVersion }, owner)
  }
  try {
    return (await work()).changed
  } catch (error) {
    assert.ok(isOrionError(error), String(error))
    return error.kind
  }
}

test('random writes leave exactly what a plain model says, across reopenings', async (t) => {
  const directory = temporaryDirectory(t)
  let run = 0
  const numRuns = process.env.ORION_LONG === '1' ? 300 : 25
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80 }), async (steps) => {
      const path = join(directory, `store-${run++}.db`)
      let store = await openTestStore(t, { path })
      const model = new Map<Id, Known>(
        ids.map((name) => [name, { version: 0, lifecycle: 'absent', title: '', count: 0 }]),
      )
      let events = 0
      for (const next of steps) {
        if (next.kind === 'reopen') {
          await store.close()
          store = await openTestStore(t, { path })
          continue
        }
        const known = model.get(next.id)
        assert.ok(known)
        // Version 1 has nothing before it: a writer can’t be behind.
        const fair = 'behind' in next && known.version < 2 ? { ...next, behind: 0 } : next
        const foreseen = expected(known, fair)
        assert.equal(await write(store, fair, known.version), foreseen, JSON.stringify(fair))
        if (foreseen === true) {
          apply(known, fair)
          events += 1
        }
      }
      await compare(store, model, events)
      await store.close()
    }),
    { numRuns },
  )
})

async function compare(
  store: StoreApi,
  model: ReadonlyMap<Id, Known>,
  events: number,
): Promise<void> {
  for (const [name, known] of model) {
    const record = await store.get({ type: 'Note', id: name }, owner).catch(() => undefined)
    if (known.lifecycle === 'absent') {
      assert.equal(record, undefined)
      continue
    }
    assert.deepEqual(
      [record?.version, record?.lifecycle, record?.data.title, record?.data.count],
      [known.version, known.lifecycle, known.title, known.count],
    )
  }
  const log = store.log.readEvents(0, 1000)
  assert.deepEqual(
    log.map(({ seq }) => seq),
    Array.from({ length: events }, (_, n) => n + 1),
  )
  for (const name of ids) {
    const versions = log.filter((event) => event.id === name).map(({ version }) => version)
    assert.deepEqual(
      versions,
      versions.map((_, n) => n + 1),
      'versions rise by one and none is given twice',
    )
  }
}
