/** A record type with a field of every kind, and records of it. */

import {
  boolean,
  enumeration,
  instant,
  integer,
  json,
  list,
  number,
  object,
  reference,
  text,
} from '../../sdk/field.ts'
import { parseInstant } from '../../sdk/instant.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { formatToken, type Record, type Version } from '../../sdk/model.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

/** A field of every kind; `inner` has members of most. */
export const Sample = defineRecordType('Sample', {
  fields: {
    title: text({ indexed: true }),
    note: text({ optional: true }),
    count: integer({ optional: true, indexed: true }),
    score: number({ default: 0.5 }),
    done: boolean({ optional: true }),
    due: instant({ optional: true }),
    level: enumeration(['low', 'middle', 'high'], { default: 'low' }),
    parent: reference('Sample', { optional: true }),
    tags: list(text(), { default: [] }),
    sizes: list(integer(), { optional: true }),
    parts: list(object({ path: text() }), { optional: true }),
    inner: object(
      {
        name: text({ optional: true }),
        size: number({ optional: true }),
        open: boolean({ optional: true }),
        words: list(text(), { optional: true }),
        free: json({ optional: true }),
      },
      { optional: true },
    ),
    free: json({ default: {} }),
  },
  indexes: [
    ['level', 'score'],
    ['score', 'createdAt'],
  ],
})

/** A record of the type with this data; the envelope can be given in part. */
export function sampleRecord(data: JsonObject, envelope: Partial<Record> = {}): Record {
  const at = parseInstant('2026-11-22T09:30:12.482913Z') ?? ''
  return {
    type: 'Sample',
    id: 'a',
    version: 1 as Version,
    createdAt: at,
    createdBy: 'owner',
    updatedAt: at,
    updatedBy: 'owner',
    lifecycle: 'active',
    token: formatToken({ storeId: 'abcd', epoch: 'abcd', seq: 1 }),
    data: { title: 't', score: 0.5, level: 'low', tags: [], free: {}, ...data },
    ...envelope,
  }
}
