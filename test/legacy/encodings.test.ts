import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  listQuarantine,
  retryQuarantined,
  showQuarantined,
} from '../../plugins/legacy/run/quarantine.ts'
import { OrionInsight } from '../../plugins/orion/record-types.ts'
import { hardRows } from './legacy-files.ts'
import { edit, makeLegacyPlace, snapshotOf } from './legacy-place.ts'

const insights = hardRows
  .filter(({ edge, cells }) => edge === 'clean' && cells[1] === 'OrionInsight')
  .slice(0, 4)
const ids = insights.map(({ cells }) => String(cells[0]))
const korean = '저장소의 색인을 다시 만든다'

for (const encoding of ['UTF-16le', 'UTF-16be'] as const) {
  test(`a file in ${encoding} comes over, and what does not fit is shown, proven and tried again`, async (t) => {
    const { client, from, run } = await makeLegacyPlace(t, { rows: insights, encoding })
    // One in another script, one that is no JSON, one with half of a surrogate pair, one without a time.
    await edit(
      from,
      `UPDATE objects SET data = json_set(data, '$.content.summary', '${korean}') WHERE id = '${ids[0]}';
       UPDATE objects SET data = '{ ${korean}' WHERE id = '${ids[1]}';
       UPDATE objects SET data = CAST(x'${encoding === 'UTF-16le' ? '7b0000d8' : '007bd800'}' AS TEXT) WHERE id = '${ids[2]}';
       UPDATE objects SET created_at = '언제인가' WHERE id = '${ids[3]}'`,
    )
    const before = snapshotOf(from)
    const { report, succeeded } = await run()
    assert.deepEqual(report.verification?.problems, [])
    assert.equal(succeeded, true)
    const { piles, quarantine } = report.migration ?? assert.fail()
    assert.deepEqual([piles.migrated, piles.quarantined], [1, 3])
    assert.deepEqual(quarantine.map(({ kind }) => kind).sort(), [
      'instant_unreadable',
      'not_json',
      'not_text',
    ])
    const record = await client.repository(OrionInsight).get(ids[0] ?? '')
    assert.equal(record.data.summary, korean)
    const cellOf = async (id: string | undefined, column: string) =>
      (await showQuarantined(client, `objects:${id}`)).cells[column]
    assert.equal(await cellOf(ids[1], 'data'), `{ ${korean}`)
    assert.equal(await cellOf(ids[3], 'created_at'), '언제인가')
    const bytes = encoding === 'UTF-16le' ? [0x7b, 0, 0, 0xd8] : [0, 0x7b, 0xd8, 0]
    assert.deepEqual(await cellOf(ids[2], 'data'), {
      textBase64: Buffer.from(bytes).toString('base64'),
    })
    // Nothing has changed, so they stay, for the same reasons, and nothing of them is lost.
    const again = await retryQuarantined(client, { ids: [], zone: undefined })
    assert.deepEqual(
      again.quarantine.map(({ kind, rows }) => [kind, rows]),
      quarantine.map(({ kind, rows }) => [kind, rows]),
    )
    assert.equal((await run('verify')).succeeded, true)
    assert.equal((await listQuarantine(client, { limit: 10 })).total, 3)
    assert.deepEqual(snapshotOf(from), before)
  })
}

test('a row in UTF-16 that is kept aside goes in when its id is free', async (t) => {
  const { client, from, run } = await makeLegacyPlace(t, {
    rows: insights.slice(0, 1),
    encoding: 'UTF-16be',
  })
  await edit(
    from,
    `UPDATE objects SET data = json_set(data, '$.content.summary', '${korean}', '$.later', '${korean}')`,
  )
  const records = client.repository(OrionInsight)
  const [id = ''] = ids
  await records.create({ summary: 'mine', domain: 'test' }, { id })
  const { report } = await run()
  assert.equal(report.migration?.quarantine[0]?.kind, 'id_taken')
  await records.delete(id, { expectedVersion: 1 })
  await records.purge(id, { expectedVersion: 2 })
  const { piles } = await retryQuarantined(client, { ids: [`objects:${id}`], zone: undefined })
  assert.equal(piles.repaired, 1)
  const { data } = await records.get(id)
  assert.equal(data.summary, korean)
  assert.deepEqual(data.extra, { later: korean })
  const verified = await run('verify')
  assert.deepEqual(verified.report.verification?.problems, [])
  assert.equal(verified.succeeded, true)
})
