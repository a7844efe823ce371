import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Conclusion, convertRow } from '../../plugins/legacy/convert/convert-row.ts'
import type { RepairKind } from '../../plugins/legacy/convert/repairs.ts'
import { namedZone } from '../../plugins/legacy/decode/zone.ts'
import { differences } from '../../plugins/legacy/run/compare-row.ts'
import { packRow, unpackRow } from '../../plugins/legacy/run/raw-row.ts'
import { formatToken, type Record, type Version } from '../../sdk/model.ts'
import { type HardRow, hardRows, sourceRow } from './legacy-files.ts'
import { verdictOf } from './verdicts.ts'

const options = { zone: undefined, recordMaxBytes: 1024 * 1024 }
const edges = new Map(hardRows.map((row) => [row.edge, row]))

test('the hard rows are of all kinds', () => {
  assert.equal(edges.size, 110)
})

for (const [edge, row] of edges) {
  test(`a row of the kind ${edge} ends in its pile, and nothing of it is lost`, () => {
    const source = sourceRow(row)
    const conclusion = convertRow(source, options)
    assert.equal(conclusion.pile, verdictOf(edge, row.expect))
    const kept = unpackRow(packRow(source))
    const { columns, cells, encoding } = source
    assert.deepEqual(kept, { columns: [...columns], cells: [...cells], encoding })
    if (conclusion.pile === 'quarantined') return
    assert.deepEqual(differences(source, recordOf(conclusion), conclusion.repairs), [])
    assert.deepEqual(convertRow(source, options), conclusion)
  })
}

test('every change of a field that was brought over is noticed', () => {
  let changed = 0
  for (const row of hardRows.filter(({ edge }) => edge === 'clean' || edge === 'authored')) {
    const source = sourceRow(row)
    const conclusion = convertRow(source, options)
    assert.notEqual(conclusion.pile, 'quarantined')
    if (conclusion.pile === 'quarantined') continue
    const record = recordOf(conclusion)
    for (const field of Object.keys(record.data)) {
      const data = { ...record.data, [field]: 'something else' }
      const told = differences(source, { ...record, data }, conclusion.repairs)
      assert.notDeepEqual(told, [], `${record.type}.${field}`)
      changed += 1
    }
    for (const part of [
      { version: (record.version + 1) as Version },
      { createdAt: '2025-12-01T00:00:00.123457Z' },
      { updatedAt: `${record.updatedAt.slice(0, 20)}000000Z` },
    ]) {
      if (part.updatedAt === record.updatedAt) continue
      assert.notDeepEqual(differences(source, { ...record, ...part }, conclusion.repairs), [])
    }
  }
  assert.ok(changed > 100, `${changed} changes were tried`)
})

test('microseconds, creators and unknown members survive', () => {
  const found = stored('extra_fields')
  assert.match(found.record.createdAt ?? '', /\.\d{6}Z$/)
  const extra = found.record.data.extra
  assert.deepEqual(extra, {
    legacy_note: 'kept by hand',
    x_score: 3,
    nested_extra: { a: [1, { b: null }] },
  })
  assert.equal(stored('authored').record.createdBy, 'agent-001')
  assert.equal(stored('authored').record.updatedBy, '관리자')
})

test('integers and numbers that JSON does not have are kept as texts, others exactly', () => {
  const { metrics } = stored('json_big_int').record.data
  assert.deepEqual(metrics, { rows: '9007199254740993', huge: 2 ** 70, neg: '-9007199254740995' })
  const odd = stored('json_nan_literal').record.data.metrics
  assert.deepEqual(odd, { ratio: 'NaN', peak: 'Infinity', low: '-Infinity' })
})

test('members called __proto__ are members like others', () => {
  const { parameters } = stored('json_proto_key').record.data
  assert.equal(Object.hasOwn(Object(parameters), '__proto__'), true)
  assert.equal(Reflect.get({}, 'polluted'), undefined)
})

test('local time is told by the id of the same row, and a zone that was asked for counts first', () => {
  const row = edges.get('era1_shape')
  assert.ok(row)
  const [id, , , created] = row.cells
  const written = String(created).replace(' ', 'T')
  const utcMs = Date.parse(`${written.slice(0, 23)}Z`) - 9 * 3_600_000
  const { record, repairs } = stored('era1_shape')
  assert.equal(
    record.createdAt,
    `${new Date(utcMs).toISOString().slice(0, 19)}.${written.slice(20, 26)}Z`,
  )
  assert.ok(
    repairs.some(({ kind }) => kind === 'local_time'),
    String(id),
  )
  const asked = convertRow(sourceRow(row), { ...options, zone: namedZone('America/New_York') })
  assert.ok(asked.pile === 'repaired')
  assert.equal(Date.parse(asked.record.createdAt ?? '') - utcMs > 13 * 3_600_000, true)
})

test('what a payload proves of its instants counts before the zone that was asked for', () => {
  const row = edges.get('authored')
  assert.ok(row)
  const asked = convertRow(sourceRow(row), { ...options, zone: namedZone('Asia/Seoul') })
  assert.deepEqual(asked, convertRow(sourceRow(row), options))
})

test('instants without a zone are read in the zone that was asked for', () => {
  const row = edges.get('data_ts_naive_both')
  assert.ok(row)
  const [utc, seoul] = [undefined, namedZone('Asia/Seoul')].map((zone) =>
    convertRow(sourceRow(row), { ...options, zone }),
  )
  assert.ok(utc?.pile === 'migrated' && seoul?.pile === 'migrated')
  const hours =
    (Date.parse(utc.record.createdAt ?? '') - Date.parse(seoul.record.createdAt ?? '')) / 3_600_000
  assert.equal(hours, 9)
})

for (const [edge, kind] of [
  ['insight_status_unknown', 'status_unknown'],
  ['job_status_deleted', 'outcome_overwritten'],
  ['json_duplicate_keys', 'duplicate_key'],
  ['data_id_mismatch', 'id_differs'],
  ['pattern_last_used_garbage', 'value_left_out'],
] as const satisfies readonly (readonly [string, RepairKind])[]) {
  test(`the repair of ${edge} is named ${kind}`, () => {
    const { repairs } = stored(edge)
    assert.ok(repairs.some((repair) => repair.kind === kind))
  })
}

test('a record that would be over the limit is quarantined', () => {
  const row = edges.get('huge_payload')
  assert.ok(row)
  const conclusion = convertRow(sourceRow(row), { ...options, recordMaxBytes: 10_000 })
  assert.equal(conclusion.pile === 'quarantined' && conclusion.reason, 'too_large')
})

function stored(edge: string): Exclude<Conclusion, { pile: 'quarantined' }> {
  const row: HardRow | undefined = edges.get(edge)
  assert.ok(row, edge)
  const conclusion = convertRow(sourceRow(row), options)
  assert.ok(conclusion.pile !== 'quarantined')
  return conclusion
}

function recordOf({ record }: Exclude<Conclusion, { pile: 'quarantined' }>): Record {
  const {
    createdAt = '',
    updatedAt = '',
    createdBy = '',
    updatedBy = '',
    lifecycle = 'active',
  } = record
  const token = formatToken({ storeId: 'teststore', epoch: 'testepoch', seq: 1 })
  const version = record.version as Version
  return { ...record, version, createdAt, updatedAt, createdBy, updatedBy, lifecycle, token }
}
