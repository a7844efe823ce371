/** Random records, filters and orders that meet each other often: few names, few values, all of them awkward. */
import fc from 'fast-check'
import type { Json, JsonObject } from '../../sdk/json.ts'
import type { Record, Version } from '../../sdk/model.ts'
import { sampleRecord } from '../filter/sample-type.ts'

const awkwardTexts = [
  '',
  'a',
  'b',
  'ab',
  'ba',
  'A',
  'a\0b',
  'a\0',
  '\0',
  '%',
  '_',
  "it's",
  '"',
  '[1]',
  '1',
  'true',
  'null',
  'é',
  '저장',
  '저',
  '\ud7ff',
  '\ue000',
  '\ufffd',
  '\u{1f600}',
  '\u{10ffff}',
  '\u{10ffff}a',
]
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...awkwardTexts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
)
const integer = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER) },
)
const number = fc.oneof(
  { weight: 4, arbitrary: integer },
  {
    weight: 3,
    arbitrary: fc.constantFrom(0.1, 0.5, -0, 2 ** 62, 2 ** 64, 1e300, 5e-324, -1.5),
  },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
)
const instant = fc.constantFrom(
  '2026-11-22T09:30:12.482913Z',
  '2026-11-22T09:30:12.482914Z',
  '2025-01-01T00:00:00.000000Z',
)
const level = fc.constantFrom('low', 'middle', 'high')
const member = fc.constantFrom('a', 'b', 'é', "it's", 'a b', '0', '__proto__')

/** An object with own members, `__proto__` among them. */
function objectOf(value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> {
  return fc
    .array(fc.tuple(member, value), { maxLength: 3 })
    .map((entries) => Object.fromEntries(entries))
}
const scalar: fc.Arbitrary<Json> = fc.oneof(text, number, fc.boolean(), fc.constant(null))
/** Members of a list that are no values of their own. */
const nested = fc.constantFrom<Json>([], ['a'], [0], [[true]], { a: 'a' }, {})
const listOfScalars = fc.array(
  fc.oneof({ weight: 5, arbitrary: scalar }, { weight: 1, arbitrary: nested }),
  { maxLength: 3 },
)
const free = objectOf(fc.oneof(scalar, listOfScalars, objectOf(fc.oneof(scalar, listOfScalars))))

/** Leaves out what is undefined, as JSON does. */
function present(members: { readonly [name: string]: Json | undefined }): JsonObject {
  const entries = Object.entries(members).filter(
    (entry): entry is [string, Json] => entry[1] !== undefined,
  )
  return Object.fromEntries(entries)
}
function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined })
}

const data: fc.Arbitrary<JsonObject> = fc
  .record({
    title: text,
    note: maybe(text),
    count: maybe(integer),
    score: number,
    done: maybe(fc.boolean()),
    due: maybe(instant),
    level,
    parent: maybe(fc.constantFrom('a', 'b')),
    tags: fc.array(text, { maxLength: 3 }),
    sizes: maybe(fc.array(integer, { maxLength: 3 })),
    inner: maybe(
      fc
        .record({
          name: maybe(text),
          size: maybe(number),
          open: maybe(fc.boolean()),
          words: maybe(fc.array(text, { maxLength: 2 })),
          free: maybe(free),
        })
        .map(present),
    ),
    free,
  })
  .map(present)

const envelope = fc.record({
  version: fc.integer({ min: 1, max: 3 }).map((version) => version as Version),
  createdAt: instant,
  createdBy: fc.constantFrom('owner', 'agent:a'),
  updatedAt: instant,
  updatedBy: fc.constantFrom('owner', 'agent:a'),
  lifecycle: fc.constantFrom('active' as const, 'archived' as const, 'deleted' as const),
})

/** Records with different ids. */
export const records: fc.Arbitrary<readonly Record[]> = fc
  .array(fc.tuple(data, envelope), { maxLength: 12 })
  .map((all) => all.map(([own, rest], index) => sampleRecord(own, { ...rest, id: idOf(index) })))

/** Ids whose order is not that of creation. */
function idOf(index: number): string {
  return `${['b', 'a', '저', '\u{1f600}', '\ufffd'][index % 5]}${(index * 7) % 12}`
}

interface Kind {
  readonly value: fc.Arbitrary<Json>
  readonly operators: readonly string[]
}
const onEquality = ['eq', 'ne', 'in', 'notIn', 'isNull']
const onOrder = [...onEquality, 'gt', 'gte', 'lt', 'lte', 'between']
const onText = [...onOrder, 'contains', 'startsWith', 'endsWith']

const kinds = {
  text: { value: text, operators: onText },
  integer: { value: integer, operators: onOrder },
  number: { value: number, operators: onOrder },
  instant: { value: instant, operators: onOrder },
  boolean: { value: fc.boolean(), operators: onEquality },
  level: { value: level, operators: onEquality },
  texts: { value: text, operators: ['contains', 'isNull'] },
  integers: { value: integer, operators: ['contains', 'isNull'] },
  whole: { value: fc.constant(null), operators: ['isNull', 'eq', 'ne'] },
  anyText: { value: text, operators: onText },
  anyNumber: { value: number, operators: [...onOrder, 'contains'] },
  anyBoolean: { value: fc.boolean(), operators: [...onEquality, 'contains'] },
} satisfies { readonly [name: string]: Kind }

const anyKinds: readonly Kind[] = [kinds.anyText, kinds.anyNumber, kinds.anyBoolean]
const targets: { readonly [name: string]: readonly Kind[] } = {
  id: [{ ...kinds.text, value: fc.integer({ min: 0, max: 11 }).map(idOf) }],
  version: [kinds.integer],
  createdAt: [kinds.instant],
  updatedBy: [{ ...kinds.text, value: fc.constantFrom('owner', 'agent', 'agent:a', '') }],
  title: [kinds.text],
  note: [kinds.text],
  count: [kinds.integer],
  score: [kinds.number],
  done: [kinds.boolean],
  due: [kinds.instant],
  level: [kinds.level],
  parent: [kinds.text],
  tags: [kinds.texts],
  sizes: [kinds.integers],
  parts: [kinds.whole],
  inner: [kinds.whole],
  'inner.name': [kinds.text],
  'inner.size': [kinds.number],
  'inner.open': [kinds.boolean],
  'inner.words': [kinds.texts],
  'inner.free': [kinds.whole],
  'inner.free.a': anyKinds,
  free: [kinds.whole],
  'free.a': anyKinds,
  'free.a.b': anyKinds,
  'free.a.0': anyKinds,
  'free.é': anyKinds,
  "free.it's": anyKinds,
  'free.__proto__': anyKinds,
}

function condition(name: string, { value, operators }: Kind): fc.Arbitrary<JsonObject> {
  return fc.constantFrom(...operators).chain((operator) => {
    const operand = operandOf(operator, value)
    return operand.map((wanted) => ({ [name]: { [operator]: wanted } }))
  })
}

function operandOf(operator: string, value: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  switch (operator) {
    case 'isNull':
      return fc.boolean()
    case 'in':
    case 'notIn':
      return fc.array(fc.option(value, { freq: 8 }), { maxLength: 4 })
    case 'between':
      return fc.tuple(value, value)
    case 'eq':
    case 'ne':
      return fc.option(value, { freq: 8 })
    default:
      return value
  }
}

const conditions = Object.entries(targets).flatMap(([name, of]) =>
  of.map((kind) => condition(name, kind)),
)
const leaf = fc.oneof(...conditions)

/** Filters as they come over the wire; all of them are valid. */
export const where: fc.Arbitrary<JsonObject> = fc.letrec<{ group: JsonObject }>((tie) => ({
  group: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: leaf },
    { weight: 1, arbitrary: fc.constant({}) },
    {
      weight: 2,
      arbitrary: fc.array(tie('group'), { maxLength: 3 }).map((and) => ({ and })),
    },
    { weight: 2, arbitrary: fc.array(tie('group'), { maxLength: 3 }).map((or) => ({ or })) },
    { weight: 2, arbitrary: tie('group').map((not) => ({ not })) },
    {
      weight: 1,
      arbitrary: fc.tuple(leaf, tie('group')).map(([own, not]) => ({ ...own, not })),
    },
  ),
})).group

const unordered = new Set(['tags', 'sizes', 'parts', 'inner', 'inner.words', 'inner.free', 'free'])
const orderable = Object.keys(targets).filter((name) => !unordered.has(name))

/** A field that has an order, and so can be grouped by. */
export const orderableField = fc.constantFrom(...orderable)

/** Orders as they come over the wire; undefined is the default one. */
export const orderBy = fc.option(
  fc.uniqueArray(fc.record({ field: orderableField, direction: fc.constantFrom('asc', 'desc') }), {
    maxLength: 3,
    selector: (term) => term.field,
  }),
  { nil: undefined },
)
