/** A key is found again whatever its place among the others, and one that is new is not. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import fc from 'fast-check'
import type { Caller } from '../../daemon/store/store-api.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

/** Keys that sort before, after and between one another, also differently by code unit and by byte. */
const key = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'ab',
    'a~',
    '\u{1f600}',
    '\uffee',
    'ａ',
    'é',
    'a\u{1f600}',
    'a\uffee',
    '~',
    ' ',
  ),
  fc.uuid({ version: 7 }),
)
const callers: readonly Caller[] = [caller('owner'), caller('owner2'), caller('agent:a')]

test('repeating is told from writing, in any order of keys and across openings', async (t) => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(key, fc.nat({ max: 2 })) },
    { weight: 1, arbitrary: fc.constant('open again' as const) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const path = join(temporaryDirectory(t), 'store.db')
      let store = await openTestStore(t, { path })
      const kept = new Map<string, string>()
      for (const one of steps) {
        if (one === 'open again') {
          await store.close()
          store = await openTestStore(t, { path })
          continue
        }
        const [idempotencyKey, who] = one
        const by = callers[who] ?? caller()
        const params = { type: 'Note', data: { title: 'a' }, idempotencyKey }
        const { id, replayed } = await store.create(params, by)
        const known = kept.get(`${who} ${idempotencyKey}`)
        assert.deepEqual([known ?? id, known !== undefined], [id, replayed === true])
        kept.set(`${who} ${idempotencyKey}`, id)
      }
      await store.close()
    }),
    { numRuns: 40 },
  )
})

test('a key whose write was taken back is free', async (t) => {
  const store = await openTestStore(t)
  const failing = {
    type: 'Note',
    id: 'n',
    expectedVersion: 1,
    set: { title: 'x' },
    idempotencyKey: 'k5',
  }
  await assert.rejects(store.update(failing, caller()), { kind: 'not_found' })
  await store.create(
    { type: 'Note', id: 'n', data: { title: 'a' }, idempotencyKey: 'k9' },
    caller(),
  )
  const { replayed, version } = await store.update(failing, caller())
  assert.deepEqual([replayed, version], [undefined, 2])
  assert.equal((await store.update(failing, caller())).replayed, true)
})
