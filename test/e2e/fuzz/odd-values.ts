/** Values for requests: such as a schema asks for, and such as nobody expects. */
import { isJsonObject } from '../../../sdk/json.ts'
import type { Random } from './random.ts'

/** JSON text that no value stands for, such as `1e999` or a lone surrogate's escape. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Texts that the daemon gave out, which lead further than invented ones. */
export interface Learned {
  readonly tokens: string[]
  readonly cursors: string[]
}

/** JSON text of a value that may hold raw parts, and members that come twice. */
export function encodeOdd(value: unknown, random: Random): string {
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value)) return `[${value.map((item) => encodeOdd(item, random)).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${encodeOdd(member, random)}`,
  )
  const twice = members[random.below(members.length * 30)]
  return `{${(twice === undefined ? members : [...members, twice]).join(',')}}`
}

/** Makes parameters. */
export class OddValues {
  readonly #random: Random
  readonly #learned: Learned

  constructor(random: Random, learned: Learned) {
    this.#random = random
    this.#learned = learned
  }

  /** What a schema asks for, but for a slip here and there. */
  fitting(schema: unknown, name = '', depth = 0): unknown {
    const random = this.#random
    if (random.chance(0.04)) return this.odd(depth)
    if (!isJsonObject(schema) || depth > 12) return this.odd(depth)
    const choices = schema.oneOf ?? schema.anyOf
    if (Array.isArray(choices))
      return this.fitting(choices[random.below(choices.length)], name, depth)
    if (schema.const !== undefined) return schema.const
    if (Array.isArray(schema.enum)) return schema.enum[random.below(schema.enum.length)]
    switch (schema.type) {
      case 'object':
        return isJsonObject(schema.properties)
          ? this.#object(schema.properties, schema.required, depth)
          : this.#free(name, depth)
      case 'array': {
        const count = random.chance(0.01) ? 1500 : random.below(5)
        return Array.from({ length: count }, () => this.fitting(schema.items, name, depth + 1))
      }
      case 'string':
        return this.#text(name)
      case 'integer':
      case 'number':
        return random.pick([0, 1, 1, 2, 3, 10, 1000, -1, 1.5, 2 ** 53, 1e300])
      case 'boolean':
        return random.chance(0.5)
      default:
        return this.odd(depth)
    }
  }

  /** Anything. */
  odd(depth = 0): unknown {
    const random = this.#random
    switch (random.below(depth > 8 ? 12 : 15)) {
      case 0:
        return null
      case 1:
        return random.pick([0, -1, 2 ** 53, -(2 ** 63), 1e308, 5e-324, 0.1, 255, 65_536])
      case 2:
        return new RawJson(
          random.pick(['1e999', '-1e999', '-0', '1E400', '0.00000000000000000001e-300']),
        )
      case 3:
        return new RawJson(random.pick(['NaN', 'Infinity', 'undefined', "'a'", '01', '+1', '.5']))
      case 4:
        return new RawJson(
          random.pick(['"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\\x"', '"\u0007"']),
        )
      case 5:
        return random.pick([
          '',
          ' ',
          '__proto__',
          'constructor',
          'toString',
          '\u202e',
          '😀',
          "'; --",
        ])
      case 6:
        return 'x'.repeat(random.pick([64, 65, 255, 256, 257, 5000]))
      case 7:
        return random.chance(0.5)
      case 8:
        return []
      case 9:
        return new RawJson(
          '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
        )
      case 10: {
        const levels = random.pick([5, 50, 180, 250, 2000])
        const [open, close] = random.pick<[string, string]>([
          ['[', ']'],
          ['{"a":', '}'],
        ])
        return new RawJson(`${open.repeat(levels)}1${close.repeat(levels)}`)
      }
      case 11:
        return this.#text('')
      case 12:
        return Array.from({ length: random.below(6) }, () => this.odd(depth + 1))
      default:
        return this.#free('', depth)
    }
  }

  #object(properties: { readonly [name: string]: unknown }, required: unknown, depth: number) {
    const made: { [name: string]: unknown } = {}
    for (const [name, schema] of Object.entries(properties)) {
      const needed = Array.isArray(required) && required.includes(name)
      if (needed ? this.#random.chance(0.03) : this.#random.chance(0.65)) continue
      made[name] = this.fitting(schema, name, depth + 1)
    }
    if (this.#random.chance(0.05)) made[this.#text('')] = this.odd(depth + 1)
    return made
  }

  /** An object whose members no schema names: data, filters, definitions. */
  #free(name: string, depth: number): unknown {
    const random = this.#random
    if (name === 'where') return this.#filter(depth)
    if (name === 'definition') return this.#definition(depth)
    const made: { [member: string]: unknown } = random.chance(0.6)
      ? { title: 'a', summary: 'a', domain: 'build', trigger: 'a', steps: [] }
      : {}
    for (let count = random.below(4); count > 0; count--) {
      made[random.pick(fieldNames)] = random.chance(0.7) ? this.#text('') : this.odd(depth + 1)
    }
    return made
  }

  #filter(depth: number): unknown {
    const random = this.#random
    if (depth < 20 && random.chance(0.3)) {
      const group = random.pick(['and', 'or', 'not'])
      if (group === 'not') return { not: this.#filter(depth + 1) }
      return { [group]: Array.from({ length: random.below(4) }, () => this.#filter(depth + 1)) }
    }
    const operand = random.chance(0.5) ? this.#text('') : this.odd(depth + 1)
    const operators = ['eq', 'ne', 'in', 'notIn', 'gt', 'lte', 'between', 'contains', 'startsWith']
    const more = ['endsWith', 'isNull', 'like', '__proto__']
    const operator = random.pick(['eq', ...operators, ...more])
    const list = operator === 'in' || operator === 'notIn' || operator === 'between'
    const condition = { [operator]: list ? [operand, operand] : operand }
    return { [random.pick(fieldNames)]: random.chance(0.3) ? operand : condition }
  }

  #definition(depth: number): unknown {
    const random = this.#random
    const kinds = [
      'text',
      'integer',
      'number',
      'boolean',
      'instant',
      'list',
      'object',
      'json',
    ] as const
    const field = (): unknown => {
      if (random.chance(0.15)) return this.odd(depth + 1)
      const kind = random.pick(['text', ...kinds])
      const more = {
        ...(kind === 'list' ? { items: { kind: 'text' } } : {}),
        ...(kind === 'object' ? { fields: { inner: { kind: 'text' } } } : {}),
        ...(kind === 'text' && random.chance(0.3)
          ? { pattern: random.pick(['^a*$', '(a|b)*', '(?=a)', '[', '\\p{L}+', '(a{9}){9}']) }
          : {}),
        ...(random.chance(0.2) ? { indexed: true } : {}),
        ...(random.chance(0.1) ? { default: this.odd(depth + 1) } : {}),
      }
      return { kind, optional: true, ...more }
    }
    const fields = Object.fromEntries(
      Array.from({ length: random.below(5) }, () => [random.pick(fieldNames), field()]),
    )
    const name = random.chance(0.8) ? `Odd${random.below(20)}` : this.#text('')
    return { name, fields, ...(random.chance(0.2) ? { indexes: [[random.pick(fieldNames)]] } : {}) }
  }

  #text(name: string): string {
    const random = this.#random
    const known = wordsOf[name]
    if (known !== undefined && random.chance(0.9)) return random.pick(known)
    const { tokens, cursors } = this.#learned
    if (/^(token|after|before|atLeast|cause|from)$/.test(name) && random.chance(0.8)) {
      const learned = name === 'after' && random.chance(0.5) ? cursors : tokens
      const text = learned[random.below(learned.length)]
      if (text !== undefined) return random.chance(0.8) ? text : `${text.slice(0, -1)}9`
    }
    return random.pick([
      'a',
      'b',
      'n1',
      'Note',
      '2026-11-22T09:30:12Z',
      'x'.repeat(300),
      '\u0000',
      '%_',
      'é저😀',
    ])
  }
}

const fieldNames = [
  'title',
  'count',
  'tags',
  'extra',
  'extra.a',
  'summary',
  'domain',
  'id',
  'version',
  'createdAt',
  'a',
  'b',
  'steps',
  '__proto__',
  'hasOwnProperty',
  'nope',
  'Title',
  'rowid',
  'row_id',
] as const
const types = ['Fuzzed', 'Odd1', 'Odd2', 'OrionInsight', 'JobResult', 'Nope', '__proto__'] as const

/** By the name of the member. */
const wordsOf: { readonly [name: string]: readonly [string, ...string[]] | undefined } = {
  type: types,
  types,
  id: ['n1', 'n2', 'n3', 'n4', 'n5', 'constructor', 'é'],
  field: fieldNames,
  fields: fieldNames,
  groupBy: fieldNames,
  unset: fieldNames,
  patterns: [
    '*',
    'Fuzzed.*',
    '*.created',
    'Build.*',
    '{a,b}*',
    '[!a]*',
    'Fuzz*.{created,updated}',
    '[',
  ],
  topic: ['Build.finished', 'Build.a/b', 'Fuzzed.created', 'a', '.', 'Build..x'],
  subscriptionId: ['s1', 's2', 's3', 's4', 's999'],
  idempotencyKey: ['k1', 'k2', 'k3', 'k4'],
  command: [
    'orion.record/get',
    'orion.record/list',
    'orion.initialize',
    'orion.workspace/executeCommand',
  ],
  from: ['now', 'snapshot', 'later'],
}
