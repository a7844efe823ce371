/** What views ask a store for. Records are read as they are: an editor declares no types, and defines none. */
import type { Client } from '../../../../sdk/client/client.ts'
import type { JsonObject } from '../../../../sdk/json.ts'
import type { Record } from '../../../../sdk/model.ts'
import { CountRecords, ListRecords } from '../../../../sdk/protocol/records.ts'
import type { ReadPage } from './paged-list.ts'

/** Which records of a type, in which order, and how much of each. */
export interface RecordSelection {
  readonly type: string
  readonly where?: JsonObject
  readonly orderBy?: readonly { readonly field: string; readonly direction: 'asc' | 'desc' }[]
  readonly fields?: readonly string[]
}

/** The client of now: it changes when a store is connected to anew. */
export type CurrentClient = () => Client

/** Reads pages of some records, the newest first unless another order is asked for. */
export function recordPages(client: CurrentClient, selection: RecordSelection): ReadPage<Record> {
  const { type, where, orderBy, fields } = selection
  return async ({ limit, after }) => {
    const { records, next } = await client().request(ListRecords, {
      type,
      limit,
      ...(where === undefined ? {} : { where }),
      ...(orderBy === undefined ? {} : { orderBy: [...orderBy] }),
      ...(fields === undefined ? {} : { fields: [...fields] }),
      ...(after === undefined ? {} : { after }),
    })
    return { items: records, next }
  }
}

/** How many records fit. */
export async function countRecords(
  client: CurrentClient,
  { type, where }: Pick<RecordSelection, 'type' | 'where'>,
): Promise<number> {
  const filter = where === undefined ? {} : { where }
  return (await client().request(CountRecords, { type, ...filter })).count
}

/** The largest groups of a type by a field, with their sizes. */
export async function countGroups(
  client: CurrentClient,
  type: string,
  groupBy: string,
): Promise<readonly { readonly value: string; readonly count: number }[]> {
  const { groups = [] } = await client().request(CountRecords, { type, groupBy })
  return groups.flatMap(({ value, count }) => (typeof value === 'string' ? [{ value, count }] : []))
}
