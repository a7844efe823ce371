/** What the migration keeps in the store: objects of types that nobody knows, and what became of every row. */
import {
  boolean,
  enumeration,
  instant,
  integer,
  json,
  list,
  object,
  text,
} from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

/** An object of the earlier system whose type has no record type here, kept whole. */
export const LegacyObject = defineRecordType('LegacyObject', {
  description: 'An object of the earlier system whose type has no record type here, kept whole.',
  fields: {
    originalType: text({
      optional: true,
      indexed: true,
      description: 'Its type there; absent if it had none.',
    }),
    originalTable: text({ description: 'The table it was a row of.' }),
    payload: json({ description: 'Its payload, or its columns by name.' }),
  },
})

/** The piles that rows end in; a second run finds them `unchanged`. */
export const piles = ['migrated', 'repaired', 'carried', 'quarantined'] as const
/** The pile that a row ended in. */
export type Pile = (typeof piles)[number]

/** What became of one row of the earlier system: where it went, what was repaired, or why it did not fit. */
export const LegacyRow = defineRecordType('LegacyRow', {
  description: 'What became of one row of the earlier system.',
  fields: {
    table: text({ description: 'The table of the row.' }),
    key: text({ optional: true, description: 'Its id there; absent if it can’t be read.' }),
    legacyType: text({ optional: true, indexed: true, description: 'Its type there.' }),
    source: text({ description: 'The file that it came from.' }),
    digest: text({ description: 'SHA-256 of its cells: a row that was changed has another one.' }),
    pile: enumeration(piles, { indexed: true, description: 'What became of it.' }),
    recordType: text({ optional: true, description: 'Record type of the record that it became.' }),
    recordId: text({ optional: true, description: 'Id of that record.' }),
    recordVersion: integer({
      optional: true,
      description: 'Version that the record had when it was taken over.',
    }),
    repairs: list(
      object({
        field: text({ description: 'Where in the payload.' }),
        kind: text({ description: 'What was done.' }),
        was: text({ description: 'JSON text of what was there; empty if there was nothing.' }),
      }),
      { default: [], description: 'What was changed so that it fits.' },
    ),
    notices: list(text(), {
      default: [],
      description: 'What is worth knowing and changed nothing.',
    }),
    reason: text({ optional: true, indexed: true, description: 'Why it was quarantined.' }),
    detail: text({ optional: true, description: 'The same in words.' }),
    raw: text({ optional: true, description: 'Its cells, encoded; absent if they are in parts.' }),
    rawParts: integer({ optional: true, description: 'How many parts hold its cells.' }),
  },
})

/** A part of the cells of a row that are too long for one record. */
export const LegacyRowPart = defineRecordType('LegacyRowPart', {
  description: 'A part of the cells of a quarantined row that are too long for one record.',
  fields: {
    row: text({ indexed: true, description: 'Id of the LegacyRow.' }),
    number: integer({ minimum: 0, description: 'Which part, from 0 up.' }),
    text: text({ description: 'The part.' }),
  },
})

/** What the last verification of a file found; the clean-up deletes nothing else than what it proved. */
export const LegacyVerification = defineRecordType('LegacyVerification', {
  description: 'What the last verification of a file of the earlier system found.',
  fields: {
    source: text({ description: 'The file.' }),
    verified: boolean({ description: 'Whether every row is accounted for.' }),
    at: instant({ description: 'When it was verified.' }),
    rows: integer({ minimum: 0, description: 'Rows of the file.' }),
    proven: integer({ minimum: 0, description: 'Rows that are records here, and equal to them.' }),
    digest: text({ description: 'Digest of all rows that are proven, in their order.' }),
    types: list(text(), { default: [], description: 'Only these types, if any are named.' }),
  },
})

/** All of them, in the order in which they are defined. */
export const legacyRecordTypes = [LegacyObject, LegacyRow, LegacyRowPart, LegacyVerification]
