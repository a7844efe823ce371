/** Awkward texts, numbers, names and cursors, wherever a request takes one: an exact round trip or a clear error. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { integer, json, list, number, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'
import { frame, RawPeer } from '../transport/raw-peer.ts'

const Odd = defineRecordType('Odd', {
  fields: {
    title: text({ indexed: true }),
    count: integer({ optional: true }),
    ratio: number({ optional: true }),
    words: list(text(), { default: [] }),
    extra: json({ default: {} }),
  },
})
const type = 'Odd'
const invalid = [-32602, 40000, 40001, 40401, 41300]

let daemon: Awaited<ReturnType<typeof startDaemon>>
let client: WireClient
let tables: Parsed

before(async (t) => {
  daemon = await startDaemon(t as never, { types: [Odd.definition], socket: true })
  client = await daemon.connect()
  await client.call('record/create', { type, id: 'witness', data: { title: 'witness' } })
  tables = await client.call('type/list', { count: true })
})

/** Nobody's table went, and nobody's prototype came. */
async function assertUnharmed(): Promise<void> {
  const after = await client.call('type/list', { count: true })
  const names = (types: Parsed) => types.types.map(({ name }: Parsed) => name)
  assert.deepEqual(names(after), names(tables))
  const { data } = await client.call('record/get', { type, id: 'witness' })
  assert.equal(data.title, 'witness')
  assert.equal(Reflect.get({}, 'polluted'), undefined)
}

/** An error with a kind, a message and the place or the limit; never `internal`. */
function assertClear({ code, message, data }: Parsed, told: string): void {
  assert.ok(invalid.includes(code), `${told}: ${code} ${message}`)
  assert.notEqual(data.kind, 'internal', told)
  assert.ok(message.length > 10 && message.length < 3000, told)
}

const hostile = [
  `'; DROP TABLE "r_Odd"; --`,
  `" OR 1=1 --`,
  `x') UNION SELECT data FROM log --`,
  `'||(SELECT group_concat(name) FROM sqlite_schema)||'`,
  '%',
  '_',
  '\\',
  '`',
  '[x]',
  '$.title',
  '$',
  '?1',
  ':x',
  '@x',
  '--',
  '/*',
  'NULL',
  'null',
  'true',
  '0',
  '1e999',
  '-0',
  'Infinity',
  'NaN',
  '{"$gt":""}',
  '{{7*7}}',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\uffff',
  'é',
  'e\u0301',
  '저장소',
  '\u{1f600}',
  '\u{10ffff}',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'toJSON',
  'then',
  'length',
  'rowid',
  'row_id',
  'title" --',
  ' title',
  'title.',
  '.title',
  'title..x',
  'extra.',
  'extra."a"',
  'in_time',
  'a\nb',
  'a\tb',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udc00b',
  'x'.repeat(300),
  'x'.repeat(100_000),
  '',
]

for (const odd of hostile) {
  const shown = JSON.stringify(odd.slice(0, 40))
  const isUnicode = odd.isWellFormed()

  test(`the text ${shown} comes back as it was and finds itself alone`, async () => {
    const data = { title: odd, words: [odd, 'x'], extra: { a: odd, b: [odd] } }
    if (!isUnicode) {
      assert.equal((await client.refused('record/create', { type, data })).code, 40001)
      for (const operator of ['eq', 'contains', 'startsWith', 'endsWith', 'gt']) {
        const where = { title: { [operator]: odd } }
        assertClear(await client.refused('record/list', { type, where }), operator)
      }
      return
    }
    const { id } = await client.call('record/create', { type, data })
    assert.deepEqual((await client.call('record/get', { type, id })).data, data)
    const filters: object[] = [
      { title: odd },
      { title: { in: [odd, `${odd}!`] } },
      { title: { between: [odd, odd] } },
      { 'extra.a': odd },
      ...(odd.length <= 256 ? [{ 'extra.b': { contains: odd } }] : []),
    ]
    for (const where of filters) {
      const { records } = await client.call('record/list', { type, where })
      assert.deepEqual(
        records.map((record: Parsed) => record.id),
        [id],
        JSON.stringify(where).slice(0, 200),
      )
    }
    const groups = await client.call('record/count', {
      type,
      where: { title: odd },
      groupBy: 'title',
    })
    assert.deepEqual(groups.groups, [{ value: odd, count: 1 }])
    if (odd !== '' && odd.length <= 256) {
      for (const operator of ['contains', 'startsWith', 'endsWith']) {
        const where = { title: { [operator]: odd }, id }
        assert.equal((await client.call('record/count', { type, where })).count, 1, operator)
      }
      const { count } = await client.call('record/count', {
        type,
        where: { title: { contains: odd } },
      })
      assert.equal(
        count,
        hostileContaining(odd),
        'what is a wildcard elsewhere is a character here',
      )
    }
    await client.call('record/purge', { type, id, expectedVersion: 1 })
  })

  test(`${shown} is an id like another, or none`, async () => {
    const create = { type, id: odd, data: { title: `id of ${shown}` } }
    const answer = await client.answer(client.send('record/create', create))
    const bytes = Buffer.byteLength(odd)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what an id has none of.
    const fits = isUnicode && bytes > 0 && bytes <= 255 && !/[\u0000-\u001f\u007f-\u009f]/.test(odd)
    assert.equal(answer.error === undefined, fits, JSON.stringify(answer.error))
    if (answer.error !== undefined) return assertClear(answer.error, shown)
    assert.equal((await client.call('record/get', { type, id: odd })).id, odd)
    const { records } = await client.call('record/list', { type, where: { id: odd } })
    assert.deepEqual(
      records.map((record: Parsed) => record.id),
      [odd],
    )
    const { versions } = await client.call('record/history', { type, id: odd })
    assert.equal(versions.length, 1)
    await client.call('record/purge', { type, id: odd, expectedVersion: 1 })
  })

  test(`${shown} as a name is refused, or means a member of free JSON and nothing else`, async () => {
    const requests: readonly (readonly [method: string, params: object])[] = [
      ['record/list', { where: { [odd]: 1 } }],
      ['record/list', { where: { title: { [odd]: 1 } } }],
      ['record/list', { where: { or: [{ not: { [odd]: 'x' } }] } }],
      ['record/list', { orderBy: [{ field: odd }] }],
      ['record/list', { orderBy: [{ field: 'title', direction: odd }] }],
      ['record/list', { fields: [odd] }],
      ['record/list', { lifecycle: [odd] }],
      ['record/list', { after: odd }],
      ['record/explain', { where: { [odd]: 1 } }],
      ['record/count', { groupBy: odd }],
      ['record/update', { id: 'witness', expectedVersion: 1, unset: [odd] }],
      ['record/update', { id: 'witness', expectedVersion: 1, set: own(odd, 'x') }],
      ['record/update', { id: 'witness', apply: [{ field: odd, op: 'increment', value: 1 }] }],
    ]
    for (const [method, params] of requests) {
      const told = `${method} ${JSON.stringify(params).slice(0, 200)}`
      assertClear(await client.refused(method, { type, ...params }), told)
    }
    assertClear(await client.refused('record/list', { type: odd }), 'as a type')
    assertClear(await client.refused('record/get', { type: odd, id: 'a' }), 'as a type')
    const path = `extra.${odd}`
    for (const params of [{ where: { [path]: 1 } }, { orderBy: [{ field: path }] }]) {
      const { result, error } = await client.answer(client.send('record/list', { type, ...params }))
      if (error !== undefined) assertClear(error, path)
      else if ('where' in params) assert.deepEqual(result.records, [])
    }
  })

  test(`a member called ${shown} is kept, or refused`, async () => {
    const data = { title: 'member', extra: own(odd, { a: [own(odd, 1)] }) }
    const answer = await client.answer(client.send('record/create', { type, data }))
    const fits = isUnicode && !odd.includes('\0')
    assert.equal(answer.error === undefined, fits, JSON.stringify(answer.error))
    if (answer.error !== undefined) return assertClear(answer.error, shown)
    const { id } = answer.result
    const record = await client.call('record/get', { type, id })
    assert.equal(JSON.stringify(record.data.extra), JSON.stringify(data.extra))
    await client.call('record/purge', { type, id, expectedVersion: 1 })
  })
}

test('afterwards nothing is missing, and no prototype was changed', assertUnharmed)

/** An object with this own member, also when it is `__proto__`. */
function own(name: string, value: unknown): object {
  return Object.fromEntries([[name, value]])
}

/** Each text is there alone when it is asked for, beside the witness. */
function hostileContaining(odd: string): number {
  return 'witness'.includes(odd) ? 2 : 1
}

/** Numbers as they are written in a message, each in a field of both kinds and in free JSON. */
const numbers: readonly (readonly [written: string, integer: boolean, number: boolean])[] = [
  ['0', true, true],
  ['-0', true, true],
  ['9007199254740991', true, true],
  ['-9007199254740991', true, true],
  ['9007199254740992', false, true],
  ['9007199254740993', false, true],
  ['4611686018427387904', false, true],
  ['18446744073709551616', false, true],
  ['1e21', false, true],
  ['1.5', false, true],
  ['0.1', false, true],
  ['5e-324', false, true],
  ['1.7976931348623157e308', false, true],
  ['2147483648', true, true],
  ['1e999', false, false],
  ['-1e999', false, false],
]
for (const [written, isInteger, isNumber] of numbers) {
  test(`the number ${written} is kept exactly or refused`, async (t) => {
    const peer = await RawPeer.connect(t, daemon.daemon.socketPath ?? '')
    const ask = async (method: string, params: string): Promise<Parsed> => {
      peer.send(frame(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`))
      return await peer.receive()
    }
    await ask('initialize', '{"client":{"name":"raw","version":"1","kind":"script"}}')
    const fields = [
      ['count', isInteger, 'count'],
      ['ratio', isNumber, 'ratio'],
      ['extra', isNumber, 'extra.a'],
    ] as const
    for (const [field, fits, path] of fields) {
      const value = field === 'extra' ? `{"a":${written}}` : written
      const data = `{"title":"number","${field}":${value}}`
      const made = await ask('record/create', `{"type":"Odd","data":${data}}`)
      assert.equal(made.error === undefined, fits, `${field}: ${JSON.stringify(made.error)}`)
      const where = `{"type":"Odd","where":{"${path}":${written}}}`
      const found = await ask('record/list', where)
      if (!fits) {
        assertClear(made.error, field)
        assertClear(found.error, path)
        continue
      }
      assert.deepEqual(
        found.result.records.map((record: Parsed) => record.id),
        [made.result.id],
      )
      const kept = found.result.records[0].data[field]
      // `-0` may come back as `0`, which equals it.
      assert.ok((field === 'extra' ? kept.a : kept) === Number(written), written)
      for (const [operator, count] of [
        ['gte', 1],
        ['gt', 0],
        ['lte', 1],
        ['lt', 0],
        ['ne', 0],
      ] as const) {
        const filter = `{"id":"${made.result.id}","${path}":{"${operator}":${written}}}`
        const counted = await ask('record/count', `{"type":"Odd","where":${filter}}`)
        assert.equal(counted.result.count, count, `${path} ${operator}`)
      }
      await client.call('record/purge', { type, id: made.result.id, expectedVersion: 1 })
    }
  })
}

const absurd: readonly (readonly [name: string, where: object, code: number])[] = [
  ['17 levels', nested(17), 41300],
  ['60 levels', nested(60), 41300],
  ['1,001 alternatives', { or: Array.from({ length: 1001 }, (_, count) => ({ count })) }, 41300],
  ['10,000 values', { count: { in: Array.from({ length: 10_000 }, (_, n) => n) } }, 41300],
  ['10,000 values that are excluded', { count: { notIn: Array(10_000).fill(1) } }, 41300],
  [
    '1,001 values of two lists',
    { and: [{ count: { in: Array(600).fill(1) } }, { count: { in: Array(401).fill(1) } }] },
    41300,
  ],
  ['a needle of 100,000 characters', { title: { contains: 'x'.repeat(100_000) } }, 41300],
  ['a list for a value', { title: ['a'] }, 40000],
  ['an object for a value', { title: { eq: { a: 1 } } }, 40000],
  ['no operator', { title: {} }, 40000],
  ['a text for a number', { count: '1' }, 40000],
  ['a number for a text', { title: 1 }, 40000],
  ['a fraction for an integer', { count: 1.5 }, 40000],
  ['a range of two kinds', { 'extra.a': { between: [1, 'b'] } }, 40000],
  ['a range of three', { count: { between: [1, 2, 3] } }, 40000],
  ['alternatives that are no list', { or: { count: 1 } }, 40000],
  ['an alternative that is null', { or: [null] }, 40000],
  ['a lone not', { not: 1 }, 40000],
]
for (const [name, where, code] of absurd) {
  test(`a filter with ${name} is refused at once`, async () => {
    for (const method of ['record/list', 'record/count', 'record/explain']) {
      const error = await client.refused(method, { type, where })
      assert.equal(error.code, code, error.message)
      assertClear(error, name)
    }
    const subscribed = { patterns: ['Odd.*'], where }
    assert.equal((await client.refused('subscription/open', subscribed)).code, code)
  })
}

function nested(levels: number): object {
  let where: object = { count: 1 }
  for (let level = 1; level < levels; level++)
    where = level % 2 === 0 ? { not: where } : { or: [where] }
  return where
}

test('an unknown name is told with the one that was meant', async () => {
  const cases: readonly (readonly [params: object, meant: string])[] = [
    [{ where: { titel: 'a' } }, 'title'],
    [{ where: { title: { containz: 'a' } } }, 'contains'],
    [{ where: { and: [{ not: { conut: 1 } }] } }, 'count'],
    [{ orderBy: [{ field: 'updatedat' }] }, 'updatedAt'],
    [{ fields: ['ratoi'] }, 'ratio'],
  ]
  for (const [params, meant] of cases) {
    const error = await client.refused('record/list', { type, ...params })
    assert.equal(error.data.didYouMean, meant, error.message)
    assert.equal(error.data.issues.length, 1)
  }
})

test('a cursor of another list, type or history, and one that was changed, is refused', async () => {
  const ids = ['c1', 'c2', 'c3']
  for (const id of ids) await client.call('record/create', { type, id, data: { title: 'cursor' } })
  const query = { type, where: { title: 'cursor' }, orderBy: [{ field: 'title' }], limit: 1 }
  const { next } = await client.call('record/list', query)
  const second = await client.call('record/list', { ...query, after: next })
  assert.equal(second.records[0].id, 'c2')
  const others: object[] = [
    { ...query, type: 'OrionInsight', where: {}, orderBy: [{ field: 'summary' }] },
    { ...query, where: { title: 'other' } },
    { ...query, orderBy: [{ field: 'title', direction: 'desc' }] },
    { ...query, lifecycle: ['active', 'deleted'] },
  ]
  for (const other of others) {
    assertClear(
      await client.refused('record/list', { ...other, after: next }),
      JSON.stringify(other),
    )
  }
  const history = { type, id: 'c1', after: next }
  assertClear(await client.refused('record/history', history), 'of a list')
  for (let at = 0; at < next.length; at++) {
    const changed = next.slice(0, at) + (next[at] === 'A' ? 'B' : 'A') + next.slice(at + 1)
    assertClear(await client.refused('record/list', { ...query, after: changed }), changed)
  }
  for (const after of [
    `${next}${next}`,
    'x'.repeat(8193),
    next.slice(0, -1),
    'h1',
    'hzzzzzzzzzzz',
  ]) {
    assertClear(await client.refused('record/list', { ...query, after }), after.slice(0, 50))
    if (after !== 'h1') {
      assertClear(
        await client.refused('record/history', { type, id: 'c1', after }),
        after.slice(0, 50),
      )
    }
  }
})

test('the SDK sends nothing that JSON would turn into null', async (t) => {
  const odds = (await daemonClient(t, daemon)).repository(Odd)
  const record = { kind: 'invalid_record' }
  const request = { kind: 'invalid_request' }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    await assert.rejects(odds.create({ title: 'a', ratio: value }), record)
    await assert.rejects(odds.create({ title: 'a', extra: { a: [{ b: value }] } }), record)
    await assert.rejects(
      odds.update('witness', { expectedVersion: 1, set: { ratio: value } }),
      record,
    )
    // As null it would ask for what is missing.
    await assert.rejects(odds.list({ where: { ratio: value } }), request)
    await assert.rejects(odds.count({ where: { or: [{ ratio: { in: [1, value] } }] } }), request)
  }
  const holes = JSON.parse('[1]')
  holes[2] = 1
  await assert.rejects(odds.create({ title: 'a', extra: { a: holes } }), record)
  await assert.rejects(odds.create({ title: 'a', extra: { a: [undefined] } as never }), record)
  await assert.rejects(odds.create({ title: 'a', extra: { a: 1n } as never }), request)
  await assert.rejects(odds.create({ title: '\ud800' }), record)
  const exact = { a: 2 ** 62, b: 5e-324, c: Number.MAX_VALUE, d: [null, { e: '\u{10ffff}' }] }
  const { id } = await odds.create({ title: 'exact', ratio: 2 ** 60, extra: exact })
  const { data } = await odds.get(id)
  assert.deepEqual(data, { title: 'exact', ratio: 2 ** 60, words: [], extra: exact })
})
