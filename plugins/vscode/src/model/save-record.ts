import type { Client } from '../../../../sdk/client/client.ts'
import { changesBetween } from '../../../../sdk/data-difference.ts'
import { isOrionError } from '../../../../sdk/errors.ts'
import type { FieldDefinitions } from '../../../../sdk/field.ts'
import type { JsonObject } from '../../../../sdk/json.ts'
import type { Record } from '../../../../sdk/model.ts'
import { CreateRecord, GetRecord, UpdateRecord } from '../../../../sdk/protocol/records.ts'
import { GetType, recordTypeDefinition } from '../../../../sdk/protocol/types.ts'
import { editable, isManaged, parseEdit } from './edit-document.ts'
import type { ThreeWays } from './merge-data.ts'

/** What became of a save. */
export type SaveOutcome =
  | { readonly kind: 'saved'; readonly version: number }
  /** The text says what the record has. */
  | { readonly kind: 'unchanged'; readonly version: number }
  | { readonly kind: 'conflict'; readonly conflict: SaveConflict }

/** Somebody else was first. Nothing was written. */
export interface SaveConflict extends ThreeWays {
  /** The version that was edited; 0 for a record that was new. */
  readonly version: number
  /** The record as it is now. */
  readonly current: Record
}

/**
 * Saves an edited document: what it changes is written, if the version that it names is still the newest.
 *
 * @throws EditProblem for a text that can’t be read; the daemon’s refusals but for a conflict.
 */
export async function saveRecord(
  client: Client,
  key: { readonly type: string; readonly id: string },
  text: string,
): Promise<SaveOutcome> {
  const { version, data } = parseEdit(text)
  const { type, id } = key
  const fields = await fieldsOf(client, type)
  try {
    if (version === 0) {
      const created = await client.request(CreateRecord, { type, id, data })
      return { kind: 'saved', version: created.version }
    }
    const base = await client.request(GetRecord, { type, id })
    if (base.version !== version)
      return await conflictOf(client, { version, data, fields, current: base })
    const { set, unset } = changesBetween(editable(base.data, fields), data, (name) =>
      isManaged(fields, name),
    )
    if (Object.keys(set).length === 0 && unset.length === 0) return { kind: 'unchanged', version }
    const params = { type, id, expectedVersion: version, set, unset }
    const written = await client.request(UpdateRecord, params)
    return { kind: 'saved', version: written.version }
  } catch (error) {
    if (!isOrionError(error, 'conflict')) throw error
    const { reason } = error.data
    if (reason !== 'version' && reason !== 'exists') throw error
    const current = await client.request(GetRecord, { type, id })
    return await conflictOf(client, { version, data, fields, current })
  }
}

/** The fields of a type; none when it may not be looked at. */
export async function fieldsOf(client: Client, type: string): Promise<FieldDefinitions> {
  try {
    return recordTypeDefinition.parse(await client.request(GetType, { type })).fields
  } catch (error) {
    if (isOrionError(error, 'forbidden')) return {}
    throw error
  }
}

async function conflictOf(
  client: Client,
  edit: {
    readonly version: number
    readonly data: JsonObject
    readonly fields: FieldDefinitions
    readonly current: Record
  },
): Promise<SaveOutcome> {
  const { version, data, fields, current } = edit
  const { type, id } = current
  const base = version === 0 ? undefined : await versionOf(client, { type, id, version })
  const conflict = {
    version,
    current,
    mine: data,
    theirs: editable(current.data, fields),
    base: base === undefined ? undefined : editable(base, fields),
  }
  return { kind: 'conflict', conflict }
}

/** The data of an old version; undefined when it is compacted away or was erased. */
async function versionOf(
  client: Client,
  key: { readonly type: string; readonly id: string; readonly version: number },
): Promise<JsonObject | undefined> {
  try {
    return (await client.request(GetRecord, key)).data
  } catch (error) {
    if (isOrionError(error, 'not_found') || isOrionError(error, 'gone')) return undefined
    throw error
  }
}
