import { deprecate } from 'node:util'
import type { Client } from '../../sdk/client/client.ts'
import { isOrionError } from '../../sdk/errors.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import { jsonEqual, jsonKind } from '../../sdk/json.ts'
import type { Event, Lifecycle, Record } from '../../sdk/model.ts'
import {
  ArchiveRecord,
  CreateRecord,
  DeleteRecord,
  GetRecord,
  UpdateRecord,
} from '../../sdk/protocol/records.ts'
import type { RecordType } from '../../sdk/record-type.ts'
import { JobResult, OrionActionLog, OrionInsight, OrionPattern } from '../orion/record-types.ts'
import { conversions } from './convert/conversions.ts'
import { renderPayload } from './convert/render-payload.ts'
import { Repairs } from './convert/repairs.ts'
import { targetIdOf } from './convert/target-id.ts'
import { Members } from './convert/values.ts'
import { utc } from './decode/zone.ts'

/** An object in the shape of the earlier system: its payload, with `id` and `version`. */
export type LegacyEntity = JsonObject & { readonly id: string; readonly version?: number }

/** What a listener is told: a whole object, or the id of one that was deleted. */
export type LegacyListener = (kind: 'save' | 'delete', what: LegacyEntity | string) => void

/**
 * The calls of the earlier system's ObjectManager on top of the SDK, for ports that go step by step.
 *
 * What it did wrong it does not do here: listeners are told after the commit and can't make a save fail, `delete` marks
 * the record deleted, and a save that lost a race throws a ConflictError with what is there now.
 *
 * @deprecated Use `client.repository(…)`; docs/migrating-from-orion-oda.md has the way from each call.
 */
export class ObjectManager {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
    warnOnce()
  }

  /** The object of a type with this id; undefined if there is none, or if it was deleted. */
  async get(type: string, id: string): Promise<LegacyEntity | undefined> {
    const record = await this.#find(typeNamed(type), id)
    return record === undefined || record.lifecycle === 'deleted' ? undefined : entityOf(record)
  }

  /**
   * Creates an object, or changes it if its version is the stored one or the one after it, as `touch()` left it.
   *
   * @returns The object as it is stored now.
   * @throws ConflictError if somebody else has changed it; InvalidRecordError if it does not fit its type.
   */
  async save(type: string, entity: LegacyEntity): Promise<LegacyEntity> {
    const known = typeNamed(type)
    const present = await this.#find(known, entity.id)
    const { data, emptied, lifecycle } = contentOf(type, entity, present)
    const id = targetIdOf(entity.id)
    await this.#client.define(known)
    if (present === undefined) {
      await this.#client.request(CreateRecord, { type, id, data })
    } else {
      const said = entity.version ?? 1
      const expectedVersion = said === present.version + 1 ? present.version : said
      const unset = emptied.filter((name) => Object.hasOwn(present.data, name))
      await this.#client.request(UpdateRecord, { type, id, expectedVersion, set: data, unset })
    }
    if (lifecycle !== 'active') await this.#putAway(known, id, lifecycle)
    const saved = await this.#find(known, entity.id)
    if (saved === undefined) throw new Error(`${type} ${entity.id} was purged while it was saved`)
    return entityOf(saved)
  }

  /** Marks the object with this id deleted, whatever its type; whether there was one. */
  async delete(id: string): Promise<boolean> {
    let deleted = false
    for (const type of knownTypes.values()) {
      const record = await this.#find(type, id)
      if (record === undefined || record.lifecycle === 'deleted') continue
      const { version } = record
      await this.#client.request(DeleteRecord, {
        type: type.name,
        id: record.id,
        expectedVersion: version,
      })
      deleted = true
    }
    return deleted
  }

  /** Calls a listener after each commit; resolves with what ends it. What it throws is told as a warning. */
  async subscribe(listener: LegacyListener): Promise<() => Promise<void>> {
    for (const type of knownTypes.values()) await this.#client.define(type)
    const patterns = [...knownTypes.keys()].map((name) => `${name}.*`)
    const subscription = await this.#client.on(patterns, (event) => tell(listener, event), {
      onError: (error) => process.emitWarning(error instanceof Error ? error : String(error)),
    })
    return async () => await subscription.close()
  }

  /** What had the status `deleted` or `archived` has that lifecycle here. */
  async #putAway(type: RecordType, id: string, lifecycle: 'archived' | 'deleted'): Promise<void> {
    const record = await this.#find(type, id)
    if (record === undefined || record.lifecycle === lifecycle) return
    const request = lifecycle === 'deleted' ? DeleteRecord : ArchiveRecord
    await this.#client.request(request, { type: type.name, id, expectedVersion: record.version })
  }

  async #find(type: RecordType, id: string): Promise<Record | undefined> {
    try {
      return await this.#client.request(GetRecord, { type: type.name, id: targetIdOf(id) })
    } catch (error) {
      if (isOrionError(error, 'not_found') || isOrionError(error, 'unknown_type')) return undefined
      throw error
    }
  }
}

const knownTypes: ReadonlyMap<string, RecordType> = new Map<string, RecordType>(
  [OrionActionLog, JobResult, OrionInsight, OrionPattern].map((type) => [type.name, type]),
)

function typeNamed(name: string): RecordType {
  const type = knownTypes.get(name)
  if (type !== undefined) return type
  const known = [...knownTypes.keys()].join(', ')
  throw new TypeError(
    `expected one of ${known}, got ${JSON.stringify(name)}; declare a record type for others`,
  )
}

/** An object as fields. */
interface Content {
  readonly data: JsonObject
  /** Fields that the object has no value for. Others of the record it knows nothing of; they stay as they are. */
  readonly emptied: readonly string[]
  readonly lifecycle: Lifecycle
}

/**
 * The fields of an object; what the earlier system would have refused is refused. Members that it did not have, which `get`
 * hands out (of `extra`, and of fields that are newer), may come back as they were.
 */
function contentOf(type: string, entity: LegacyEntity, present: Record | undefined): Content {
  const repairs = new Repairs()
  const members = new Members(entity, repairs)
  for (const name of headMembers) members.take(name)
  const converted = conversions.get(type)?.(members, { id: entity.id, zone: utc, older: true })
  const first = repairs.all.find(({ kind }) => kind !== 'reference_replaced')
  if (converted === undefined || first !== undefined) {
    throw new TypeError(
      `${type} ${entity.id}: ${first?.field} does not fit, got ${first?.was || 'nothing'}`,
    )
  }
  const given: JsonObject = present === undefined ? {} : entityOf(present)
  const [unknown] = members
    .rest()
    .filter(([name, value]) => !Object.hasOwn(given, name) || !jsonEqual(given[name], value))
  if (unknown !== undefined) {
    throw new TypeError(`${type} has no field ${unknown[0]}, got ${jsonKind(unknown[1])}`)
  }
  const fields = Object.entries(converted.data)
  const data = fields.flatMap(([name, value]): [string, Json][] =>
    value === undefined ? [] : [[name, value]],
  )
  const emptied = fields.flatMap(([name, value]) => (value === undefined ? [name] : []))
  return { data: Object.fromEntries(data), emptied, lifecycle: converted.lifecycle }
}

const headMembers = ['id', 'version', 'created_at', 'updated_at', 'created_by', 'updated_by']

function entityOf(record: Record): LegacyEntity {
  return { ...renderPayload(record), id: record.id, version: record.version }
}

function tell(listener: LegacyListener, event: Event): void {
  if (event.op === 'deleted' || event.op === 'purged') listener('delete', event.id ?? '')
  else if (event.record !== undefined) listener('save', entityOf(event.record))
}

/** Node tells it once for a process. */
const warnOnce = deprecate(
  () => {},
  'ObjectManager is the earlier system’s interface: use client.repository(type), see docs/migrating-from-orion-oda.md',
  'LEGACY_OBJECT_MANAGER',
)
