/** Random definitions of record types: every kind, every trait, awkward texts and names; what is made is always sound. */
import fc from 'fast-check'
import type { FieldDefinition, FieldDefinitions } from '../../sdk/field.ts'
import { valueSchema } from '../../sdk/field-schema.ts'
import type { Json, JsonObject } from '../../sdk/json.ts'
import { definitionProblems, type RecordTypeDefinition } from '../../sdk/record-type.ts'

const awkward = [
  '',
  '*/',
  '/* */',
  "it's",
  '"',
  '\\',
  '`$' + '{x}`',
  '\u2028',
  '\n\t',
  '</script>',
  '저장소',
  '😀',
  '__proto__',
]
const texts = fc.oneof(fc.constantFrom(...awkward), fc.string({ unit: 'binary', maxLength: 6 }))
const storable = texts.filter((text) => text.isWellFormed() && !text.includes('\0'))
const names = fc.oneof(
  fc.constantFrom(
    'default',
    'class',
    'kind',
    'items',
    'fields',
    'to',
    'values',
    'await',
    'json',
    'text',
    'defineRecordType',
    'arguments',
  ),
  fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/),
)
const numbers = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(-1.5, 0.1, 1e21, 5e-324, -(2 ** 53)),
)
const patterns = fc.constantFrom('^a+$', '^\\p{Lu}\\d{2,3}"?', '[^*/]|x', '^(a|b)*\\.$', '')
const yes = fc.constant<true>(true)

/** Any definition, with this name. */
export function definitions(name: string): fc.Arbitrary<RecordTypeDefinition> {
  const fields = fc.uniqueArray(fc.tuple(names, anyField(1)), {
    minLength: 1,
    maxLength: 8,
    selector: ([field]) => field.toLowerCase(),
  })
  return fc
    .record(
      { fields, description: texts, indexed: fc.boolean() },
      { requiredKeys: ['fields', 'indexed'] },
    )
    .map(({ fields: made, description, indexed }) => {
      const plain = made
        .filter(([, { kind }]) => !['list', 'object', 'json'].includes(kind))
        .map(([field]) => field)
      const indexes =
        indexed && plain.length > 0 ? [[...plain.slice(0, 2), 'createdAt'], plain.slice(0, 1)] : []
      return {
        name,
        ...(description === undefined ? {} : { description }),
        fields: Object.fromEntries(made),
        ...(indexes.length === 0 ? {} : { indexes }),
      }
    })
    .filter((definition) => definitionProblems(definition).length === 0)
}

/** Fields at this depth; those of depth 1 are the fields of the type itself. */
function anyField(depth: number): fc.Arbitrary<FieldDefinition> {
  const kind =
    depth > 3 ? plainKinds : fc.oneof({ weight: 3, arbitrary: plainKinds }, nestedKinds(depth))
  return fc
    .tuple(kind, traits(depth), fc.nat())
    .map(([field, given, chance]) => presentable(field, given, chance))
    .filter((field) => definitionProblems({ name: 'T', fields: around(field, depth) }).length === 0)
}

function around(field: FieldDefinition, depth: number): FieldDefinitions {
  return depth === 1 ? { a: field } : { a: { kind: 'object', fields: { a: field } } }
}

type Kinds = FieldDefinition
const plainKinds: fc.Arbitrary<Kinds> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('text' as const),
      minLength: fc.nat(2),
      maxLength: fc.integer({ min: 2, max: 9 }),
      pattern: patterns,
    },
    { requiredKeys: ['kind'] },
  ),
  fc
    .record(
      {
        kind: fc.constantFrom('integer' as const, 'number' as const),
        minimum: numbers,
        maximum: numbers,
      },
      { requiredKeys: ['kind'] },
    )
    .filter(({ minimum = -Infinity, maximum = Infinity }) => minimum <= maximum),
  fc.record({ kind: fc.constantFrom('boolean' as const, 'instant' as const, 'json' as const) }),
  fc.record({
    kind: fc.constant('enumeration' as const),
    values: fc.uniqueArray(storable, { minLength: 1, maxLength: 4 }),
  }),
  fc.record(
    { kind: fc.constant('reference' as const), to: fc.constantFrom('*', 'Other', 'T'), weak: yes },
    { requiredKeys: ['kind', 'to'] },
  ),
)

function nestedKinds(depth: number): fc.Arbitrary<Kinds> {
  const members = fc.uniqueArray(
    fc.tuple(
      names,
      fc.constant(0).chain(() => anyField(depth + 1)),
    ),
    {
      maxLength: 3,
      selector: ([field]) => field.toLowerCase(),
    },
  )
  const items = fc.constant(0).chain(() => anyField(depth + 1))
  return fc.oneof(
    fc.record(
      { kind: fc.constant('list' as const), items, maxItems: fc.nat(3) },
      { requiredKeys: ['kind', 'items'] },
    ),
    members.map((made) => ({ kind: 'object' as const, fields: Object.fromEntries(made) })),
  )
}

interface Given {
  readonly description?: string
  readonly optional?: true
  readonly unique?: true
  readonly indexed?: true
  readonly immutable?: true
  readonly managed?: true
  readonly searchable?: true | number
}

function traits(depth: number): fc.Arbitrary<Given> {
  if (depth > 1) return fc.record({ description: texts, optional: yes }, { requiredKeys: [] })
  const seldom = fc.option(yes, { freq: 3, nil: undefined })
  return fc
    .record({
      description: fc.option(texts, { nil: undefined }),
      optional: seldom,
      unique: seldom,
      indexed: seldom,
      immutable: seldom,
      managed: seldom,
      searchable: fc.option(fc.constantFrom<true | number>(true, 0.5, 3), { nil: undefined }),
    })
    .map((given) =>
      Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    )
}

/** The traits that go with the kind, and a default now and then. */
function presentable(field: Kinds, given: Given, chance: number): FieldDefinition {
  const { unique, indexed, searchable, optional, ...rest } = given
  const isNested = field.kind === 'list' || field.kind === 'object' || field.kind === 'json'
  const held = field.kind === 'list' ? field.items.kind : field.kind
  const isSearched = held === 'text' || held === 'enumeration' || held === 'reference'
  const given2 = chance % 3 === 0 ? defaultOf(field) : undefined
  return {
    ...field,
    ...rest,
    ...(unique && !isNested && given2 === undefined ? { unique } : {}),
    ...(indexed && !isNested ? { indexed } : {}),
    ...(searchable !== undefined && isSearched ? { searchable } : {}),
    ...(given2 === undefined ? (optional ? { optional } : {}) : { default: given2 }),
  }
}

/** The first of some values that the field takes; undefined when there is none. */
function defaultOf(field: FieldDefinition): Json | undefined {
  const odd: JsonObject = JSON.parse('{"__proto__":{"a":1},"constructor":2}')
  const values = field.kind === 'enumeration' ? field.values.slice(-1) : []
  const tried: Json[] = [
    odd,
    ...values,
    ...awkward,
    'aa.',
    'A12',
    0.5,
    1,
    -1,
    true,
    '2026-11-22T09:30:12.482913Z',
    [],
  ]
  return tried.find((value) => {
    const parsed = valueSchema(field).safeParse(value)
    return parsed.success && JSON.stringify(parsed.data) === JSON.stringify(value)
  })
}
