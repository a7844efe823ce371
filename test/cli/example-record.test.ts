/** The examples that are shown of record types can be created. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { coloursFor } from '../../plugins/cli/colours.ts'
import { exampleRecord } from '../../plugins/cli/present/example-record.ts'
import { matchingText } from '../../plugins/cli/present/matching-text.ts'
import { shellQuoted } from '../../plugins/cli/present/shell-quoted.ts'
import { typeText } from '../../plugins/cli/present/type-text.ts'
import { orionRecordTypes } from '../../plugins/orion/record-types.ts'
import { isJsonObject, type Json } from '../../sdk/json.ts'
import { jsonSchemaOf, RecordSchema } from '../../sdk/record-schema.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { TextPattern } from '../../sdk/text-pattern.ts'
import { definitions } from '../support/definition-arbitrary.ts'

function described(definition: RecordTypeDefinition) {
  const fields: Json = JSON.parse(JSON.stringify(definition.fields))
  assert.ok(isJsonObject(fields))
  return { name: definition.name, fields }
}

/** Managed fields are the daemon's to fill in, those without a default too. */
function withoutManaged({ fields, ...rest }: RecordTypeDefinition): RecordTypeDefinition {
  const given = Object.entries(fields).filter(([, { managed }]) => !managed)
  return { ...rest, fields: Object.fromEntries(given) }
}

for (const { definition } of orionRecordTypes) {
  test(`the examples of ${definition.name} are taken by the type`, () => {
    const example = exampleRecord(described(definition))
    assert.ok(example)
    const schema = new RecordSchema(definition)
    assert.equal(schema.check(example.data).outcome, 'valid')
    assert.equal(schema.check(example.least).outcome, 'valid')
    for (const name of Object.keys(example.least)) {
      const { [name]: _, ...rest } = example.least
      assert.equal(schema.check(rest).outcome, 'invalid', `without ${name}`)
    }
  })
}

test('the examples of any type are taken by it', () => {
  let shown = 0
  fc.assert(
    fc.property(definitions('T'), (definition) => {
      const example = exampleRecord(described(definition))
      if (example === undefined) return
      shown++
      const schema = new RecordSchema(withoutManaged(definition))
      assert.deepEqual(schema.check(example.least).outcome, 'valid')
      const checked = schema.check(example.data)
      assert.equal(checked.outcome, 'valid', JSON.stringify([checked, definition]))
    }),
    { numRuns: 300 },
  )
  assert.ok(shown > 200, `${shown} of 300`)
})

test('texts are found for patterns, and odd ones are given up', () => {
  for (const pattern of [
    '^a+$',
    '^\\p{Lu}\\d{2,3}$',
    '^(x|y)\\.[^a-z]{3}$',
    '^$',
    '\\bword\\b',
    '^[가-힣]$',
  ]) {
    const text = matchingText(pattern)
    assert.ok(text !== undefined && new TextPattern(pattern).matches(text), pattern)
  }
  for (const pattern of ['(', '(?=a)b', '[^\\s\\S]']) assert.equal(matchingText(pattern), undefined)
})

test('a shell reads back what was quoted', () => {
  const texts = ['plain', 'a b', "it's", '"$HOME" `id` \\', '*', 'é\n저', '']
  const line = texts.map(shellQuoted).join(' ')
  const script = `for word in ${line}; do printf '%s\\0' "$word"; done`
  assert.deepEqual(
    execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1),
    texts,
  )
})

test('a type of a newer program is shown without an example', () => {
  const style = { colours: coloursFor({}, { NO_COLOR: '1' }), columns: undefined, now: 0 }
  const fields = { place: { kind: 'location', precision: 3 } }
  const jsonSchema = jsonSchemaOf({ name: 'Place', fields: { a: { kind: 'text' } } })
  const text = typeText({ name: 'Place', schemaVersion: 1, fields, jsonSchema }, style)
  assert.match(text, /place +location/)
  assert.doesNotMatch(text, /Example/)
})
