/** What the benchmark of plugins writes, and its plugins follow. */
import { integer, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

/** A small record. */
export const Entry = defineRecordType('Entry', {
  fields: { name: text(), count: integer({ default: 0 }) },
})
