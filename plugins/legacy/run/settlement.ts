/** What is done about rows that do not simply go in: known ones that changed, and those that the store refuses. */
import type { Client } from '../../../sdk/client/client.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import type { Json, JsonObject } from '../../../sdk/json.ts'
import type { Record, Token } from '../../../sdk/model.ts'
import type { ImportedRecord, TransactOperation } from '../../../sdk/protocol/records.ts'
import { ImportRecords } from '../../../sdk/protocol/records.ts'
import { sameContent } from '../convert/convert-row.ts'
import { LegacyRow } from '../record-types.ts'
import { type Decided, quarantinedAs } from './decided.ts'
import { recordsById } from './fetch.ts'
import { besideKey, type KnownRow, knownRowOf, ledgerEntry } from './ledger.ts'
import type { Tally } from './tally.ts'

/** Settles rows one by one, and counts all of them. */
export class Settlement {
  /** The file that the rows come from. */
  readonly source: string
  readonly #client: Client | undefined
  /** Record types that the store has. */
  readonly #types: ReadonlySet<string>
  readonly #tally: Tally
  readonly #cause: Token | undefined
  readonly #writes: boolean

  constructor(parts: {
    readonly client: Client | undefined
    readonly known: ReadonlySet<string>
    readonly tally: Tally
    readonly source: string
    readonly cause: Token | undefined
    readonly writes: boolean
  }) {
    this.source = parts.source
    this.#client = parts.client
    this.#types = parts.known
    this.#tally = parts.tally
    this.#cause = parts.cause
    this.#writes = parts.writes
  }

  /** The row went in as it was decided. */
  imported(one: Decided): void {
    this.#count(one)
  }

  unchanged({ row }: Decided): void {
    this.#tally.unchanged(row)
  }

  /** What a dry run finds out about rows that the store does not know: whether their ids are free. */
  async wouldImport(rows: readonly Decided[]): Promise<void> {
    const wanted = new Map<string, string[]>()
    for (const { conclusion } of rows) {
      if (conclusion.pile === 'quarantined') continue
      const { type, id } = conclusion.record
      wanted.set(type, [...(wanted.get(type) ?? []), id])
    }
    const present = new Map<string, Map<string, Record>>()
    for (const [type, ids] of wanted) present.set(type, await this.#records(type, ids))
    for (const one of rows) {
      const { conclusion } = one
      const taken =
        conclusion.pile === 'quarantined'
          ? undefined
          : present.get(conclusion.record.type)?.get(conclusion.record.id)
      if (taken === undefined) this.#count(one)
      else if (conclusion.pile !== 'quarantined' && sameContent(taken, conclusion.record))
        this.unchanged(one)
      else this.#count(quarantinedAs(one, 'id_taken', takenDetail))
    }
  }

  /**
   * What is to be imported in the place of a row that the store refused; undefined if there is nothing more to do.
   *
   * @throws the error itself if it is not about the row.
   */
  async refused(one: Decided, error: unknown): Promise<Decided | undefined> {
    const { conclusion } = one
    if (isOrionError(error, 'conflict') && (await this.#settledByAnother(one))) return undefined
    if (conclusion.pile === 'quarantined' || !isOrionError(error)) throw error
    if (!isOrionError(error, 'conflict')) {
      const reason = error.kind === 'too_large' ? 'too_large' : 'does_not_fit'
      return quarantinedAs(one, reason, error.message)
    }
    const { record } = conclusion
    const present = (await this.#records(record.type, [record.id])).get(record.id)
    if (present === undefined) throw error
    if (!sameContent(present, record)) return quarantinedAs(one, 'id_taken', takenDetail)
    await this.#import([ledgerEntry(one, conclusion, this).row])
    this.#tally.unchanged(one.row)
    return undefined
  }

  /** Those whose record, or what is kept about whom, is in the store already: asked for all at once. */
  async presentOf(rows: readonly Decided[]): Promise<ReadonlySet<Decided>> {
    const ids = new Map<string, string[]>([[LegacyRow.name, rows.map(({ key }) => key)]])
    for (const { conclusion } of rows) {
      if (conclusion.pile === 'quarantined') continue
      const { type, id } = conclusion.record
      ids.set(type, [...(ids.get(type) ?? []), id])
    }
    const there = new Map<string, ReadonlyMap<string, Record>>()
    for (const [type, some] of ids) there.set(type, await this.#records(type, some))
    const has = (type: string, id: string): boolean => there.get(type)?.has(id) === true
    const present = rows.filter(
      ({ key, conclusion }) =>
        has(LegacyRow.name, key) ||
        (conclusion.pile !== 'quarantined' && has(conclusion.record.type, conclusion.record.id)),
    )
    return new Set(present)
  }

  /** Whether somebody else, who brings the same file over at the same time, was first with this row. */
  async #settledByAnother(one: Decided): Promise<boolean> {
    const entry = (await this.#records(LegacyRow.name, [one.key])).get(one.key)
    if (entry === undefined) return false
    const before = knownRowOf(entry)
    if (before.digest === one.digest) this.unchanged(one)
    else await this.changed(one, { before, beside: undefined })
    return true
  }

  /** A row that an earlier run knows in another state. */
  async changed(
    one: Decided,
    told: { before: KnownRow; beside: KnownRow | undefined },
  ): Promise<void> {
    const { before, beside } = told
    if (beside !== undefined) {
      this.unchanged(one)
      return
    }
    const { conclusion } = one
    const { recordType, recordId } = before
    if (recordType === undefined || recordId === undefined) {
      await this.retaken(one, before)
      return
    }
    const present = (await this.#records(recordType, [recordId])).get(recordId)
    if (conclusion.pile === 'quarantined') {
      await this.#keepBeside(one)
    } else if (
      present === undefined ||
      conclusion.record.type !== recordType ||
      conclusion.record.id !== recordId
    ) {
      await this.#keepBeside(bothSides(one, 'its record is not there any more'))
    } else if (sameContent(present, conclusion.record)) {
      await this.#replaceEntry(one, before, present.version)
      this.#count(one)
    } else if (
      before.source !== this.source &&
      conclusion.record.version <= (before.recordVersion ?? 0)
    ) {
      await this.#keepBeside(supersededBy(one, before))
    } else if (present.version !== before.recordVersion) {
      await this.#keepBeside(bothSides(one, `it has version ${present.version} in the store`))
    } else {
      await this.#refresh(one, { before, present })
    }
  }

  /** It was quarantined before; now it may go in, or is quarantined in its new state. */
  async retaken(one: Decided, before: KnownRow): Promise<void> {
    const { conclusion } = one
    if (this.#writes && conclusion.pile !== 'quarantined') {
      try {
        await this.#import([conclusion.record])
      } catch (error) {
        if (!isOrionError(error, 'conflict')) throw error
        const present = (await this.#records(conclusion.record.type, [conclusion.record.id])).get(
          conclusion.record.id,
        )
        if (present === undefined || !sameContent(present, conclusion.record)) {
          await this.retaken(quarantinedAs(one, 'id_taken', takenDetail), before)
          return
        }
      }
    }
    await this.#replaceEntry(one, before)
    this.#count(one)
    this.#tally.refreshed()
  }

  /** Brings a record up to date that nobody has changed here. */
  async #refresh(
    one: Decided,
    { before, present }: { readonly before: KnownRow; readonly present: Record },
  ): Promise<void> {
    const { conclusion } = one
    if (conclusion.pile === 'quarantined') return
    if (this.#writes) {
      try {
        const operations = refreshing(conclusion.record, present)
        const version = present.version + operations.length
        await this.#transact([...operations, this.#entryUpdate(one, before, version)])
      } catch (error) {
        // Fields that other methods own.
        if (!isOrionError(error, 'forbidden') && !isOrionError(error, 'conflict')) throw error
        await this.#keepBeside(bothSides(one, error.message))
        return
      }
    }
    this.#count(one)
    this.#tally.refreshed()
  }

  /** A row that is tried again and stays aside. */
  stays({ row }: Decided, { data }: Record): void {
    const told = { reason: String(data.reason ?? ''), detail: String(data.detail ?? '') }
    this.#tally.quarantined(row, told)
  }

  async #keepBeside(one: Decided): Promise<void> {
    if (this.#writes) {
      const entry = ledgerEntry({ ...one, key: besideKey(one) }, one.conclusion, this)
      for (const part of entry.parts) await this.#import([part])
      await this.#import([entry.row])
    }
    this.#count(one)
  }

  async #replaceEntry(one: Decided, before: KnownRow, version?: number): Promise<void> {
    if (!this.#writes) return
    const { parts } = ledgerEntry(one, one.conclusion, this)
    for (const part of parts) await this.#import([part])
    await this.#transact([this.#entryUpdate(one, before, version)])
  }

  #entryUpdate(one: Decided, before: KnownRow, version?: number): TransactOperation {
    const { row } = ledgerEntry(one, one.conclusion, this)
    const data: JsonObject = { repairs: [], notices: [], ...row.data }
    const set: { [field: string]: Json } = { ...data }
    if (version !== undefined) set.recordVersion = version
    const unset = optionalFields.filter((name) => !Object.hasOwn(set, name))
    return {
      op: 'update',
      type: LegacyRow.name,
      id: before.id,
      expectedVersion: before.version,
      set,
      unset,
    }
  }

  async #records(type: string, ids: readonly string[]): Promise<Map<string, Record>> {
    if (this.#client === undefined || !this.#types.has(type)) return new Map()
    return await recordsById(this.#client, type, ids)
  }

  async #import(records: readonly ImportedRecord[]): Promise<void> {
    const cause = this.#cause
    await this.#client?.request(ImportRecords, {
      records: [...records],
      ...(cause === undefined ? {} : { cause }),
    })
  }

  async #transact(operations: TransactOperation[]): Promise<void> {
    const cause = this.#cause
    const reason = 'the row was changed in the file of the earlier system'
    await this.#client?.transact(
      { operations },
      { reason, ...(cause === undefined ? {} : { cause }) },
    )
  }

  #count({ row, conclusion }: Decided): void {
    if (conclusion.pile === 'quarantined') this.#tally.quarantined(row, conclusion)
    else this.#tally.record(row, conclusion.pile, conclusion)
  }
}

const takenDetail = 'the store has another record with this id, which was not brought over'

const optionalFields = Object.entries(LegacyRow.definition.fields)
  .filter(([, field]) => field.optional)
  .map(([name]) => name)

function bothSides(one: Decided, detail: string): Decided {
  return quarantinedAs(
    one,
    'changed_on_both_sides',
    `the row was changed in the file, and ${detail}`,
  )
}

function supersededBy(one: Decided, { source }: KnownRow): Decided {
  const detail = `${source} brought over the same or a newer version of it, with other content`
  return quarantinedAs(one, 'superseded', detail)
}

/** What makes a present record say what the row says: its fields, then its lifecycle. */
function refreshing(record: ImportedRecord, present: Record): TransactOperation[] {
  const { type, id } = record
  const operations: TransactOperation[] = []
  let version: number = present.version
  const step = (operation: TransactOperation): void => {
    operations.push(operation)
    version += 1
  }
  const lifecycle = record.lifecycle ?? 'active'
  if (present.lifecycle !== 'active') step({ op: 'restore', type, id, expectedVersion: version })
  const unset = Object.keys(present.data).filter((name) => !Object.hasOwn(record.data, name))
  if (!sameContent({ data: present.data, lifecycle }, record)) {
    step({ op: 'update', type, id, expectedVersion: version, set: record.data, unset })
  }
  if (lifecycle !== 'active') {
    step({ op: lifecycle === 'deleted' ? 'delete' : 'archive', type, id, expectedVersion: version })
  }
  return operations
}
