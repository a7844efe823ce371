/** The document of the bundled record types says what their declarations say. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { orionRecordTypes } from '../plugins/orion/record-types.ts'
import { recordTypesDocument } from '../scripts/record-types/document.ts'
import { enumeration, integer, list, object, text } from '../sdk/field.ts'
import { defineRecordType } from '../sdk/record-type.ts'

const document = readFileSync(new URL('../docs/record-types.md', import.meta.url), 'utf8')

test('docs/record-types.md is that of the declarations', () => {
  assert.equal(recordTypesDocument(orionRecordTypes), document, 'run: npm run record-types')
})

test('every field of every bundled type stands in it', () => {
  for (const { name, definition } of orionRecordTypes) {
    const [, section = ''] = document.split(`\n## ${name}\n`)
    for (const field of Object.keys(definition.fields)) {
      assert.ok(section.includes(`| \`${field}\` |`), `${name}.${field}`)
    }
  }
})

test('whatever changes in a declaration changes the document', () => {
  const of = (fields: Parameters<typeof defineRecordType>[1]['fields']): string =>
    recordTypesDocument([defineRecordType('Note', { fields })])
  const before = { a: text(), b: list(object({ c: integer() })) }
  for (const after of [
    { ...before, a: text({ optional: true }) },
    { ...before, a: text({ maxLength: 3 }) },
    { ...before, a: text({ pattern: 'a|b' }) },
    { ...before, a: text({ indexed: true }) },
    { ...before, a: text({ searchable: 2 }) },
    { ...before, a: text({ default: 'x' }) },
    { ...before, a: enumeration(['x', 'y']) },
    { ...before, b: list(object({ c: integer({ minimum: 1 }) })) },
    { ...before, b: list(object({ c: integer() }), { maxItems: 2 }) },
  ]) {
    assert.notEqual(of(after), of(before))
  }
  assert.match(of({ a: text({ pattern: 'a|b' }) }), /matches `a\\\|b`/)
})
