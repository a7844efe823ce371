/**
 * Does one operation on one record inside the open transaction: compare the version, write the record,
 * append the event. Everything is checked before anything is written, so that a refusal needs no undoing.
 */

import { isOrionError, OrionError } from '../../sdk/errors.ts'
import { parseInstant } from '../../sdk/instant.ts'
import type { Record, Version } from '../../sdk/model.ts'
import type { ImportedRecord, TransactOperation } from '../../sdk/protocol/records.ts'
import { uuidV7 } from '../../sdk/uuid-v7.ts'
import { type AppliedChanges, applyChanges, checkData, checkNewData } from './changes.ts'
import { conflictError } from './conflicts.ts'
import { EngineError } from './engine/engine.ts'
import type { Authorship, ChangeEntry } from './event-log.ts'
import { moves, wrongLifecycle } from './lifecycle-moves.ts'
import { assertSound, mendedFields } from './quarantine.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import { type ChecksAt, ReferenceWrites } from './reference-writes.ts'
import { RequestWork } from './request-work.ts'
import type { StoredRecord } from './row-codec.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import { erasePurged } from './table-copy.ts'
import { uniqueViolation } from './unique-violation.ts'

/** What an operation did. `record` is the record after it, or before it when nothing changed. */
export interface Written {
  readonly changed: boolean
  readonly record: Record
  readonly seq: number
}

/** One operation of a transaction, or a purge. */
export type RecordOperation =
  | TransactOperation
  | {
      op: 'purge'
      type: string
      id: string
      expectedVersion?: number | undefined
      force?: boolean | undefined
    }

type Create = Extract<RecordOperation, { op: 'create' }>
type Update = Extract<RecordOperation, { op: 'update' }>
type Move = Extract<RecordOperation, { op: 'delete' | 'restore' | 'archive' | 'purge' }>

/** Writes records for one request. */
export class RecordWriter {
  readonly #context: StoreContext
  readonly #caller: Caller
  readonly #authorship: Authorship
  readonly #references: ReferenceWrites
  readonly #work: RequestWork

  /** @param checksAt - `end` for a request of several operations, which then calls `finish`. */
  constructor(
    context: StoreContext,
    request: {
      readonly caller: Caller
      readonly authorship: Authorship
      readonly checksAt: ChecksAt
    },
  ) {
    this.#context = context
    this.#work = new RequestWork(context.limits)
    this.#caller = request.caller
    this.#authorship = request.authorship
    this.#references = new ReferenceWrites(context, request.caller, request.checksAt)
  }

  /** Checks what could not be checked before the last operation; `at` tells which one it is about. */
  finish(at: (operation: number, check: () => void) => void): void {
    this.#references.finish(at)
  }

  /** @param move - Last word of the topic, given by the method that owns the managed fields: so they may be set. */
  perform(operation: RecordOperation, move?: string): Written {
    this.#references.begin()
    const entry = this.#context.type(operation.type)
    switch (operation.op) {
      case 'create':
        return this.#create(entry, operation, move)
      case 'update':
        return this.#update(entry, operation, move)
      case 'purge':
        return this.#purge(entry, operation)
      default:
        return this.#move(entry, operation)
    }
  }

  #create(entry: RecordTypeEntry, operation: Create, move: string | undefined): Written {
    const check = move === undefined ? checkNewData : checkData
    const data = check(entry.schema, operation.data, this.#work.match)
    const encodedData = this.#encode(entry, data)
    const id = operation.id ?? uuidV7()
    const { at, actor } = this.#authorship
    const by = actor.principal
    const { version, previousSeq } = this.#beginning(entry, id, operation.id !== undefined)
    const draft = { version, createdAt: at, createdBy: by, updatedAt: at, updatedBy: by }
    const type = entry.definition.name
    return this.#insert(entry, {
      draft: { ...draft, type, id, lifecycle: 'active', data },
      encodedData,
      imported: false,
      previousSeq,
      move,
    })
  }

  /** Takes a record over as it is; the log remembers that it came from elsewhere. */
  import(imported: ImportedRecord): Written {
    this.#references.begin()
    const entry = this.#context.type(imported.type)
    const { extra } = imported
    const given = extra === undefined ? imported.data : { ...imported.data, extra }
    const data = checkData(entry.schema, given, this.#work.match)
    const encodedData = this.#encode(entry, data)
    const { at, actor } = this.#authorship
    const createdAt =
      imported.createdAt === undefined ? at : requireInstant(imported.createdAt, 'createdAt')
    const updatedAt =
      imported.updatedAt === undefined ? createdAt : requireInstant(imported.updatedAt, 'updatedAt')
    const createdBy = imported.createdBy ?? actor.principal
    const first = this.#beginning(entry, imported.id, true)
    const draft = {
      type: imported.type,
      id: imported.id,
      version: Math.max(first.version, imported.version ?? 1) as Version,
      createdAt,
      createdBy,
      updatedAt,
      updatedBy: imported.updatedBy ?? createdBy,
      lifecycle: imported.lifecycle ?? 'active',
      data,
    } as const
    const { previousSeq } = first
    return this.#insert(entry, { draft, encodedData, imported: true, previousSeq })
  }

  #insert(entry: RecordTypeEntry, fresh: FreshRecord): Written {
    const { draft, encodedData, imported, previousSeq, move } = fresh
    const { id, data: after } = draft
    const references = this.#references.plan(entry, { id, before: undefined, after, imported })
    const seq = this.#context.log.nextSeq
    const record: Record = { ...draft, token: this.#context.tokenAt(seq) }
    this.#writing(entry, record, () => entry.insert(this.#context.connection, record, seq))
    this.#context.search.created(record.type, id)
    references.apply()
    const changedFields = Object.keys(record.data)
    const how = { op: 'created', imported, previousSeq } as const
    this.#append({ ...how, record, encodedData, changedFields }, move)
    return { changed: true, record, seq }
  }

  /** Version 1, or the one after a purged record's last: a version is never used twice for an id. */
  #beginning(entry: RecordTypeEntry, id: string, mayExist: boolean): Beginning {
    if (!mayExist) return { version: 1 as Version, previousSeq: undefined }
    const type = entry.definition.name
    const present = this.#context.read(entry, id)
    if (present !== undefined) {
      const race = { reason: 'exists', type, id, current: present.record } as const
      throw conflictError(this.#context, this.#caller, race)
    }
    const tombstone = this.#context.tombstone(type, id)
    return {
      version: ((tombstone?.version ?? 0) + 1) as Version,
      previousSeq: tombstone?.seq,
    }
  }

  #update(entry: RecordTypeEntry, operation: Update, move: string | undefined): Written {
    const { record, seq: previousSeq } = this.#present(entry, operation)
    const onlyOperators = operation.expectedVersion === undefined && !operation.force
    if (record.lifecycle !== 'active' && (onlyOperators || record.lifecycle === 'deleted')) {
      throw wrongLifecycle(record, 'updated')
    }
    const { data, changedFields } = this.#applied(entry, record, { operation, move })
    if (changedFields.length === 0) return { changed: false, record, seq: previousSeq }
    const encodedData = this.#encode(entry, data)
    const change = { id: record.id, before: record, after: data, changedFields }
    const references = this.#references.plan(entry, change)
    const seq = this.#context.log.nextSeq
    const next = this.#next(record, seq, { data, lifecycle: record.lifecycle })
    this.#context.search.changing(record, changedFields, () =>
      this.#writing(entry, next, () => {
        const change = { record: next, seq, expectedVersion: record.version, changedFields }
        if (!entry.update(this.#context.connection, change)) throw lostRow(record)
      }),
    )
    references.apply()
    this.#append({ record: next, op: 'updated', encodedData, changedFields, previousSeq }, move)
    return { changed: true, record: next, seq }
  }

  /** What does not fit may be a value of the record: who may not read it is told no more than the fields. */
  #applied(
    entry: RecordTypeEntry,
    record: Record,
    { operation, move }: { readonly operation: Update; readonly move: string | undefined },
  ): AppliedChanges {
    try {
      const { set = {}, unset = [] } = operation
      const mended = mendedFields(record, new Set([...Object.keys(set), ...unset]))
      const options = { spend: this.#work.match, mayManage: move !== undefined, mended }
      return applyChanges(entry.schema, record.data, operation, options)
    } catch (error) {
      const { type } = record
      if (!isOrionError(error, 'invalid_record') || this.#caller.mayRead(type)) throw error
      const issues = error.data.issues.map(({ path }) => ({ path, message: 'would not fit' }))
      const names = issues.map(({ path }) => path).join(', ')
      throw new OrionError('invalid_record', `the data would not fit ${type}: ${names}`, { issues })
    }
  }

  #move(entry: RecordTypeEntry, operation: Move): Written {
    const { record, seq: previousSeq } = this.#present(entry, operation)
    const { lifecycle, op } = moves[operation.op === 'purge' ? 'delete' : operation.op]
    if (record.lifecycle === lifecycle) return { changed: false, record, seq: previousSeq }
    if (record.lifecycle === 'deleted' && lifecycle === 'archived')
      throw wrongLifecycle(record, 'archived')
    assertSound(record, operation.op === 'delete' ? 'deleted' : `${operation.op}d`)
    const seq = this.#context.log.nextSeq
    const next = this.#next(record, seq, { data: record.data, lifecycle })
    const encodedData = JSON.stringify(next.data)
    this.#work.write(encodedData.length)
    const moved = entry.move(this.#context.connection, {
      record: next,
      seq,
      expectedVersion: record.version,
    })
    if (!moved) throw lostRow(record)
    this.#append({ record: next, op, encodedData, changedFields: [], previousSeq })
    return { changed: true, record: next, seq }
  }

  /** Removes the record and erases its values from the log; a tombstone keeps its last version. */
  #purge(entry: RecordTypeEntry, operation: Move): Written {
    const { record, seq: previousSeq } = this.#present(entry, operation)
    const { connection, log } = this.#context
    // Its tombstone would not know which version comes next.
    if (Object.hasOwn(record.quarantined?.raw ?? {}, 'version')) assertSound(record, 'purged')
    const references = this.#references.planPurge(entry, record, operation.force ?? false)
    const seq = log.nextSeq
    const next = this.#next(record, seq, { data: {}, lifecycle: 'deleted' })
    // Freed space is overwritten: the values are gone from the file, not only from view.
    connection.exec('PRAGMA secure_delete = ON')
    this.#context.search.purging(record.type, record.id)
    if (!entry.remove(connection, record.id, record.version)) throw lostRow(record)
    references.apply()
    erasePurged(this.#context, record, previousSeq)
    connection
      .prepare('INSERT OR REPLACE INTO tombstones (type, id, version, seq) VALUES (?, ?, ?, ?)')
      .run([record.type, record.id, next.version, seq])
    connection.exec('PRAGMA secure_delete = OFF')
    this.#append({ record: next, op: 'purged', encodedData: '', changedFields: [], previousSeq })
    return { changed: true, record: next, seq }
  }

  /** The record an operation is about, with its version checked. */
  #present(entry: RecordTypeEntry, operation: Update | Move): StoredRecord {
    const { type, id, expectedVersion } = operation
    const present = this.#context.read(entry, id)
    if (present === undefined) throw this.#absent(type, id, expectedVersion)
    const { version } = present.record
    if (expectedVersion !== undefined && !operation.force && version !== expectedVersion) {
      throw conflictError(this.#context, this.#caller, {
        reason: 'version',
        type,
        id,
        current: present.record,
        expectedVersion,
      })
    }
    return present
  }

  #absent(type: string, id: string, expectedVersion: number | undefined): OrionError {
    const purged = this.#context.tombstone(type, id) !== undefined
    if (purged && expectedVersion !== undefined) {
      const race = { reason: 'version', type, id, current: undefined, expectedVersion } as const
      return conflictError(this.#context, this.#caller, race)
    }
    return new OrionError('not_found', `there is no ${type} ${JSON.stringify(id)}`, { type, id })
  }

  /** The record after a change, member by member: spreading costs more, and what was quarantined is sound again. */
  #next(record: Record, seq: number, change: Pick<Record, 'data' | 'lifecycle'>): Record {
    return {
      type: record.type,
      id: record.id,
      version: (record.version + 1) as Version,
      createdAt: record.createdAt,
      createdBy: record.createdBy,
      updatedAt: this.#authorship.at,
      updatedBy: this.#authorship.actor.principal,
      lifecycle: change.lifecycle,
      token: this.#context.tokenAt(seq),
      data: change.data,
    }
  }

  #append(
    change: Omit<ChangeEntry, 'topic' | 'previousVersion' | 'isMove'>,
    move?: string | undefined,
  ): void {
    const { op, record, encodedData, changedFields, imported, previousSeq } = change
    const { cache, log } = this.#context
    const isMove = move !== undefined && move !== op
    const topic = `${record.type}.${isMove ? move : op}`
    // What is created has no version before it, even where it goes on from a purged record.
    const previousVersion = op === 'created' ? undefined : ((record.version - 1) as Version)
    log.append(
      {
        topic,
        op,
        record,
        encodedData,
        changedFields,
        imported,
        previousVersion,
        previousSeq,
        isMove,
      },
      this.#authorship,
    )
    if (op === 'purged') cache.drop(record.type, record.id)
    else cache.put({ seq: log.lastSeq, record, dataLength: encodedData.length })
  }

  #writing(entry: RecordTypeEntry, record: Record, write: () => void): void {
    try {
      write()
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'constraint') throw error
      throw uniqueViolation(this.#context, entry, { record, error, caller: this.#caller })
    }
  }

  /** The data as JSON text, within the limit. */
  #encode(entry: RecordTypeEntry, data: Record['data']): string {
    const encoded = JSON.stringify(data)
    const limit = this.#context.limits.recordMaxBytes
    // A UTF-16 unit takes at most three bytes, so most records need no counting.
    const actual = encoded.length * 3 <= limit ? encoded.length : Buffer.byteLength(encoded)
    if (actual > limit) {
      const message = `the data of a ${entry.definition.name} has ${actual} bytes; the limit is ${limit}`
      throw new OrionError('too_large', message, { limit, actual })
    }
    this.#work.write(actual)
    return encoded
  }
}

/** A record about to be inserted, and its data as JSON text. */
interface FreshRecord {
  readonly draft: Omit<Record, 'token'>
  readonly encodedData: string
  readonly imported: boolean
  readonly previousSeq: number | undefined
  readonly move?: string | undefined
}

/** What a new record goes on from. */
interface Beginning {
  readonly version: Version
  readonly previousSeq: number | undefined
}

function requireInstant(text: string, path: string): string {
  const instant = parseInstant(text)
  if (instant !== undefined) return instant
  const message = `expected an instant with a zone, got ${JSON.stringify(text)}`
  throw new OrionError('invalid_params', `${path}: ${message}`, { issues: [{ path, message }] })
}

/** The row was just read in this very transaction: that it is gone is a bug, or a file changed behind us. */
function lostRow(record: Record): Error {
  return new Error(`${record.type} ${record.id} changed inside the transaction that read it`)
}
