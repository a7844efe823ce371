/** Reads records of the store by their ids, however many and however long they are. */
import type { Client } from '../../../sdk/client/client.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import type { Record } from '../../../sdk/model.ts'
import { GetManyRecords } from '../../../sdk/protocol/records.ts'

/** Ids of one question. */
const idsMax = 500

/** The records of a type with these ids, whatever their lifecycle. */
export async function recordsById(
  client: Client,
  type: string,
  wanted: readonly string[],
): Promise<Map<string, Record>> {
  const found = new Map<string, Record>()
  const ids = [...new Set(wanted)]
  for (let start = 0; start < ids.length; start += idsMax) {
    await read(client, type, { ids: ids.slice(start, start + idsMax), found })
  }
  return found
}

/** Halves what would make too long an answer. */
async function read(
  client: Client,
  type: string,
  { ids, found }: { readonly ids: readonly string[]; readonly found: Map<string, Record> },
): Promise<void> {
  try {
    const { records } = await client.request(GetManyRecords, {
      keys: ids.map((id) => ({ type, id })),
    })
    for (const record of records) if (record !== null) found.set(record.id, record)
  } catch (error) {
    if (!isOrionError(error, 'too_large') || ids.length === 1) throw error
    const half = Math.ceil(ids.length / 2)
    await read(client, type, { ids: ids.slice(0, half), found })
    await read(client, type, { ids: ids.slice(half), found })
  }
}
