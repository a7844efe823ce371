/** What had to be done to a row so that it fits, by name. */
import type { Json } from '../../../sdk/json.ts'
import { type JsonNote, wellFormed } from '../decode/json-text.ts'

/** What each repair means, for people. The names are part of the report's interface. */
export const repairTexts = {
  stored_as_blob: 'the payload was stored as bytes, not as text',
  byte_order_mark: 'the payload began with a byte order mark',
  encoded_twice: 'the payload was JSON inside of a JSON text',
  duplicate_key: 'a member was there twice; the last one counts, as in the earlier system',
  non_finite_number: 'NaN or Infinity, which JSON does not have, is kept as a text',
  big_integer: 'an integer that no JSON number holds exactly is kept as a text',
  too_deep: 'what was nested more than 128 levels deep is kept as its JSON text',
  lone_surrogate: 'half of a surrogate pair is kept as its escape',
  unstorable_key: "a member's name that can't be stored is kept with its escapes",
  id_replaced:
    'the id is longer than 255 bytes or has control characters; a digest stands in, `extra.id` has it',
  reference_replaced:
    'an id that can be none here was named; what stands in for it is named instead',
  id_differs: 'the payload named another id than the row; the row counts, `extra.id` has the other',
  version_replaced: 'the version was no number from 1 up to 2^52; the nearest one stands in',
  time_rewritten: 'an instant was written in another form than the earlier system wrote',
  time_missing: 'an instant was missing; the payload, the id or the other instant has it',
  local_time: 'the instant was local time, as the id of the same row proves',
  older_shape: 'the payload has the shape of before 2025-12-20',
  unknown_members: 'members without a field of their own are kept in `extra`',
  missing_replaced: 'a required value was missing; the default stands in',
  null_replaced: 'a value was null where there must be one; the default stands in',
  made_number: 'a number was written as something else',
  rounded: 'a whole number was expected; it is rounded',
  raised_to_zero: 'a count was below zero; it is zero',
  made_text: 'a text was expected; what was there is kept as its JSON text',
  made_list: 'a list was expected; what was there is its one item, or its parts between commas',
  items_changed: 'items of a list were no texts; they are kept as texts, null is left out',
  made_object: 'an object was expected; what was there is its member `items` or `value`',
  value_left_out: 'an optional value that makes no sense is left out; this entry keeps it',
  artifact_completed: 'an artifact was a path, or had no description',
  outcome_respelled: 'the outcome was not in capitals',
  outcome_overwritten:
    'deleting or archiving had overwritten the outcome: BLOCKED stands in, the lifecycle tells the rest',
  status_unknown: 'the status was none that there is: archived, so that nobody takes it for active',
  name_cut: 'the name of who wrote was longer than 255 characters',
} as const

/** The name of a repair. */
export type RepairKind = keyof typeof repairTexts

/** One repair: where, of what kind, and the JSON text of what was there. */
export interface Repair {
  readonly field: string
  readonly kind: RepairKind
  readonly was: string
}

/** Collects the repairs of one row. */
export class Repairs {
  readonly all: Repair[] = []

  /** Notes one. `was` is what was there; undefined says that there was nothing. */
  add(kind: RepairKind, field: string, was: Json | undefined): void {
    this.all.push({ field, kind, was: was === undefined ? '' : wellFormed(JSON.stringify(was)) })
  }

  /** Takes over what was noted while the JSON text of a part was read. */
  addNotes(notes: readonly JsonNote[], under: readonly string[] = []): void {
    for (const { path, kind, was } of notes) {
      this.all.push({ field: [...under, ...path].join('.'), kind, was })
    }
  }
}
