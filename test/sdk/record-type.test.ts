import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { text } from '../../sdk/field.ts'
import { defineRecordType, definitionProblems, fieldsMax } from '../../sdk/record-type.ts'

/** A definition with this one field. */
function withField(field: unknown): object {
  return { name: 'Sample', fields: { a: field } }
}
const plain = { kind: 'text' }

/** A field with this many levels of objects above it. */
function nested(levels: number): object {
  return levels === 0 ? plain : { kind: 'object', fields: { a: nested(levels - 1) } }
}

const sound: readonly (readonly [name: string, definition: unknown])[] = [
  ['the least', withField(plain)],
  [
    'all kinds and all traits',
    {
      name: 'Sample',
      description: 'A sample.',
      fields: {
        text: { kind: 'text', minLength: 0, maxLength: 9, pattern: '^a', searchable: 2.5 },
        integer: { kind: 'integer', minimum: -1, maximum: 1, default: 0, indexed: true },
        number: { kind: 'number', unique: true, optional: true },
        boolean: { kind: 'boolean', immutable: true },
        instant: { kind: 'instant', default: '2026-11-22T09:30:12.482913Z' },
        enumeration: { kind: 'enumeration', values: ['a'], managed: true, default: 'a' },
        list: { kind: 'list', items: plain, maxItems: 3, default: ['a'], searchable: true },
        object: { kind: 'object', fields: { and: plain, id: plain } },
        json: { kind: 'json', default: {}, description: 'Anything.' },
        reference: { kind: 'reference', to: 'Sample', optional: true },
      },
      indexes: [['text', 'integer'], ['boolean']],
    },
  ],
  ['the deepest', withField(nested(7))],
  ['names that only look reserved', { name: 'Sample', fields: { ids: plain, dataset: plain } }],
  ['words of SQL', { name: 'Select', fields: { select: plain, order: plain, group: plain } }],
]
for (const [name, definition] of sound) {
  test(`${name} can be defined`, () => assert.deepEqual(definitionProblems(definition), []))
}

const broken: readonly (readonly [name: string, definition: unknown, path: string])[] = [
  ['null', null, ''],
  ['a list', [], ''],
  ['a number for the name', { name: 5, fields: { a: plain } }, 'name'],
  ['a small letter', { name: 'sample', fields: { a: plain } }, 'name'],
  ['an underscore', { name: 'My_Sample', fields: { a: plain } }, 'name'],
  ['a name of 65', { name: 'A'.repeat(65), fields: { a: plain } }, 'name'],
  ['no fields', { name: 'Sample', fields: {} }, 'fields'],
  ['no list of fields', { name: 'Sample' }, 'fields'],
  ['an unknown member', { name: 'Sample', fields: { a: plain }, colour: 1 }, 'colour'],
  ['null for a field', withField(null), 'fields.a'],
  ['an unknown kind', withField({ kind: 'decimal' }), 'fields.a.kind'],
  ['no kind', withField({}), 'fields.a.kind'],
  ['a mistyped trait', withField({ ...plain, requird: true }), 'fields.a.requird'],
  ['a trait of another kind', withField({ kind: 'boolean', maxLength: 5 }), 'fields.a.maxLength'],
  ['false for a trait', withField({ ...plain, optional: false }), 'fields.a.optional'],
  ['a weight of 0', withField({ ...plain, searchable: 0 }), 'fields.a.searchable'],
  ['a text for a length', withField({ ...plain, maxLength: '5' }), 'fields.a.maxLength'],
  ['a negative length', withField({ ...plain, minLength: -1 }), 'fields.a.minLength'],
  ['lengths that cross', withField({ ...plain, minLength: 5, maxLength: 4 }), 'fields.a'],
  ['bounds that cross', withField({ kind: 'number', minimum: 1, maximum: 0 }), 'fields.a'],
  ['a list of nothing', withField({ kind: 'list' }), 'fields.a.items'],
  ['an object of nothing', withField({ kind: 'object' }), 'fields.a.fields'],
  ['no values', withField({ kind: 'enumeration', values: [] }), 'fields.a.values'],
  ['a value twice', withField({ kind: 'enumeration', values: ['a', 'a'] }), 'fields.a'],
  ['a value with NUL', withField({ kind: 'enumeration', values: ['a\0'] }), 'fields.a'],
  ['a number for a value', withField({ kind: 'enumeration', values: [1] }), 'fields.a.values.0'],
  ['a reference to nothing', withField({ kind: 'reference', to: 'the past' }), 'fields.a'],
  ['a pattern that is none', withField({ ...plain, pattern: '(' }), 'fields.a'],
  ['look-ahead', withField({ ...plain, pattern: '(?=a)' }), 'fields.a'],
  ['a back reference', withField({ ...plain, pattern: '(a)\\1' }), 'fields.a'],
  ['a long pattern', withField({ ...plain, pattern: 'a'.repeat(257) }), 'fields.a'],
  ['a pattern of many states', withField({ ...plain, pattern: 'a{5000}' }), 'fields.a'],
  ['a default beside optional', withField({ ...plain, optional: true, default: '' }), 'fields.a'],
  ['a default of another kind', withField({ kind: 'integer', default: '5' }), 'fields.a.default'],
  ['null for a default', withField({ ...plain, default: null }), 'fields.a.default'],
  [
    'a default out of range',
    withField({ kind: 'number', maximum: 1, default: 2 }),
    'fields.a.default',
  ],
  [
    'a default that is no value',
    withField({ kind: 'enumeration', values: ['a'], default: 'b' }),
    'fields.a.default',
  ],
  ['a default with NUL', withField({ ...plain, default: 'a\0' }), 'fields.a.default'],
  [
    'a default that would be stored otherwise',
    withField({ kind: 'instant', default: '2026-11-22T09:30:12Z' }),
    'fields.a.default',
  ],
  [
    'a default inside a list',
    withField({ kind: 'list', items: plain, default: ['a', 1] }),
    'fields.a.default.1',
  ],
  ['a unique list', withField({ kind: 'list', items: plain, unique: true }), 'fields.a'],
  ['an indexed object', withField({ kind: 'json', indexed: true }), 'fields.a'],
  [
    'an indexed member',
    withField({ kind: 'object', fields: { b: { ...plain, indexed: true } } }),
    'fields.a.b',
  ],
  ['a searchable number', withField({ kind: 'integer', searchable: true }), 'fields.a'],
  ['too deep a field', withField(nested(8)), 'fields.a.a.a.a.a.a.a.a.a'],
  [
    'too many fields',
    {
      name: 'Sample',
      fields: Object.fromEntries(Array.from({ length: fieldsMax + 1 }, (_, n) => [`f${n}`, plain])),
    },
    'fields',
  ],
  [
    'too many fields in all',
    withField({
      kind: 'object',
      fields: Object.fromEntries(Array.from({ length: fieldsMax }, (_, n) => [`f${n}`, plain])),
    }),
    'fields',
  ],
  ['an index of nothing', { ...withField(plain), indexes: [[]] }, 'indexes.0'],
  ['an index of a field twice', { ...withField(plain), indexes: [['a', 'a']] }, 'indexes.0'],
  ['an index of an unknown field', { ...withField(plain), indexes: [['b']] }, 'indexes.0'],
  ['an index of an inherited name', { ...withField(plain), indexes: [['toString']] }, 'indexes.0'],
  ['an index of createdAt alone', { ...withField(plain), indexes: [['createdAt']] }, 'indexes.0'],
  [
    'an index with createdAt in front',
    { ...withField(plain), indexes: [['createdAt', 'a']] },
    'indexes.0',
  ],
  ['an index of a list', { ...withField({ kind: 'json' }), indexes: [['a']] }, 'indexes.0'],
  ['an index that is no list', { ...withField(plain), indexes: { length: 5 } }, 'indexes'],
]
for (const [name, definition, path] of broken) {
  test(`${name} can't be defined`, () => {
    assert.deepEqual(
      [...new Set(definitionProblems(definition).map((issue) => issue.path))],
      [path],
    )
  })
}

const badNames = [
  'A',
  'a_b',
  'a b',
  '1a',
  '',
  'é',
  'a'.repeat(65),
  '__proto__',
  'id',
  'version',
  'createdAt',
  'createdat',
  'lifecycle',
  'rowid',
  'rowId',
  'and',
  'not',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
]
for (const name of badNames) {
  test(`${JSON.stringify(name.slice(0, 20))} is no name of a field`, () => {
    const definition = JSON.parse(JSON.stringify({ name: 'Sample', fields: { [name]: plain } }))
    assert.deepEqual(
      definitionProblems(definition).map((issue) => issue.path),
      [`fields.${name}`],
    )
  })
}

test('a name that every object has is none inside a nested object either', () => {
  const definition = withField({ kind: 'object', fields: { valueOf: plain } })
  assert.equal(definitionProblems(definition)[0]?.path, 'fields.a.valueOf')
})

test('two names may not differ in the case of their letters only', () => {
  const fields = { jobId: plain, jobID: plain }
  assert.equal(definitionProblems({ name: 'Sample', fields })[0]?.path, 'fields.jobID')
})

test('any JSON is a sound definition or has problems, and never throws', () => {
  const value = fc.jsonValue()
  const field = fc.record(
    {
      kind: fc.constantFrom('text', 'integer', 'list', 'object', 'enumeration', 'json', 'else'),
      items: fc.oneof(value, fc.constant(plain)),
      fields: fc.oneof(value, fc.constant({ a: plain })),
      values: fc.oneof(value, fc.constant(['a'])),
      pattern: fc.oneof(value, fc.string()),
      default: value,
      searchable: value,
    },
    { requiredKeys: ['kind'] },
  )
  const name = fc.constantFrom('a', '__proto__', 'id')
  const definition = fc.record({
    name: fc.oneof(fc.constant('Sample'), value),
    fields: fc.oneof(value, fc.dictionary(name, fc.oneof(value, field))),
    indexes: fc.oneof(value, fc.constant([['a']])),
  })
  fc.assert(
    fc.property(fc.oneof(value, definition), (any) => {
      assert.ok(Array.isArray(definitionProblems(JSON.parse(JSON.stringify(any)))))
    }),
    { numRuns: 1000 },
  )
})

test('declaring a broken type throws, naming every problem', () => {
  assert.throws(
    () => defineRecordType('sample', { fields: { id: text(), ok: text() } }),
    /sample: name: expected a capital letter.*; fields\.id: is a reserved name/,
  )
})

test('a definition is plain JSON, without what was not said', () => {
  const { definition } = defineRecordType('Sample', { fields: { a: text({ optional: true }) } })
  const written = { name: 'Sample', fields: { a: { optional: true, kind: 'text' } } }
  assert.deepEqual(JSON.parse(JSON.stringify(definition)), written)
  assert.deepEqual(Object.keys(definition), ['name', 'fields'])
})
