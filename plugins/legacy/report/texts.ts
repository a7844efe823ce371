/** What the names in a report mean, for people. */
import type { Notice, QuarantineReason } from '../convert/convert-row.ts'

/** What each reason for keeping a row aside means. */
export const reasonTexts: { readonly [reason in QuarantineReason]: string } = {
  not_text: 'the payload is no text',
  not_json: 'the payload is no JSON',
  not_an_object: 'the payload is no object',
  id_unreadable: 'the id is no text',
  id_empty: 'the id is empty',
  instant_unreadable: 'when it was written can’t be read',
  outcome_missing: 'the outcome is missing, and any would be invented',
  outcome_unknown: 'the outcome is none that there is',
  out_of_range: 'a number lies outside of its range',
  wrong_kind: 'a value is of another kind than its field',
  does_not_fit: 'the record would not fit its type',
  too_large: 'the record would be too large',
  id_taken: 'the store has another record with this id',
  superseded: 'a newer state of the same object was brought over',
  changed_on_both_sides: 'it was changed in the file and in the store',
}

/** What each notice means. */
export const noticeTexts: { readonly [notice in Notice]: string } = {
  updated_before_created: 'it was changed before it was created: a clock went backwards',
  type_near_miss: 'its type is almost one of the known ones, and is carried as it is',
  job_id_shared: 'another result of the same job was there before: each is a run of its own',
}

/** What a reason means; itself if it is none of ours. */
export function reasonText(reason: string): string {
  const texts: { readonly [reason: string]: string } = reasonTexts
  return texts[reason] ?? reason
}
