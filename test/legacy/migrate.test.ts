import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { migrateLegacy } from '../../plugins/legacy/migrate-legacy.ts'
import { LegacyRow } from '../../plugins/legacy/record-types.ts'
import { htmlReport } from '../../plugins/legacy/report/html-report.ts'
import {
  listQuarantine,
  retryQuarantined,
  showQuarantined,
} from '../../plugins/legacy/run/quarantine.ts'
import { JobResult, OrionActionLog, OrionInsight } from '../../plugins/orion/record-types.ts'
import type { Event } from '../../sdk/model.ts'
import { DeleteRecord, ListRecords, PurgeRecord } from '../../sdk/protocol/records.ts'
import { hardRows, insightsTableSql } from './legacy-files.ts'
import { edit, makeLegacyPlace as place, snapshotOf } from './legacy-place.ts'

test('every hard row ends in one pile, is verified, and a second run changes nothing', async (t) => {
  const { client, from, run } = await place(t)
  const before = snapshotOf(from)
  const { report, succeeded } = await run()
  const { migration, verification } = report
  assert.ok(migration && verification)
  const { piles, read } = migration
  assert.equal(read, hardRows.length)
  assert.equal(piles.migrated + piles.repaired + piles.carried + piles.quarantined, read)
  const quarantined = hardRows.filter(
    ({ edge, expect }) => expect === 'quarantine' && edge !== 'job_duplicate_job_id',
  )
  assert.equal(piles.quarantined, quarantined.length)
  assert.equal(piles.carried, hardRows.filter(({ expect }) => expect === 'skip').length)
  assert.deepEqual(verification.problems, [])
  assert.equal(verification.proven + verification.kept, read)
  assert.equal(succeeded, true)
  assert.ok(migration.notices.some(({ kind }) => kind === 'job_id_shared'))
  const again = await run()
  assert.equal(again.succeeded, true)
  assert.equal(again.report.migration?.piles.unchanged, read)
  assert.equal((await client.repository(LegacyRow).count()).count, read)
  assert.deepEqual(snapshotOf(from), before)
})

test('a real file is brought over whole, the rows of its typed tables too', async (t) => {
  const { client, run } = await place(t, 'real')
  const { report, succeeded } = await run()
  assert.equal(succeeded, true)
  const { piles } = report.migration ?? assert.fail()
  assert.deepEqual(piles, { migrated: 18, repaired: 0, carried: 10, quarantined: 0, unchanged: 0 })
  const [pattern] = (
    await client.request(ListRecords, { type: 'OrionPattern', where: { id: 'PAT-E2E-MEMLEAK' } })
  ).records
  assert.equal(pattern?.version, 2)
  assert.equal(pattern?.createdAt, '2025-12-27T06:44:14.670273Z')
  assert.equal(pattern?.updatedAt, '2025-12-27T06:44:55.118530Z')
  assert.deepEqual(pattern?.data.extra, { created_at: '2025-12-27T06:44:55.118049Z' })
})

test('a dry run says what a run would do, and writes nothing', async (t) => {
  const { client, run } = await place(t)
  const dry = await run('dry-run')
  assert.equal(dry.succeeded, true)
  assert.deepEqual((await client.events({ patterns: ['*'] })).events, [])
  const real = await run()
  assert.deepEqual(dry.report.migration?.piles, real.report.migration?.piles)
  assert.deepEqual(dry.report.migration?.repairs, real.report.migration?.repairs)
})

test('what is in the log beside the file is brought over, and the log is left alone', async (t) => {
  const { from, run } = await place(t, { rows: hardRows.slice(0, 40), inLog: true })
  const before = snapshotOf(from)
  const { report } = await run()
  assert.equal(report.migration?.read, 40)
  assert.deepEqual(snapshotOf(from), before)
})

test('events of an import say so, with the run as their cause', async (t) => {
  const { client, run } = await place(t, { rows: clean.slice(0, 10) })
  const events: Event[] = []
  const insights = client.repository(OrionInsight)
  await run()
  await insights.create({ summary: 'new', domain: 'test' })
  for (const event of (await client.events({ patterns: ['*'], limit: 1000 })).events)
    events.push(event)
  const [first] = events
  assert.equal(first?.topic, 'Migration.started')
  const imported = events.filter(({ imported }) => imported)
  assert.equal(imported.length, 20)
  assert.ok(imported.every(({ cause }) => cause === first?.token))
  const finished = events.find(({ topic }) => topic === 'Migration.finished')
  assert.equal(finished?.cause, first?.token)
  const fresh = events.filter(({ type, imported }) => type === 'OrionInsight' && !imported)
  assert.deepEqual(
    fresh.map(({ op }) => op),
    ['created'],
  )
})

test('verification notices what is missing, changed in the file, or different', async (t) => {
  const { client, from, run } = await place(t, { rows: clean.slice(0, 20) })
  await run()
  const [row] = (await client.repository(LegacyRow).list({ where: { pile: 'migrated' }, limit: 1 }))
    .records
  const { recordType: type = '', recordId: id = '', recordVersion = 0 } = row?.data ?? {}
  await client.request(PurgeRecord, { type, id, expectedVersion: recordVersion })
  await edit(
    from,
    `UPDATE objects SET version = version + 1 WHERE rowid = (SELECT max(rowid) FROM objects)`,
  )
  const { report, succeeded } = await run('verify')
  assert.equal(succeeded, false)
  assert.equal(report.migration, undefined)
  const kinds = report.verification?.problems.map(({ kind, rows }) => [kind, rows])
  assert.deepEqual(kinds?.sort(), [
    ['changed_in_file', 1],
    ['record_missing', 1],
  ])
  await assert.rejects(run('clean-up'), /failed/)
})

test('a row that was changed in the file is brought up to date, unless its record was changed here', async (t) => {
  const rows = clean.filter(({ cells }) => cells[1] === 'OrionInsight').slice(0, 4)
  const { client, from, run } = await place(t, { rows })
  await run()
  const [first, second] = rows.map(({ cells }) => String(cells[0]))
  const insights = client.repository(OrionInsight)
  await edit(
    from,
    `UPDATE objects SET version = version + 1, data = json_set(data, '$.content.summary', 'from the file')`,
  )
  await insights.update(second ?? '', () => ({ set: { summary: 'from here' } }))
  const { report, succeeded } = await run()
  const { piles, refreshed, quarantine } = report.migration ?? assert.fail()
  assert.equal(refreshed, 3)
  assert.equal(piles.quarantined, 1)
  assert.equal(quarantine[0]?.kind, 'changed_on_both_sides')
  assert.equal((await insights.get(first ?? '')).data.summary, 'from the file')
  assert.equal((await insights.get(second ?? '')).data.summary, 'from here')
  assert.equal((await run()).report.migration?.piles.unchanged, 4)
  assert.equal(succeeded, false)
})

test('an id that a record of the store has is kept aside, and goes in when it is free', async (t) => {
  const rows = clean.filter(({ cells }) => cells[1] === 'OrionActionLog').slice(0, 3)
  const { client, run } = await place(t, { rows })
  const id = String(rows[1]?.cells[0])
  const logs = client.repository(OrionActionLog)
  await logs.create({ actionType: 'mine', status: 'SUCCESS' }, { id })
  const { report, succeeded } = await run()
  assert.equal(report.migration?.quarantine[0]?.kind, 'id_taken')
  assert.equal(succeeded, true)
  const listed = await listQuarantine(client, { limit: 10 })
  const [aside] = listed.rows
  assert.equal(aside?.key, id)
  const shown = await showQuarantined(client, aside?.id ?? '')
  assert.equal(shown.cells.data, rows[1]?.cells[5])
  const stays = await retryQuarantined(client, { ids: [aside?.id ?? ''], zone: undefined })
  assert.equal(stays.piles.quarantined, 1)
  await client.request(DeleteRecord, { type: 'OrionActionLog', id, expectedVersion: 1 })
  await client.request(PurgeRecord, { type: 'OrionActionLog', id, expectedVersion: 2 })
  const gone = await retryQuarantined(client, { ids: [], zone: undefined })
  assert.equal(gone.piles.migrated, 1)
  assert.equal((await listQuarantine(client, { limit: 10 })).total, 0)
})

test('an object that is there twice is brought over once, in its newer state', async (t) => {
  const rows = clean.filter(({ cells }) => cells[1] === 'OrionInsight').slice(0, 2)
  const { client, from, run } = await place(t, { rows, sql: insightsTableSql })
  const id = String(rows[0]?.cells[0])
  await edit(
    from,
    `INSERT INTO insights SELECT 'the newer one', 'd', '["x"]', 0.5, NULL, '[]', 'manual', '[]', '[]', '[]', '', id, 9, created_at, updated_at, NULL, 'agent-7', 'archived' FROM objects WHERE id = '${id}'`,
  )
  const { report, succeeded } = await run()
  assert.equal(succeeded, true)
  assert.equal(report.migration?.read, 3)
  assert.equal(report.migration?.quarantine[0]?.kind, 'superseded')
  const record = await client.repository(OrionInsight).get(id)
  assert.equal(record.data.summary, 'the newer one')
  assert.deepEqual([record.version, record.lifecycle, record.updatedBy], [9, 'archived', 'agent-7'])
})

test('a payload that is longer than a record is kept aside in parts, byte for byte', async (t) => {
  const [row] = clean.filter(({ cells }) => cells[1] === 'JobResult')
  const noise = Array.from({ length: 40_000 }, (_, at) =>
    createHash('sha256').update(`${at}`).digest('hex'),
  )
  const cells = row?.cells.map((cell, at) =>
    at === 5
      ? String(cell).replace('"metrics": {', `"metrics": {"noise": ${JSON.stringify(noise)}, `)
      : cell,
  )
  const { client, run } = await place(t, {
    rows: [{ edge: 'long', expect: 'quarantine', cells: cells ?? [] }],
  })
  const { report, succeeded } = await run()
  assert.equal(report.migration?.quarantine[0]?.kind, 'too_large')
  assert.equal(succeeded, true)
  const [aside] = (await listQuarantine(client, { limit: 1 })).rows
  const shown = await showQuarantined(client, aside?.id ?? '')
  assert.equal(shown.cells.data, cells?.[5])
})

test('the clean-up deletes what is proven, after a copy, and nothing else', async (t) => {
  const { run } = await place(t, { rows: hardRows.slice(0, 80) })
  await assert.rejects(run('clean-up'), /was never verified/)
  const { report } = await run()
  const cleaned = await run('clean-up')
  const { deleted = 0, exportedTo = '' } = cleaned.report.cleanUp ?? {}
  assert.equal(deleted, report.verification?.proven)
  const left = await run()
  assert.equal(left.report.migration?.read, report.verification?.kept)
  assert.equal(left.report.migration?.piles.unchanged, report.verification?.kept)
  assert.equal(left.succeeded, true)
  const whole = await migrateLegacy({
    from: exportedTo,
    storePath: '/nowhere',
    mode: 'dry-run',
    connect: undefined,
  })
  assert.equal(whole.report.migration?.read, 80)
})

test('a clean-up of some types deletes only these, and where there is nothing left it makes no copy', async (t) => {
  const { from, run } = await place(t, { rows: clean })
  const { report } = await run()
  const asked = report.migration?.types.find(({ type }) => type === 'JobResult')?.read
  const cleaned = await run('clean-up', ['JobResult'])
  assert.equal(cleaned.report.cleanUp?.deleted, asked)
  assert.equal((await run()).report.migration?.read, (report.migration?.read ?? 0) - (asked ?? 0))
  await run('clean-up')
  await run()
  const before = snapshotOf(from)
  const nothing = await run('clean-up')
  assert.deepEqual(nothing.report.cleanUp, { deleted: 0 })
  assert.match(htmlReport(nothing.report), /There was nothing to delete/)
  assert.deepEqual(snapshotOf(from), before)
})

test('rows that came after the verification are not deleted', async (t) => {
  const { from, run } = await place(t, { rows: clean.slice(0, 10) })
  await run()
  await edit(
    from,
    "INSERT INTO objects SELECT id || '-late', type, version, created_at, updated_at, data, NULL FROM objects LIMIT 1",
  )
  await assert.rejects(run('clean-up'), /is not what was verified/)
  const { report } = await run('dry-run')
  assert.equal(report.migration?.read, 11)
})

test('only the types that were asked for are read, and a type that is not there is refused', async (t) => {
  const { client, run } = await place(t, { rows: clean })
  const { report } = await run('migrate', ['JobResult'])
  assert.deepEqual(
    report.migration?.types.map(({ type }) => type),
    ['JobResult'],
  )
  assert.equal((await client.repository(JobResult).count()).count, report.migration?.read)
  await assert.rejects(run('migrate', ['Nothing']), /no rows of the type "Nothing"/)
})

const clean = hardRows.filter(({ edge }) => edge === 'clean')
