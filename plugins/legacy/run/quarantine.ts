/** The rows that are kept aside: which there are, what is in them, and another try. */
import type { Client } from '../../../sdk/client/client.ts'
import { isOrionError, OrionError } from '../../../sdk/errors.ts'
import type { Json } from '../../../sdk/json.ts'
import type { Record } from '../../../sdk/model.ts'
import { ListTypes } from '../../../sdk/protocol/types.ts'
import { convertRow } from '../convert/convert-row.ts'
import { rowDigestOf, type SourceRow } from '../convert/source-row.ts'
import type { Zone } from '../decode/zone.ts'
import { LegacyRow } from '../record-types.ts'
import { reasonText } from '../report/texts.ts'
import { recordsById } from './fetch.ts'
import { knownRowOf } from './ledger.ts'
import { showRow, unpackRow } from './raw-row.ts'
import { Settlement } from './settlement.ts'
import { type Counted, Tally } from './tally.ts'
import { keptCells } from './verify.ts'

/** A row that is kept aside. */
export interface QuarantinedRow {
  /** Id of its LegacyRow; `show` and `retry` take it. */
  readonly id: string
  readonly table: string
  readonly key: string | undefined
  readonly legacyType: string | undefined
  readonly reason: string
  readonly text: string
  readonly detail: string
  readonly source: string
}

/** Some of the rows that are kept aside, in the order of their ids; `next` asks for those after them. */
export async function listQuarantine(
  client: Client,
  {
    limit,
    reason,
    after,
  }: { readonly limit: number; readonly reason?: string; readonly after?: string },
): Promise<{
  readonly rows: readonly QuarantinedRow[]
  readonly next?: string
  readonly total: number
}> {
  const records = client.repository(LegacyRow)
  const where = { pile: 'quarantined', ...(reason === undefined ? {} : { reason }) } as const
  const { count } = await records.count({ where })
  const fields = ['table', 'key', 'legacyType', 'reason', 'detail', 'source'] as const
  const page = await records.list({
    where,
    limit,
    fields,
    ...(after === undefined ? {} : { after }),
  })
  const rows = page.records.map(({ id, data }) => ({
    id,
    table: data.table ?? '',
    key: data.key,
    legacyType: data.legacyType,
    reason: data.reason ?? '',
    text: reasonText(data.reason ?? ''),
    detail: data.detail ?? '',
    source: data.source ?? '',
  }))
  return { rows, total: count, ...(page.next === undefined ? {} : { next: page.next }) }
}

/** One of them with its cells. */
export async function showQuarantined(
  client: Client,
  id: string,
): Promise<QuarantinedRow & { readonly cells: { readonly [column: string]: Json } }> {
  const entry = await entryOf(client, id)
  const { data } = entry
  const text = (name: string): string => String(data[name] ?? '')
  return {
    id,
    table: text('table'),
    key: typeof data.key === 'string' ? data.key : undefined,
    legacyType: typeof data.legacyType === 'string' ? data.legacyType : undefined,
    reason: text('reason'),
    text: reasonText(text('reason')),
    detail: text('detail'),
    source: text('source'),
    cells: showRow(await cellsOf(client, entry)),
  }
}

/**
 * Tries rows again that did not fit: after an update of Orion, with a zone, or when the id that was taken is free. Without
 * ids: all of them.
 */
export async function retryQuarantined(
  client: Client,
  options: { readonly ids: readonly string[]; readonly zone: Zone | undefined },
): Promise<Counted> {
  const tally = new Tally()
  const cause = (
    await client.publish('Migration.started', { source: 'quarantine', rows: options.ids.length })
  ).token
  const known = new Set<string>([LegacyRow.name])
  const { types } = await client.request(ListTypes, {})
  for (const { name } of types) known.add(name)
  for await (const entry of entriesOf(client, options.ids)) {
    const source = String(entry.data.source ?? '')
    const settlement = new Settlement({ client, known, tally, source, cause, writes: true })
    const row = await sourceRowOf(client, entry)
    const recordMaxBytes = client.server.limits.recordMaxBytes ?? 1024 * 1024
    const conclusion = convertRow(row, { zone: options.zone, recordMaxBytes })
    const one = { row, key: entry.id, digest: rowDigestOf(row), conclusion }
    // Another state of an object that has a record: which one is right is not ours to say.
    const beside = entry.id.includes('#') || entry.data.reason === 'superseded'
    if (beside) settlement.stays(one, entry)
    else await settlement.retaken(one, knownRowOf(entry))
  }
  const counted = tally.counted()
  await client.publish(
    'Migration.finished',
    { source: 'quarantine', piles: counted.piles },
    { cause },
  )
  return counted
}

async function* entriesOf(client: Client, ids: readonly string[]): AsyncGenerator<Record> {
  if (ids.length > 0) {
    for (const id of ids) yield await entryOf(client, id)
    return
  }
  const all = client.repository(LegacyRow).listAll({ where: { pile: 'quarantined' }, limit: 50 })
  for await (const { id } of all) yield await entryOf(client, id)
}

async function entryOf(client: Client, id: string): Promise<Record> {
  const entry = await recordsById(client, LegacyRow.name, [id]).then(
    (found) => found.get(id),
    (error: unknown) => {
      if (isOrionError(error, 'unknown_type') || isOrionError(error, 'invalid_params'))
        return undefined
      throw error
    },
  )
  if (entry?.data.pile === 'quarantined') return entry
  throw new OrionError('not_found', `there is no quarantined row ${JSON.stringify(id)}`, {
    type: LegacyRow.name,
    id,
    remedy: '`orion migrate quarantine list` shows their ids',
  })
}

async function cellsOf(client: Client, entry: Record): Promise<string> {
  const packed = await keptCells(client, entry)
  if (packed !== undefined) return packed
  throw new OrionError('not_found', `a part of the cells of ${entry.id} is not there any more`, {
    type: LegacyRow.name,
    id: entry.id,
  })
}

async function sourceRowOf(client: Client, entry: Record): Promise<SourceRow> {
  return { table: String(entry.data.table), rowid: 0n, ...unpackRow(await cellsOf(client, entry)) }
}
