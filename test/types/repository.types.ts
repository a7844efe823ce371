/** What must compile against a record type, and what must not. Nothing here runs; the compiler is the test. */
import {
  boolean,
  type Client,
  defineRecordType,
  enumeration,
  instant,
  integer,
  json,
  list,
  number,
  object,
  text,
} from '../../sdk/index.ts'

const Insight = defineRecordType('Insight', {
  fields: {
    summary: text(),
    domain: text({ optional: true }),
    level: enumeration(['low', 'high'], { default: 'low' }),
    score: number({ optional: true }),
    uses: integer({ default: 0 }),
    tags: list(text(), { default: [] }),
    checked: boolean({ default: false }),
    seenAt: instant({ optional: true }),
    source: object({ kind: text(), line: integer({ optional: true }) }, { optional: true }),
    extra: json({ optional: true }),
    state: enumeration(['pending', 'approved'], { default: 'pending', managed: true }),
    reviewer: text({ optional: true, managed: true }),
  },
})
const Pattern = defineRecordType('Pattern', { fields: { name: text() } })

declare const client: Client
const insights = client.repository(Insight)

export async function create(): Promise<void> {
  await insights.create({ summary: 'a' })
  await insights.create({ summary: 'a', level: 'high', tags: ['x'], source: { kind: 'log' } })
  await insights.create({ summary: 'a' }, { id: 'mine', reason: 'because', dryRun: true })

  // @ts-expect-error a required field is missing
  await insights.create({ domain: 'build' })
  // @ts-expect-error there is no such field
  await insights.create({ summary: 'a', sumary: 'b' })
  // @ts-expect-error a text is no number
  await insights.create({ summary: 1 })
  // @ts-expect-error not one of the values
  await insights.create({ summary: 'a', level: 'medium' })
  // @ts-expect-error a list of texts
  await insights.create({ summary: 'a', tags: [1] })
  // @ts-expect-error a member of a nested object is missing
  await insights.create({ summary: 'a', source: { line: 1 } })
  // @ts-expect-error managed fields change only through the method that owns them
  await insights.create({ summary: 'a', state: 'approved' })
  // @ts-expect-error managed, though optional
  await insights.create({ summary: 'a', reviewer: 'maria' })
  // @ts-expect-error absence is an omitted member
  await insights.create({ summary: 'a', domain: undefined })
  // @ts-expect-error there is no such option
  await insights.create({ summary: 'a' }, { identifier: 'mine' })
}

export async function read(): Promise<void> {
  const record = await insights.get('a')
  const summary: string = record.data.summary
  const domain: string | undefined = record.data.domain
  const level: 'low' | 'high' = record.data.level
  const tags: readonly string[] = record.data.tags
  const state: 'pending' | 'approved' = record.data.state
  const found: typeof record | undefined = await insights.find('a')
  // @ts-expect-error an optional field may be absent
  const certain: string = record.data.domain
  // @ts-expect-error there is no such field
  record.data.sumary
  // @ts-expect-error a version is no plain number that one can make up
  const version: typeof record.version = 1
  // @ts-expect-error records are read-only
  record.data.summary = 'b'
  // @ts-expect-error `find` may find nothing
  ;(await insights.find('a')).data
  void [summary, domain, level, tags, state, found, certain, version]
}

export async function list_(): Promise<void> {
  await insights.list({ where: { summary: 'a', level: { in: ['low', 'high'] }, uses: { gte: 1 } } })
  await insights.list({ where: { tags: { contains: 'ci' }, domain: null, 'source.kind': 'log' } })
  await insights.list({ where: { or: [{ summary: { startsWith: 'a' } }, { not: { uses: 1 } }] } })
  await insights.list({ where: { createdAt: { gt: '2026-01-01T00:00:00Z' }, version: 1, id: 'a' } })
  await insights.list({ where: { seenAt: { isNull: true }, score: { between: [0, 1] } } })
  await insights.list({ orderBy: [{ field: 'uses', direction: 'desc' }, { field: 'createdAt' }] })
  await insights.list({ lifecycle: ['archived'], limit: 10, after: 'cursor' })
  await insights.count({ groupBy: 'level', where: { checked: true } })
  await insights.list({ where: { 'source.kind': { startsWith: 'l' }, 'source.line': { gte: 3 } } })
  await insights.list({ where: { 'extra.any.thing': { gt: 1 }, 'extra.other': 'x' } })
  await insights.list({ orderBy: [{ field: 'source.line' }, { field: 'extra.rank' }] })
  await insights.count({ groupBy: 'source.kind' })
  await insights.explain({ where: { summary: 'a' }, orderBy: [{ field: 'uses' }] })
  const page = await insights.list({ fields: ['summary', 'tags'] })
  const summaries: string[] = page.records.map((record) => record.data.summary)
  for await (const record of insights.listAll({ fields: ['uses'] })) record.data.uses.toFixed()

  // @ts-expect-error this field was not asked for
  page.records[0]?.data.level
  // @ts-expect-error there is no such field
  await insights.list({ where: { sumary: 'a' } })
  // @ts-expect-error a text is no number
  await insights.list({ where: { summary: 1 } })
  // @ts-expect-error there is no such operator
  await insights.list({ where: { summary: { like: 'a' } } })
  // @ts-expect-error not one of the values
  await insights.list({ where: { level: { in: ['medium'] } } })
  // @ts-expect-error truth has no order
  await insights.list({ where: { checked: { gt: false } } })
  // @ts-expect-error a list contains items of its own kind
  await insights.list({ where: { tags: { contains: 1 } } })
  // @ts-expect-error a list equals nothing: ask what it contains
  await insights.list({ where: { tags: 'ci' } })
  // @ts-expect-error the same below `or`
  await insights.list({ where: { or: [{ sumary: 'a' }] } })
  // @ts-expect-error there is no such field
  await insights.list({ orderBy: [{ field: 'sumary' }] })
  // @ts-expect-error the nested object has no such member
  await insights.list({ where: { 'source.knd': 'log' } })
  // @ts-expect-error a nested text is no number
  await insights.list({ where: { 'source.kind': 1 } })
  // @ts-expect-error a nested number has no prefix
  await insights.list({ where: { 'source.line': { startsWith: '1' } } })
  // @ts-expect-error a text has no members
  await insights.list({ where: { 'summary.length': 1 } })
  // @ts-expect-error the same below `not`
  await insights.list({ where: { not: { 'source.knd': 'log' } } })
  // @ts-expect-error the nested object has no such member
  await insights.list({ orderBy: [{ field: 'source.knd' }] })
  // @ts-expect-error a list has no order
  await insights.list({ orderBy: [{ field: 'tags' }] })
  // @ts-expect-error an object has no order
  await insights.list({ orderBy: [{ field: 'source' }] })
  // @ts-expect-error nor can records be counted by a list
  await insights.count({ groupBy: 'tags' })
  // @ts-expect-error there is no such field
  await insights.explain({ where: { sumary: 'a' } })
  // @ts-expect-error up or down
  await insights.list({ orderBy: [{ field: 'summary', direction: 'up' }] })
  // @ts-expect-error there is no such field
  await insights.list({ fields: ['sumary'] })
  // @ts-expect-error there is no such lifecycle
  await insights.list({ lifecycle: ['gone'] })
  // @ts-expect-error there is no such field
  await insights.count({ groupBy: 'sumary' })
  void summaries
}

export async function update(): Promise<void> {
  await insights.update('a', { expectedVersion: 1, set: { summary: 'b' }, unset: ['domain'] })
  await insights.update('a', { force: true, set: { uses: 2 } })
  await insights.update('a', { apply: [{ field: 'uses', op: 'increment', value: 1 }] })
  await insights.update('a', { apply: [{ field: 'tags', op: 'addToSet', value: 'ci' }] })
  await insights.update('a', (record) => ({ set: { uses: record.data.uses + 1 } }))
  await insights.update('a', async (record) =>
    record.data.checked ? undefined : { unset: ['score'] },
  )

  // @ts-expect-error a blind overwrite needs `force`
  await insights.update('a', { set: { summary: 'b' } })
  // @ts-expect-error operators beside `set` need a version, too
  await insights.update('a', {
    set: { uses: 1 },
    apply: [{ field: 'tags', op: 'append', value: 'x' }],
  })
  // @ts-expect-error the version is a number
  await insights.update('a', { expectedVersion: '1', set: { summary: 'b' } })
  // @ts-expect-error there is no such field
  await insights.update('a', { expectedVersion: 1, set: { sumary: 'b' } })
  // @ts-expect-error a text is no number
  await insights.update('a', { expectedVersion: 1, set: { summary: 1 } })
  // @ts-expect-error managed fields can't be set
  await insights.update('a', { expectedVersion: 1, set: { state: 'approved' } })
  // @ts-expect-error nor by a function
  await insights.update('a', () => ({ set: { state: 'approved' } }))
  // @ts-expect-error there is no such field
  await insights.update('a', () => ({ set: { sumary: 'b' } }))
  // @ts-expect-error a required field can't be unset
  await insights.update('a', { expectedVersion: 1, unset: ['summary'] })
  // @ts-expect-error nor one with a default
  await insights.update('a', { expectedVersion: 1, unset: ['uses'] })
  // @ts-expect-error nor a managed one
  await insights.update('a', { expectedVersion: 1, unset: ['reviewer'] })
  // @ts-expect-error a text can't be incremented
  await insights.update('a', { apply: [{ field: 'summary', op: 'increment', value: 1 }] })
  // @ts-expect-error a number has no items
  await insights.update('a', { apply: [{ field: 'uses', op: 'append', value: 1 }] })
  // @ts-expect-error a list of texts
  await insights.update('a', { apply: [{ field: 'tags', op: 'append', value: 1 }] })
  // @ts-expect-error a function's attempts have keys of their own
  await insights.update('a', () => undefined, { idempotencyKey: 'k' })
}

export async function move(): Promise<void> {
  await insights.delete('a', { expectedVersion: 1 })
  await insights.archive('a', { force: true, reason: 'old' })
  // @ts-expect-error a deletion says what it is based on
  await insights.delete('a', {})
  // @ts-expect-error either of the two
  await insights.purge('a', { expectedVersion: 1, force: true })
}

export async function results(): Promise<void> {
  const bare = await insights.create({ summary: 'a' })
  const full = await insights.create({ summary: 'a' }, { return: 'record' })
  const summary: string = full.record.data.summary
  // @ts-expect-error the record was not asked for
  bare.record.data
  void summary
}

export async function transactions(): Promise<void> {
  await client
    .transaction()
    .create(Insight, { summary: 'a' })
    .update(Pattern, 'p', { expectedVersion: 1, set: { name: 'b' } })
    .delete(Insight, 'a', { expectedVersion: 2 })
    .guard(Pattern, 'q', null)
    .commit({ reason: 'review' })

  // @ts-expect-error the data of another type
  client.transaction().create(Pattern, { summary: 'a' })
  // @ts-expect-error a required field is missing
  client.transaction().create(Insight, {})
  // @ts-expect-error a blind overwrite needs `force`
  client.transaction().update(Pattern, 'p', { set: { name: 'b' } })
  // @ts-expect-error managed fields can't be set
  client.transaction().update(Insight, 'a', { expectedVersion: 1, set: { reviewer: 'maria' } })
  // @ts-expect-error null says that there is none; undefined says nothing
  client.transaction().guard(Pattern, 'q', undefined)
}

export async function events(): Promise<void> {
  await client.on(Insight, (event) => {
    const uses: number | undefined = event.record?.data.uses
    // @ts-expect-error there is no such field
    event.record?.data.sumary
    void uses
  })
  await client.on('Build.*', (event) => void event.payload)
  for await (const event of await client.subscribe(Pattern, { where: { name: 'x' } })) {
    event.record?.data.name.trim()
  }
  // @ts-expect-error there is no such field
  await client.subscribe(Pattern, { where: { nam: 'x' } })
  await client.subscribe('Pattern.*', { where: { name: 'x' } })
  // @ts-expect-error operations are those of a record type
  await client.subscribe('Pattern.*', { operations: ['created'] })
  // @ts-expect-error there is no such operation
  await client.on(Insight, () => {}, { operations: ['changed'] })
}
