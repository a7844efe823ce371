import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import {
  boolean,
  enumeration,
  type Fields,
  instant,
  integer,
  json,
  list,
  number,
  object,
  reference,
  text,
} from '../../sdk/field.ts'
import { patternTextMaxLength } from '../../sdk/field-schema.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { type CheckedData, jsonSchemaOf, RecordSchema } from '../../sdk/record-schema.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

function check(fields: Fields, data: unknown): CheckedData {
  return new RecordSchema(defineRecordType('Sample', { fields }).definition).check(data)
}

function pathsOf(checked: CheckedData): string[] {
  return checked.outcome === 'invalid' ? checked.issues.map((issue) => issue.path) : []
}

interface Case {
  readonly name: string
  readonly field: Fields[string]
  readonly good: readonly unknown[]
  readonly bad: readonly unknown[]
}

const cases: readonly Case[] = [
  {
    name: 'a text',
    field: text({ minLength: 1, maxLength: 3 }),
    good: ['a', 'abc', '\0', '\u{1f600}\u{1f600}\u{1f600}'],
    bad: ['', 'abcd', '\u{1f600}'.repeat(4), 5, null, ['a'], '\ud800'],
  },
  {
    name: 'a text with a pattern',
    field: text({ pattern: '^(a|a)*$' }),
    good: ['', 'aaa', 'a'.repeat(patternTextMaxLength)],
    bad: ['b', `${'a'.repeat(40)}b`, 'a'.repeat(patternTextMaxLength + 1)],
  },
  {
    name: 'an integer',
    field: integer({ minimum: -1, maximum: 2 ** 53 - 1 }),
    good: [-1, 0, 2 ** 53 - 1],
    bad: [-2, 0.5, 2 ** 53, '1', true, Number.NaN],
  },
  {
    name: 'a number',
    field: number({ minimum: 0, maximum: 1 }),
    good: [0, 0.1, 1, -0],
    bad: [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY, '0'],
  },
  { name: 'a boolean', field: boolean(), good: [true, false], bad: [0, 'true', null] },
  {
    name: 'an instant',
    field: instant(),
    good: ['2026-11-22T09:30:12.482913Z'],
    bad: ['2026-11-22', 1_700_000_000, '2026-11-22T09:30:12+99:00'],
  },
  {
    name: 'an enumeration',
    field: enumeration(['a', 'toString']),
    good: ['a', 'toString'],
    bad: ['A', 'b', 'constructor', '__proto__'],
  },
  {
    name: 'a list',
    field: list(integer(), { maxItems: 2 }),
    good: [[], [1, 2]],
    bad: [[1, 2, 3], [1, 'a'], {}, [null], 'a'],
  },
  {
    name: 'an object',
    field: object({ a: text(), b: integer({ optional: true }) }),
    good: [{ a: '' }, { a: 'x', b: 1 }],
    bad: [{}, { a: 'x', c: 1 }, { a: 'x', b: null }, [], JSON.parse('{"a": "x", "__proto__": {}}')],
  },
  {
    name: 'a json',
    field: json(),
    good: [{}, { a: [1, null, { b: '\0' }] }, JSON.parse('{"__proto__": {"a": 1}}')],
    bad: [
      [],
      null,
      'a',
      { a: '\ud800' },
      { a: ['\ud800'] },
      { '\ud800': 1 },
      { 'a\0': 1 },
      { a: Number.POSITIVE_INFINITY },
      { a: { b: undefined } },
      JSON.parse(`${'{"a":'.repeat(201)}1${'}'.repeat(201)}`),
    ],
  },
  {
    name: 'a reference',
    field: reference('Sample'),
    good: ['a', '저'.repeat(85)],
    bad: ['', '저'.repeat(86), 'a\n', '\ud800', 5],
  },
]
for (const { name, field, good, bad } of cases) {
  for (const value of good) {
    test(`${name} may be ${JSON.stringify(value).slice(0, 50)}`, () => {
      const data = { field: value } as JsonObject
      assert.deepEqual(check({ field }, data), { outcome: 'valid', data })
    })
  }
  for (const value of bad) {
    test(`${name} may not be ${String(JSON.stringify(value)).slice(0, 50)}`, () => {
      const paths = pathsOf(check({ field }, { field: value }))
      assert.ok(paths.length > 0 && paths.every((path) => path.startsWith('field')), String(paths))
    })
  }
}

test('an own __proto__ inside json stays what it was', () => {
  const data = JSON.parse('{"field": {"__proto__": {"a": 1}}}')
  const checked = check({ field: json() }, data)
  assert.equal(
    checked.outcome === 'valid' && JSON.stringify(checked.data),
    '{"field":{"__proto__":{"a":1}}}',
  )
})

test('an instant is stored in its canonical form', () => {
  const checked = check({ at: instant() }, { at: '2026-11-22T18:30:00.5+09:00' })
  assert.deepEqual(checked, { outcome: 'valid', data: { at: '2026-11-22T09:30:00.500000Z' } })
})

test('defaults are filled in, those of nested objects too, and never shared', () => {
  const fields = {
    list: list(text(), { default: ['a'] }),
    inner: object({ a: integer({ default: 1 }) }),
    free: json({ default: { a: [] } }),
  }
  const schema = new RecordSchema(defineRecordType('Sample', { fields }).definition)
  const [first, second] = [1, 2].map(() => schema.check({ inner: {} }))
  const data = { list: ['a'], inner: { a: 1 }, free: { a: [] } }
  assert.deepEqual(first, { outcome: 'valid', data })
  assert.ok(first?.outcome === 'valid' && second?.outcome === 'valid')
  assert.notEqual(first.data.free, second.data.free)
  assert.notEqual(first.data.list, second.data.list)
})

for (const data of [null, [], 'a', 5, undefined]) {
  test(`data may not be ${JSON.stringify(data)}`, () => {
    assert.deepEqual(pathsOf(check({ a: text() }, data)), [''])
  })
}

test('an unknown field is told with the one that was meant, beside all other problems', () => {
  const checked = check({ summary: text(), count: integer() }, { sumary: 'x', count: 'y' })
  assert.deepEqual(pathsOf(checked), ['sumary', 'summary', 'count'])
  assert.match(JSON.stringify(checked), /did you mean summary\?/)
})

test('an own __proto__ is an unknown field', () => {
  const data = JSON.parse('{"a": "x", "__proto__": {"b": 1}}')
  assert.deepEqual(pathsOf(check({ a: text() }, data)), ['__proto__'])
})

test('null is not the same as absent', () => {
  assert.deepEqual(pathsOf(check({ a: text({ optional: true }) }, { a: null })), ['a'])
})

test('a place inside lists and objects is told by its path', () => {
  const parts = list(object({ path: text() }))
  const data = { parts: [{ path: 'a' }, { path: 5 }], free: { a: [0, '\ud800'] } }
  assert.deepEqual(pathsOf(check({ parts, free: json() }, data)), ['parts.1.path', 'free.a.1'])
})

const everything = defineRecordType('Everything', {
  description: 'All of it.',
  fields: {
    text: text({ minLength: 1, maxLength: 5, pattern: '^a', description: 'A text.' }),
    free: text({ optional: true, pattern: 'b' }),
    integer: integer({ minimum: 1, default: 2 }),
    level: enumeration(['low', 'high'], { managed: true, default: 'low' }),
    at: instant({ optional: true }),
    parts: list(object({ path: text(), size: number({ optional: true }) }), { maxItems: 2 }),
    parent: reference('Everything', { optional: true }),
    rest: json({ optional: true }),
    done: boolean({ optional: true }),
  },
})

test('the JSON Schema of a type says all that JSON Schema can say', () => {
  assert.deepEqual(jsonSchemaOf(everything.definition), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Everything',
    description: 'All of it.',
    type: 'object',
    properties: {
      text: { type: 'string', minLength: 1, maxLength: 5, pattern: '^a', description: 'A text.' },
      free: { type: 'string', maxLength: patternTextMaxLength, pattern: 'b' },
      integer: { type: 'integer', minimum: 1, default: 2 },
      level: { type: 'string', enum: ['low', 'high'], default: 'low', readOnly: true },
      at: { type: 'string', format: 'date-time' },
      parts: {
        type: 'array',
        maxItems: 2,
        items: {
          type: 'object',
          properties: { path: { type: 'string' }, size: { type: 'number' } },
          required: ['path'],
          additionalProperties: false,
        },
      },
      parent: { type: 'string', 'x-orion-reference': 'Everything' },
      rest: { type: 'object' },
      done: { type: 'boolean' },
    },
    required: ['text', 'parts'],
    additionalProperties: false,
  })
})

test('a validator made from the JSON Schema takes and refuses what the type does', () => {
  const validator = z.fromJSONSchema(jsonSchemaOf(everything.definition))
  const schema = new RecordSchema(everything.definition)
  const least = { text: 'a', parts: [] }
  const tried = [
    least,
    { ...least, rest: { a: 1 }, done: true, at: '2026-11-22T09:30:12Z', parts: [{ path: 'x' }] },
    {},
    { ...least, text: 'b' },
    { ...least, text: 'aaaaaa' },
    { ...least, integer: 0 },
    { ...least, level: 'middle' },
    { ...least, parts: [{}] },
    { ...least, parts: [{ path: 'x', more: 1 }] },
    { ...least, more: 1 },
    { ...least, rest: [] },
  ]
  for (const data of tried) {
    const ours = schema.check(data).outcome === 'valid'
    assert.equal(validator.safeParse(data).success, ours, JSON.stringify(data))
  }
})
