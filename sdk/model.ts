/** The nouns of Orion: what a record, an event, a position and the result of a write look like. */
import type { Instant } from './instant.ts'
import type { Json, JsonObject } from './json.ts'

declare const brand: unique symbol

/** Position of an event in the store's log: a safe integer from 1 up, without holes. 0 is before the first. */
export type Seq = number & { readonly [brand]: 'Seq' }

/** Counter of one record: 1 at its creation, +1 for each committed change. Never used twice for one id. */
export type Version = number & { readonly [brand]: 'Version' }

/** Opaque text for a position in one store's log. Compare tokens only by asking the daemon. */
export type Token = string & { readonly [brand]: 'Token' }

/** The store's own view of a record's life, apart from any status in its data. */
export type Lifecycle = 'active' | 'archived' | 'deleted'

/** What a committed change did to a record. */
export type Operation = 'created' | 'updated' | 'deleted' | 'restored' | 'archived' | 'purged'

/** One typed, versioned value. `data` fits the record type unless `quarantined` says why it does not. */
export interface Record<Data = JsonObject> {
  readonly type: string
  readonly id: string
  readonly version: Version
  readonly createdAt: Instant
  readonly createdBy: string
  readonly updatedAt: Instant
  readonly updatedBy: string
  readonly lifecycle: Lifecycle
  /** The event that last changed it. */
  readonly token: Token
  readonly data: Data
  /** Present when the stored row no longer fits its type. `data` then holds the fields that do. */
  readonly quarantined?: Quarantine
}

/** Why something stored can't be taken for what it should be, and what is stored. */
export type Quarantine = {
  readonly reason: string
  /**
   * What does not fit, as it is stored: text and numbers as they are, bytes as `{base64}`, null for what is missing. By
   * field, or by member of the envelope; of an event by `data`, `actor`, `changedFields` or `payload`.
   */
  readonly raw?: JsonObject
}

/** What following the references of some records gave, beside the records themselves. */
export interface Expansion {
  /** The records that are named, as they are now, whatever their lifecycle; each once. */
  readonly included?: readonly Record[] | undefined
  /** What is named and is not included: it is not there, or the caller may not read its type. */
  readonly omitted?: readonly OmittedTarget[] | undefined
  /** There was no room to look for the others: ask for fewer records at a time, or for the others by themselves. */
  readonly incomplete?: true | undefined
}

/** A record that is named and was not included, and why. */
export interface OmittedTarget {
  readonly type: string
  readonly id: string
  readonly reason: 'absent' | 'forbidden'
}

/** A record that names another one, and by which of its fields. */
export interface Referrer<Data = JsonObject> {
  /** The names of the fields down to the reference, with dots between. */
  readonly field: string
  readonly record: Record<Data>
}

/** On whose behalf an event was made. `principal` was proved; `claims` were only said. */
export interface Actor {
  readonly principal: string
  readonly client: string
  /** What the connection was allowed to do; absent when it was everything. */
  readonly scopes?: readonly string[]
  readonly claims?: Claims
}

/** What a client says about itself; kept, never trusted. */
export interface Claims {
  readonly agent?: string
  readonly model?: string
  readonly run?: string
  readonly toolCall?: string
}

/** One committed fact of the log. Record members are absent on events that clients published. */
export interface Event<Data = JsonObject> {
  readonly seq: Seq
  /** The seq of the first event of the same transaction. */
  readonly txn: Seq
  /** `<RecordType>.<what happened>`, or a client's own topic. */
  readonly topic: string
  readonly type?: string
  readonly id?: string
  readonly op?: Operation
  readonly version?: Version
  readonly previousVersion?: Version
  readonly changedFields?: readonly string[]
  readonly actor: Actor
  /** Never decreases with seq. */
  readonly at: Instant
  readonly reason?: string
  readonly cause?: Token
  readonly token: Token
  readonly match?: 'entered' | 'stayed' | 'left'
  /** Earlier events of the same record that a coalescing subscription left out for this one. */
  readonly skipped?: number
  readonly imported?: true
  /** The values were erased by a purge. */
  readonly redacted?: true
  /** Made by the client from a snapshot, in place of events that it was not sent; never on the wire. */
  readonly synthetic?: true
  /** The record as of this event. */
  readonly record?: Record<Data>
  readonly payload?: Json
  /** Present when a part of its entry in the log can't be read; its record has a mark of its own. */
  readonly quarantined?: Quarantine
}

/** What rights go by: the first word of a topic, which is the record type when it is about a record. */
export function firstWord(topic: string): string {
  const dot = topic.indexOf('.')
  return dot < 0 ? topic : topic.slice(0, dot)
}

/** What a write did. A write that changes nothing makes no version and no event: `changed` is false. */
export interface WriteResult<Data = JsonObject> {
  readonly type: string
  readonly id: string
  readonly version: Version
  readonly changed: boolean
  readonly token: Token
  /** The answer of an earlier request with the same idempotency key; nothing was done again. */
  readonly replayed?: true
  readonly record?: Record<Data>
}

/** One old state of a record. */
export interface RecordVersion<Data = JsonObject> {
  readonly version: Version
  readonly op: Operation
  readonly at: Instant
  readonly actor: Actor
  readonly changedFields: readonly string[]
  /** The schema version of the type when it was written; absent where that is not remembered. */
  readonly schemaVersion?: number
  /** Absent when a purge erased the values. */
  readonly data?: Data
  readonly token: Token
  readonly reason?: string
  /** Present when its entry in the log can't be read. */
  readonly quarantined?: Quarantine
}

/** The change that gave a field the value it has. */
export interface FieldChange {
  readonly version: Version
  readonly op: Operation
  readonly at: Instant
  readonly actor: Actor
  readonly token: Token
  readonly reason?: string
  readonly cause?: Token
}

/** Where the present value of a field comes from. */
export interface FieldOrigin<Name extends string = string> {
  readonly field: Name
  /**
   * `change`: the change that is named. `default`: the type's own, nobody set it. `forgotten`: a change whose history
   * is compacted away.
   */
  readonly origin: 'change' | 'default' | 'forgotten'
  readonly change?: FieldChange
}

/** Where the values of a record come from, field by field in the order of its data. */
export interface Blame<Name extends string = string> {
  readonly type: string
  readonly id: string
  /** The version that has these values. */
  readonly version: Version
  readonly fields: readonly FieldOrigin<Name>[]
}

/** Longest id of a record, in bytes of UTF-8. */
export const idMaxBytes = 255

/** A position as its parts. Both ids are lower-case letters and digits. */
export interface Position {
  readonly storeId: string
  readonly epoch: string
  readonly seq: number
}

const tokenForm = /^o1\.([a-z0-9]{4,32})\.([a-z0-9]{4,32})\.(0|[1-9]\d{0,15})$/

/** Writes a position as a token. */
export function formatToken(position: Position): Token {
  return `o1.${position.storeId}.${position.epoch}.${position.seq}` as Token
}

/** Reads a token; undefined when the text is none. */
export function parseToken(text: string): Position | undefined {
  const parts = tokenForm.exec(text)
  if (parts === null) return undefined
  const [, storeId = '', epoch = '', digits = ''] = parts
  const seq = Number(digits)
  return Number.isSafeInteger(seq) ? { storeId, epoch, seq } : undefined
}

/** Why a text can't be the id of a record; undefined when it can. Ids are exact: case matters, no normalising. */
export function idProblem(id: string): string | undefined {
  if (id.length === 0) return 'expected an id of 1 to 255 bytes, got an empty text'
  const bytes = Buffer.byteLength(id)
  if (bytes > idMaxBytes) return `expected an id of 1 to ${idMaxBytes} bytes, got ${bytes} bytes`
  if (hasControlCharacter(id)) return 'expected an id without control characters'
  if (!id.isWellFormed()) return 'expected an id of well-formed Unicode, got a lone surrogate'
  return undefined
}

/** Whether a text holds a control character (C0, DEL or C1). */
export function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return true
  }
  return false
}
