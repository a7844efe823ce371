/** Records in memory: bounded, never older than the file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordCache } from '../../daemon/store/record-cache.ts'
import type { StoredRecord } from '../../daemon/store/row-codec.ts'
import type { Token, Version } from '../../sdk/model.ts'

function stored(id: string, version: number, dataLength = 100): StoredRecord {
  const at = '2026-01-01T00:00:00.000000Z'
  return {
    seq: version,
    dataLength,
    record: {
      type: 'Note',
      id,
      version: version as Version,
      createdAt: at,
      createdBy: 'owner',
      updatedAt: at,
      updatedBy: 'owner',
      lifecycle: 'active',
      token: `o1.s.e.${version}` as Token,
      data: {},
    },
  }
}

test('what is remembered is what was put last, or nothing', () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('put'), id: fc.nat(30) }),
    fc.record({ op: fc.constant('get'), id: fc.nat(30) }),
    fc.record({ op: fc.constant('drop'), id: fc.nat(30) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const cache = new RecordCache(20_000)
      const model = new Map<string, number>()
      let version = 0
      for (const { op, id: number } of steps) {
        const id = `${number}`
        if (op === 'put') {
          version += 1
          cache.put(stored(id, version))
          model.set(id, version)
        } else if (op === 'drop') {
          cache.drop('Note', id)
          model.delete(id)
        }
        const found = cache.get('Note', id)?.record.version
        if (found !== undefined || op === 'put') assert.equal(found, model.get(id))
      }
    }),
  )
})

test('it forgets what was not used for long, and keeps what is used all the time', () => {
  const cache = new RecordCache(100_000)
  cache.put(stored('hot', 1))
  for (let n = 0; n < 10_000; n++) {
    cache.put(stored(`cold-${n}`, 1))
    assert.notEqual(cache.get('Note', 'hot'), undefined, `after ${n} others`)
  }
  const kept = Array.from({ length: 10_000 }, (_, n) => cache.get('Note', `cold-${n}`))
  const count = kept.filter((record) => record !== undefined).length
  assert.ok(count > 10 && count <= 100, `${count} records of about 1,000 bytes in 100,000`)
})

test('a record that would fill it is not kept, nor its older state', () => {
  const cache = new RecordCache(100_000)
  cache.put(stored('a', 1))
  cache.put(stored('a', 2, 50_000))
  assert.equal(cache.get('Note', 'a'), undefined)
})

test('types do not mix, and without room nothing is kept', () => {
  const cache = new RecordCache(100_000)
  cache.put(stored('a', 1))
  assert.equal(cache.get('Other', 'a'), undefined)
  cache.clear()
  assert.equal(cache.get('Note', 'a'), undefined)
  const none = new RecordCache(0)
  none.put(stored('a', 1))
  assert.equal(none.get('Note', 'a'), undefined)
})
