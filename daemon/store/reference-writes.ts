/** The references of what one request writes: whether they may be made, and the table that knows them. */
import { type ConflictData, OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import {
  addReference,
  type Reference,
  type Referrer,
  referencesIn,
  removeReference,
  removeReferrer,
} from './reference-table.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'

/** When a missing record is told: at once, or at the end of a transaction, which may still make it. */
export type ChecksAt = 'once' | 'end'

/** A change of the data of one record, or its beginning. */
export interface ReferenceChange {
  readonly id: string
  /** Undefined when the record begins. */
  readonly before: Record | undefined
  readonly after: JsonObject
  /** Undefined when all of them may have. */
  readonly changedFields?: readonly string[]
  /** What is taken over from elsewhere may name deleted records: it was so there. */
  readonly imported?: boolean
}

/** What a change does to the table, once the record is written. */
export interface PlannedReferences {
  apply(): void
}

const nothing: PlannedReferences = { apply() {} }

/** Checks and keeps the references of one request. */
export class ReferenceWrites {
  readonly #context: StoreContext
  readonly #caller: Caller
  readonly #checksAt: ChecksAt
  readonly #pending: { readonly operation: number; readonly check: () => void }[] = []
  /** Rows of the table that this request has changed. */
  #changed = 0
  #operation = -1

  constructor(context: StoreContext, caller: Caller, checksAt: ChecksAt) {
    this.#context = context
    this.#caller = caller
    this.#checksAt = checksAt
  }

  /** Begins the next operation of the request. */
  begin(): void {
    this.#operation++
  }

  /**
   * Checks what a change names, before anything is written. Only what the record did not name before counts, so that a
   * record whose target is gone can still be changed elsewhere.
   *
   * @throws OrionError `invalid_record` for a checked reference to a record that is not there, `forbidden` for one to a
   * type that the caller may not read, `too_large`.
   */
  plan(entry: RecordTypeEntry, change: ReferenceChange): PlannedReferences {
    const { changedFields, before, after, id } = change
    const places =
      changedFields === undefined
        ? entry.references
        : entry.references.filter(({ field }) => changedFields.includes(field))
    if (places.length === 0) return nothing
    const old = before === undefined ? undefined : referencesIn(places, before.data)
    const now = referencesIn(places, after)
    const added = [...now].filter(([key]) => !old?.has(key)).map(([, reference]) => reference)
    const gone = [...(old ?? [])].filter(([key]) => !now.has(key)).map(([, reference]) => reference)
    this.#take(entry, now.size, added.length + gone.length)
    const by = { type: entry.definition.name, id }
    this.#check(by, added, change)
    // Of a row that does not fit its type nobody knows what it named.
    const isUnknown = before?.quarantined !== undefined
    return {
      apply: () =>
        this.#apply(by, { added: isUnknown ? [...now.values()] : added, gone, isUnknown }),
    }
  }

  /**
   * Forgets what a record names, because it is purged.
   *
   * @throws OrionError `conflict` when others name it by checked references.
   */
  planPurge(entry: RecordTypeEntry, record: Record, force: boolean): PlannedReferences {
    if (!force) this.#assertUnreferenced(record)
    if (entry.references.length === 0) return nothing
    const gone = [...referencesIn(entry.references, record.data).values()]
    const isUnknown = record.quarantined !== undefined
    const { type, id } = record
    return { apply: () => this.#apply({ type, id }, { added: [], gone, isUnknown }) }
  }

  /** Looks again for what was not there when it was named: a later operation may have made it. */
  finish(at: (operation: number, check: () => void) => void): void {
    for (const { operation, check } of this.#pending) at(operation, check)
  }

  #apply(
    by: Referrer,
    {
      added,
      gone,
      isUnknown,
    }: {
      readonly added: readonly Reference[]
      readonly gone: readonly Reference[]
      readonly isUnknown: boolean
    },
  ): void {
    const { connection } = this.#context
    if (isUnknown) removeReferrer(connection, by)
    else for (const reference of gone) removeReference(connection, by, reference)
    for (const reference of added) addReference(connection, by, reference)
  }

  #check(by: Referrer, added: readonly Reference[], { imported = false }: ReferenceChange): void {
    const checked = added.filter(({ place }) => !place.weak)
    for (const { type } of checked) {
      if (!this.#caller.mayRead(type)) throw mayNotName(by.type, type)
    }
    const missing = this.#missing(by, checked, imported)
    if (missing.length === 0) return
    if (this.#checksAt === 'once') throw missingError(by, missing)
    const check = (): void => {
      const named = missing.map(({ reference }) => reference)
      const still = this.#missing(by, named, imported)
      if (still.length > 0) throw missingError(by, still)
    }
    this.#pending.push({ operation: this.#operation, check })
  }

  #missing(by: Referrer, references: readonly Reference[], imported: boolean): Missing[] {
    const { types } = this.#context
    return references.flatMap((reference) => {
      if (reference.type === by.type && reference.id === by.id) return []
      const entry = types.get(reference.type)
      if (entry === undefined) return [{ reference, why: 'there is no such record type' }]
      const lifecycle = this.#context.read(entry, reference.id)?.record.lifecycle
      if (lifecycle === undefined) return [{ reference, why: 'there is no such record' }]
      if (lifecycle === 'deleted' && !imported) return [{ reference, why: 'it is deleted' }]
      return []
    })
  }

  #assertUnreferenced(record: Record): void {
    const { connection, types } = this.#context
    const shown: NonNullable<ConflictData['referrers']>[number][] = []
    let isHidden = false
    for (const { definition, references } of types.values()) {
      for (const { to, weak, path } of references) {
        if (weak || (to !== '*' && to !== record.type)) continue
        const rows = connection
          .prepare(referrers)
          .all([record.type, record.id, definition.name, path, referrersShown + 2])
        for (const row of rows) {
          const by = { type: definition.name, id: String(row.id) }
          if (by.type === record.type && by.id === record.id) continue
          if (this.#caller.mayRead(by.type)) shown.push({ ...by, field: path })
          else isHidden = true
        }
      }
    }
    if (shown.length > 0 || isHidden) throw this.#referenced(record, shown)
  }

  #referenced(record: Record, all: NonNullable<ConflictData['referrers']>): OrionError<'conflict'> {
    const { type, id, version } = record
    const by = all.slice(0, referrersShown).map((one) => `${one.type} ${JSON.stringify(one.id)}`)
    const rest = all.length > referrersShown ? ' and others' : ''
    const who = by.length === 0 ? 'records that you may not read' : `${by.join(', ')}${rest}`
    const data: ConflictData = {
      reason: 'referenced',
      type,
      id,
      current: this.#caller.mayRead(type) ? record : { version },
      referrers: all.slice(0, referrersShown),
      remedy:
        'Let them name another record, or purge them first; `force` purges it all the same, and they name nothing then.',
    }
    return new OrionError('conflict', `${type} ${JSON.stringify(id)} is named by ${who}`, data)
  }

  #take(entry: RecordTypeEntry, total: number, changed: number): void {
    const { referencesMax } = this.#context.limits
    this.#changed += changed
    const actual = Math.max(total, Math.ceil(this.#changed / 2))
    if (total <= referencesMax && this.#changed <= 2 * referencesMax) return
    throw new OrionError(
      'too_large',
      `${entry.definition.name}: expected at most ${referencesMax} references, got more`,
      {
        limit: referencesMax,
        actual,
        remedy: 'name fewer records in one, or send fewer operations at a time',
      },
    )
  }
}

/** A reference to a record that can't be named, and why. */
interface Missing {
  readonly reference: Reference
  readonly why: string
}

/** Referrers that an error names. */
const referrersShown = 5

const referrers = `SELECT id FROM record_references
  WHERE target_type = ? AND target_id = ? AND type = ? AND field = ? LIMIT ?`

/** Most missing records that are told at once. */
const missingShown = 20

function missingError(by: Referrer, all: readonly Missing[]): OrionError<'invalid_record'> {
  const shown = all.slice(0, missingShown)
  const issues = shown.map(({ reference: { place, type, id }, why }) => ({
    path: place.path,
    message: `names ${type} ${JSON.stringify(id)}, but ${why}`,
  }))
  const told = issues.slice(0, 5).map(({ path, message }) => `${path} ${message}`)
  return new OrionError('invalid_record', `the data does not fit ${by.type}: ${told.join('; ')}`, {
    issues,
    missing: shown.map(({ reference: { place, type, id } }) => ({ path: place.path, type, id })),
    remedy:
      'Create the record first, or in the same transaction; restore it if it is deleted; or leave the reference out.',
  })
}

/** The same whether the record is there or not: who may not read a type learns nothing of its records. */
function mayNotName(from: string, type: string): OrionError<'forbidden'> {
  return new OrionError('forbidden', `expected scope read for ${type}, which ${from} names`, {
    needs: 'read',
    remedy: `ask the owner of the store for a token with scope read for ${type}`,
  })
}
