/** A type and its migration, for the tests that kill it. */
import { integer, text } from '../../sdk/field.ts'
import { changeField, defineMigration, renameField } from '../../sdk/migration.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

/** As it is before any migration. */
export const Task = defineRecordType('Task', {
  fields: {
    summary: text({ indexed: true }),
    points: integer({ default: 0 }),
    size: integer({ default: 0 }),
  },
})

/** What the records go through, there and back. */
export const migrations = [
  defineMigration('titles', {
    up: [renameField('summary', 'title'), changeField('size', text(), { convert: ['text'] })],
    down: [
      renameField('title', 'summary'),
      changeField('size', integer({ default: 0 }), { convert: ['integer'] }),
    ],
  }),
]
