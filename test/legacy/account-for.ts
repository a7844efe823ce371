/**
 * Holds a migration to the hard rule, from the outside: every row of the file is in exactly one pile, nothing of a payload
 * is lost, and every record can be read through its repository. It knows nothing of how rows are converted.
 */
import assert from 'node:assert/strict'
import { loadForeignFiles, RawText } from '../../daemon/store/engine/foreign-file.ts'
import { LegacyObject, LegacyRow } from '../../plugins/legacy/record-types.ts'
import type { MigrationReport } from '../../plugins/legacy/report/report.ts'
import { unpackRow } from '../../plugins/legacy/run/raw-row.ts'
import { keptCells } from '../../plugins/legacy/run/verify.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import type { Client } from '../../sdk/client/client.ts'
import { isJsonObject, type Json } from '../../sdk/json.ts'
import { GetRecord } from '../../sdk/protocol/records.ts'

/** How many rows ended in each pile, by what the store says. */
export type Accounts = { readonly [pile: string]: number }

/** What is accounted for. */
export interface Accounted {
  readonly client: Client
  readonly from: string
  readonly report: MigrationReport
  /** The pile in which the row with an id is to end; undefined if nobody said. */
  verdict(id: string): string | undefined
}

/** Accounts for every row of the table `objects`. */
export async function accountFor({ client, from, report, verdict }: Accounted): Promise<Accounts> {
  const records = await everyRecord(client)
  const piles: { [pile: string]: number } = {}
  const owners = new Map<string, string>()
  const wrong: string[] = []
  const rows = await payloadsOf(from)
  const entries = new Map<string, { pile: string; text: string }>()
  for await (const entry of client.repository(LegacyRow).listAll({ lifecycle: everyLifecycle })) {
    const { pile, recordType, recordId, repairs, raw, rawParts } = entry.data
    piles[pile] = (piles[pile] ?? 0) + 1
    let text = JSON.stringify(repairs)
    if (pile !== 'quarantined') {
      const name = `${recordType} ${recordId}`
      assert.ok(!owners.has(name), `${name} is the record of two rows`)
      owners.set(name, entry.id)
      const record = records.get(name)
      assert.ok(record !== undefined, `${name} can't be read through its repository`)
      text += record
    }
    if (raw !== undefined || rawParts !== undefined) {
      const packed = await keptCells(
        client,
        await client.request(GetRecord, { type: LegacyRow.name, id: entry.id }),
      )
      assert.ok(packed !== undefined)
      const { columns, cells } = unpackRow(packed)
      const data = cells[columns.indexOf('data')] ?? null
      const key = entry.data.key
      const row = key === undefined ? undefined : rows.get(key)
      if (row !== undefined) assert.deepEqual(bytesOf(data), row, `${key} is kept byte for byte`)
      entries.set(entry.id, { pile, text: '' })
    } else {
      assert.notEqual(pile, 'quarantined', `${entry.id} has no cells`)
      entries.set(entry.id, { pile, text })
    }
    const expected = verdict(entry.data.key ?? '')
    if (expected !== undefined && expected !== pile)
      wrong.push(`${entry.id}: ${pile}, not ${expected}`)
    const bytes = entry.data.key === undefined ? undefined : rows.get(entry.data.key)
    if (
      pile !== 'quarantined' &&
      raw === undefined &&
      rawParts === undefined &&
      bytes !== undefined
    ) {
      for (const leaf of lostLeaves(bytes, text)) wrong.push(`${entry.id} lost ${leaf}`)
    }
  }
  assert.deepEqual(wrong.slice(0, 10), [])
  const { migration } = report
  assert.ok(migration)
  assert.equal(entries.size, rows.size, 'each row is in a pile')
  assert.equal(
    Object.values(piles).reduce((sum, one) => sum + one, 0),
    migration.read,
  )
  const { unchanged, ...counted } = migration.piles
  assert.equal(unchanged, 0)
  assert.deepEqual({ migrated: 0, repaired: 0, carried: 0, quarantined: 0, ...piles }, counted)
  assert.equal(records.size, owners.size, 'no record is of no row')
  return piles
}

const everyLifecycle = ['active', 'archived', 'deleted'] as ('active' | 'archived' | 'deleted')[]

/** Every record of the types that rows become, read through its own repository, as text. */
async function everyRecord(client: Client): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const type of [...orionRecordTypes, LegacyObject]) {
    for await (const record of client.repository(type).listAll({ lifecycle: everyLifecycle })) {
      assert.equal(record.quarantined, undefined, `${type.name} ${record.id}`)
      const { token: _, ...said } = record
      found.set(`${type.name} ${record.id}`, JSON.stringify(said))
    }
  }
  return found
}

/** The payloads of the file by the ids of their rows, as bytes. */
async function payloadsOf(from: string): Promise<Map<string, Buffer>> {
  const { open } = await loadForeignFiles()
  const file = open(from)
  const found = new Map<string, Buffer>()
  for (let after: bigint | undefined; ; ) {
    const page = file.page({
      table: 'objects',
      columns: ['id', 'data'],
      after,
      rowsMax: 500,
      bytesMax: 1e7,
    })
    const last = page.at(-1)
    if (last === undefined) break
    after = last.rowid
    for (const {
      cells: [id = null, data = null],
    } of page)
      found.set(bytesOf(id).toString('utf8'), bytesOf(data))
  }
  file.close()
  return found
}

function bytesOf(cell: null | bigint | number | RawText | Uint8Array): Buffer {
  if (cell instanceof RawText) return Buffer.from(cell.bytes)
  return cell instanceof Uint8Array ? Buffer.from(cell) : Buffer.from(String(cell))
}

/** Texts and numbers of a payload, as JavaScript's own reader has them, that are nowhere in a text of JSON. */
function lostLeaves(bytes: Buffer, text: string): string[] {
  let payload: Json
  try {
    payload = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''))
    if (typeof payload === 'string') payload = JSON.parse(payload)
  } catch {
    return [] // What Python alone reads is compared by the verification.
  }
  if (!isJsonObject(payload)) return ['no object']
  // The same in a text inside of a text: repairs keep JSON texts.
  const everywhere = `${text}${text.replaceAll('\\\\', '\\').replaceAll('\\"', '"')}`
  return leavesOf(payload).filter((leaf) => !everywhere.includes(leaf))
}

/** Members that the store has in a form of its own: instants, and what a status says of the lifecycle. */
const inOtherForm =
  /^(?:created_at|updated_at|last_used|status|version|id|type|created_by|updated_by)$/

function leavesOf(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => leavesOf(item))
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, member]) =>
      inOtherForm.test(key) ? [] : leavesOf(member),
    )
  }
  if (typeof value === 'string') return value === '' ? [] : [JSON.stringify(value).slice(1, -1)]
  // JavaScript's own reader rounds large integers; they are compared by the verification.
  const isExact = typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER
  return isExact ? [String(value)] : []
}
