/** Rows that were damaged in the file of a closed store come back marked, break no answer, and are mended by update. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Connection } from '../../daemon/store/engine/engine.ts'
import { inspectFile } from '../../daemon/store/inspect-file.ts'
import type { StoreApi } from '../../daemon/store/store-api.ts'
import {
  boolean,
  enumeration,
  instant,
  integer,
  json,
  list,
  number,
  object,
  text,
} from '../../sdk/field.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Record } from '../../sdk/model.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import { loadTestEngine } from '../support/engine.ts'
import { caller, openTestStore, temporaryDirectory } from '../support/store.ts'

const Part = defineRecordType('Part', {
  fields: {
    name: text({ maxLength: 20, indexed: true, searchable: true }),
    code: text({ optional: true, pattern: '^[a-z]+$', immutable: true }),
    state: enumeration(['new', 'used'], { default: 'new' }),
    owned: enumeration(['yes', 'no'], { default: 'no', managed: true }),
    count: integer({ default: 3, minimum: 0 }),
    weight: number({ optional: true }),
    isSpare: boolean({ optional: true }),
    due: instant({ optional: true, indexed: true }),
    tags: list(text(), { default: [], searchable: true }),
    size: object({ width: integer(), unit: text({ optional: true }) }, { optional: true }),
    extra: json({ optional: true }),
  },
})

const types = [Part.definition]
const owner = caller()
const whole = {
  name: 'wheel',
  code: 'abc',
  weight: 1.5,
  isSpare: true,
  due: '2026-01-01T00:00:00.000000Z',
  tags: ['round'],
  size: { width: 4 },
  extra: { colour: 'red', deep: { er: 1 } },
} as const

/** How a column is damaged, as SQL, and what the reason says of it. */
const damages: readonly { field: string; sql: string; reason: RegExp }[] = [
  { field: 'name', sql: "x'ff00'", reason: /^name: expected a value, got bytes$/ },
  { field: 'name', sql: `'${'long '.repeat(9)}'`, reason: /^name: expected at most 20/ },
  { field: 'code', sql: "'ABC'", reason: /^code: expected a text that matches/ },
  { field: 'state', sql: "'odd'", reason: /^state: expected one of "new", "used", got "odd"$/ },
  { field: 'count', sql: "'many'", reason: /^count: expected a safe integer, got "many"$/ },
  { field: 'count', sql: '-1', reason: /^count: expected at least 0, got -1$/ },
  { field: 'count', sql: '9007199254740993', reason: /^count: expected a safe integer/ },
  { field: 'weight', sql: '9e999', reason: /^weight: expected a finite number, got Infinity$/ },
  { field: 'weight', sql: "'heavy'", reason: /^weight: expected a finite number, got "heavy"$/ },
  { field: 'isSpare', sql: '7', reason: /^isSpare: expected 0 or 1, got 7$/ },
  { field: 'due', sql: "'the first day of the year!!'", reason: /^due: expected an instant/ },
  { field: 'tags', sql: `'["cut'`, reason: /^tags: it is no JSON: / },
  { field: 'tags', sql: `'["five",]'`, reason: /^tags: it is no JSON: / },
  { field: 'tags', sql: `'{"a":1}'`, reason: /^tags: expected a list/ },
  { field: 'tags', sql: `'["a",1]'`, reason: /^tags: item 1: expected a text, got 1$/ },
  { field: 'size', sql: `'{"width":"wide"}'`, reason: /^size: member width: expected a safe/ },
  { field: 'size', sql: `'{"unit":"m"}'`, reason: /^size: member width is missing$/ },
  { field: 'size', sql: `'{"width":1,"b":1}'`, reason: /^size: there is no member "b"$/ },
  { field: 'extra', sql: `'{"colour":'`, reason: /^extra: it is no JSON: / },
  { field: 'extra', sql: "'[1]'", reason: /^extra: expected an object/ },
  { field: 'extra', sql: '12', reason: /^extra: expected an object, got 12$/ },
]

/** Closes a store, alters its file as another program might, and opens it again. */
async function altered(
  t: TestContext,
  { store, path }: { readonly store: StoreApi; readonly path: string },
  alter: (connection: Connection) => void,
): Promise<StoreApi> {
  await store.close()
  const engine = await loadTestEngine()
  const options = { syncMode: 'off', cacheKib: 1024, statementsMax: 8 } as const
  const connection = engine.open(path, options)
  connection.exec('PRAGMA ignore_check_constraints = ON')
  alter(connection)
  connection.close()
  return await openTestStore(t, { path, types })
}

/** A store with a sound record, a damaged one for each of the damages, and a sound one after them. */
async function damagedStore(t: TestContext): Promise<{ store: StoreApi; path: string }> {
  const path = join(temporaryDirectory(t), 'store.db')
  const fresh = await openTestStore(t, { path, types })
  const ids = ['first', ...damages.map((_, index) => `d${index}`), 'last']
  for (const id of ids) await fresh.create({ type: 'Part', id, data: whole }, owner)
  const store = await altered(t, { store: fresh, path }, (connection) => {
    for (const [index, { field, sql }] of damages.entries()) {
      connection.exec(`UPDATE r_Part SET "${field}" = ${sql} WHERE id = 'd${index}'`)
    }
  })
  return { store, path }
}

async function everyPage(
  store: StoreApi,
  query: { where?: JsonObject; orderBy?: { field: string; direction: 'asc' | 'desc' }[] },
): Promise<Record[]> {
  const records: Record[] = []
  let after: string | undefined
  do {
    const page = await store.list({ type: 'Part', limit: 4, ...query, after }, owner)
    records.push(...page.records)
    assert.ok(records.length < 200, 'the pages come to an end')
    after = page.next
  } while (after !== undefined)
  return records
}

const count = damages.length + 2

test('a damaged row comes back marked, with the reason, what is stored and what fits', async (t) => {
  const { store } = await damagedStore(t)
  const ids = damages.map((_, index) => `d${index}`)
  const keys = ids.map((id) => ({ type: 'Part', id }))
  const { records } = await store.getMany({ keys }, owner)
  for (const [index, { field, reason }] of damages.entries()) {
    const record = await store.get({ type: 'Part', id: `d${index}` }, owner)
    assert.deepEqual(records[index], record)
    assert.match(record.quarantined?.reason ?? '', reason)
    assert.deepEqual(Object.keys(record.quarantined?.raw ?? {}), [field])
    assert.deepEqual(
      Object.keys(record.data).sort(),
      Object.keys({ ...whole, state: 1, owned: 1, count: 1 })
        .filter((name) => name !== field)
        .sort(),
    )
    JSON.parse(JSON.stringify(record))
  }
  assert.deepEqual(records[0]?.quarantined?.raw, { name: { base64: '/wA=' } })
  assert.deepEqual(records[3]?.quarantined?.raw, { state: 'odd' })
  const sound = await store.get({ type: 'Part', id: 'last' }, owner)
  assert.equal(sound.quarantined, undefined)
})

test('lists, filters, orders, counts and groups answer with damaged rows among the others', async (t) => {
  const { store } = await damagedStore(t)
  const filters: JsonObject[] = [
    { 'extra.colour': { in: ['red', 'blue'] } },
    { 'extra.colour': { startsWith: 're' } },
    { 'extra.deep.er': { gte: 1 } },
    { 'extra.colour': { contains: 'e' } },
    { 'size.width': { gte: 0 } },
    { 'size.unit': null },
    { tags: { contains: 'round' } },
    { not: { tags: { contains: 'other' } } },
    { name: { endsWith: 'heel' } },
    { count: { gt: 0 } },
  ]
  for (const where of filters) {
    const records = await everyPage(store, { where })
    const found = new Set(records.map(({ id }) => id))
    assert.ok(found.has('first') && found.has('last'), JSON.stringify(where))
    assert.equal(found.size, records.length)
    assert.equal((await store.count({ type: 'Part', where }, owner)).count, found.size)
  }
  for (const field of ['name', 'due', 'count', 'weight', 'isSpare', 'size.width', 'extra.colour']) {
    for (const direction of ['asc', 'desc'] as const) {
      const listed = await everyPage(store, { orderBy: [{ field, direction }] })
      assert.equal(new Set(listed.map(({ id }) => id)).size, listed.length, field)
      assert.ok(listed.some(({ id }) => id === 'last'))
    }
    const { groups = [] } = await store.count({ type: 'Part', groupBy: field }, owner)
    assert.equal(
      groups.reduce((sum, group) => sum + group.count, 0),
      count,
      field,
    )
    JSON.parse(JSON.stringify(groups))
  }
  assert.equal((await everyPage(store, {})).length, count)
  const { hits } = await store.search({ types: ['Part'], query: 'wheel', limit: 50 }, owner)
  assert.equal(hits.length, count)
})

test('long reads, in slices, see the same', async (t) => {
  const { store, path } = await damagedStore(t)
  await store.close()
  const limits = { turnMaxMs: 0 }
  const slow = await openTestStore(t, { path, types, limits })
  const where = { 'extra.deep.er': { gte: 1 } }
  const { records } = await slow.list({ type: 'Part', where, limit: 100 }, owner)
  assert.equal(records.length, (await slow.count({ type: 'Part', where }, owner)).count)
  assert.ok(records.length >= count - 4)
  let afterRow: number | undefined = 0
  let seen = 0
  while (afterRow !== undefined) {
    const slice = slow.readSnapshot({
      type: 'Part',
      seq: slow.log.durableSeq as never,
      afterRow,
      limit: 5,
    })
    seen += slice.records.filter(({ quarantined }) => quarantined !== undefined).length
    afterRow = slice.afterRow
  }
  assert.equal(seen, damages.length)
})

test('a page that would end at bytes or an infinity is refused, rather than begun again', async (t) => {
  const { store } = await damagedStore(t)
  const limit = count - 1
  for (const field of ['name', 'weight']) {
    const query = { type: 'Part', orderBy: [{ field, direction: 'desc' as const }] }
    await assert.rejects(store.list({ ...query, limit: field === 'name' ? 1 : 2 }, owner), {
      kind: 'invalid_request',
      message: new RegExp(`whose ${field} does not fit`),
    })
    assert.equal((await store.list({ ...query, limit }, owner)).records.length, limit)
  }
})

test('an update mends a record only if it replaces all that does not fit', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const fresh = await openTestStore(t, { path, types })
  const p = { type: 'Part', id: 'p' } as const
  await fresh.create({ ...p, data: whole }, owner)
  const store = await altered(t, { store: fresh, path }, (connection) =>
    connection.exec(`UPDATE r_Part SET count = 'many', code = 'X Y', size = '{'`),
  )
  const refusals: Partial<Parameters<StoreApi['update']>[0]>[] = [
    { set: { name: 'other' } },
    { set: { count: 1 } },
    { set: { count: 1, code: 'ok' }, apply: [{ op: 'append', field: 'tags', value: 'x' }] },
  ]
  for (const change of refusals) {
    await assert.rejects(store.update({ ...p, expectedVersion: 1, ...change }, owner), (error) => {
      assert.ok(error instanceof Error && 'kind' in error && 'data' in error)
      assert.equal(error.kind, 'invalid_record')
      assert.match(error.message, /would leave it so: code: .*; count: .*; size: /)
      assert.match(JSON.stringify(error.data), /Set .*size in one update/)
      return true
    })
  }
  const increment = [{ op: 'increment', field: 'count', value: 1 }] as const
  await assert.rejects(store.update({ ...p, apply: [...increment] }, owner), {
    kind: 'invalid_record',
  })
  for (const move of ['delete', 'archive'] as const) {
    await assert.rejects(store[move]({ ...p, expectedVersion: 1 }, owner), {
      kind: 'invalid_record',
    })
  }
  // Nothing of it was done, and nothing was filled in.
  const marked = await store.get(p, owner)
  assert.deepEqual(marked.quarantined?.raw, { code: 'X Y', count: 'many', size: '{' })
  const set = { count: 3, code: 'fresh' }
  await store.update({ ...p, expectedVersion: 1, set, unset: ['size'] }, owner)
  await store.close()
  const again = await openTestStore(t, { path, types })
  const { quarantined, data } = await again.get(p, owner)
  assert.equal(quarantined, undefined)
  const { size: _, ...rest } = whole
  assert.deepEqual(data, { ...rest, ...set, state: 'new', owned: 'no' })
  const { versions } = await again.history(p, owner)
  assert.deepEqual(versions[0]?.changedFields, ['count', 'code', 'size'])
})

test('the log still has what was written to a row that was damaged', async (t) => {
  const { store } = await damagedStore(t)
  const d3 = { type: 'Part', id: 'd3' } as const
  const written = await store.get({ ...d3, version: 1 }, owner)
  assert.equal(written.data.state, 'new')
  assert.equal(written.quarantined, undefined)
  await store.update({ ...d3, expectedVersion: 1, set: { state: 'new' } }, owner)
  assert.equal((await store.get(d3, owner)).quarantined, undefined)
  await store.purge({ type: 'Part', id: 'd0', expectedVersion: 1 }, owner)
  await assert.rejects(store.get({ type: 'Part', id: 'd0' }, owner), { kind: 'not_found' })
})

test('a damaged envelope is shown, and no update pretends to mend it', async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const fresh = await openTestStore(t, { path, types })
  for (const id of ['a', 'b', 'c']) await fresh.create({ type: 'Part', id, data: whole }, owner)
  const store = await altered(t, { store: fresh, path }, (connection) =>
    connection.exec(`UPDATE r_Part SET version = 'two' WHERE id = 'a';
      UPDATE r_Part SET created_by = x'00', updated_at = 'soon' WHERE id = 'b'`),
  )
  const [c, b, a] = (
    await store.list({ type: 'Part', orderBy: [{ field: 'id', direction: 'desc' }] }, owner)
  ).records
  assert.equal(c?.quarantined, undefined)
  assert.deepEqual(b?.quarantined?.raw, { updatedAt: 'soon', createdBy: { base64: 'AA==' } })
  assert.deepEqual([a?.version, a?.quarantined?.raw], [1, { version: 'two' }])
  for (const id of ['a', 'b']) {
    const change = { type: 'Part', id, expectedVersion: 1, set: { name: 'x' } } as const
    await assert.rejects(store.update(change, owner), /would leave it so/)
  }
  await assert.rejects(store.purge({ type: 'Part', id: 'a', expectedVersion: 1 }, owner), {
    kind: 'invalid_record',
  })
})

test('a damaged log ends no stream, no history and no blame', { timeout: 60_000 }, async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const fresh = await openTestStore(t, { path, types })
  const p = { type: 'Part', id: 'p' } as const
  await fresh.create({ ...p, data: whole }, owner)
  for (const [index, name] of ['b', 'c', 'd'].entries()) {
    await fresh.update({ ...p, expectedVersion: index + 1, set: { name } }, owner)
  }
  await fresh.publish({ topic: 'build.done', payload: { ok: true } }, owner)
  const store = await altered(t, { store: fresh, path }, (connection) =>
    connection.exec(`UPDATE log SET actor = '{"prin' WHERE seq = 1;
      UPDATE log SET data = '{"name":' WHERE seq = 2;
      UPDATE log SET changed_fields = 'name' WHERE seq = 3;
      UPDATE log SET actor = '[]', data = '{' WHERE seq = 5`),
  )
  const events = store.log.readEvents(0, 100)
  assert.deepEqual(
    events.map(({ seq, quarantined, record }) => [
      seq,
      Object.keys(quarantined?.raw ?? {}),
      Object.keys(record?.quarantined?.raw ?? {}),
    ]),
    [
      [1, ['actor'], []],
      [2, [], ['data']],
      [3, ['changedFields'], []],
      [4, [], []],
      [5, ['payload', 'actor'], []],
    ],
  )
  assert.equal(events[0]?.record?.data.name, 'wheel')
  const { versions } = await store.history(p, owner)
  assert.deepEqual(
    versions.map(({ version, quarantined }) => [version, quarantined !== undefined]),
    [
      [4, false],
      [3, true],
      [2, true],
      [1, true],
    ],
  )
  const second = await store.get({ ...p, version: 2 }, owner)
  assert.match(second.quarantined?.reason ?? '', /^data: expected an object as JSON/)
  const { fields } = await store.blame(p, owner)
  assert.equal(fields.find(({ field }) => field === 'name')?.change?.version, 4)
  const filter = store.recordFilter('Part', { name: 'nobody' })
  const unread = events[1]
  assert.ok(unread !== undefined)
  assert.notEqual(filter.match(unread, unread), undefined)
  await assert.rejects(store.update({ ...p, expectedVersion: 1, set: { name: 'lost' } }, owner), {
    kind: 'conflict',
  })
})

test('a log that leads in a circle comes to an end', { timeout: 60_000 }, async (t) => {
  const path = join(temporaryDirectory(t), 'store.db')
  const fresh = await openTestStore(t, { path, types })
  const p = { type: 'Part', id: 'p' } as const
  await fresh.create({ ...p, data: whole }, owner)
  await fresh.update({ ...p, expectedVersion: 1, set: { name: 'b' } }, owner)
  const store = await altered(t, { store: fresh, path }, (connection) =>
    connection.exec('UPDATE log SET previous_seq = 2'),
  )
  assert.equal((await store.history(p, owner)).versions.length, 1)
  await assert.rejects(store.get({ ...p, version: 1 }, owner), { kind: 'not_found' })
  await store.blame(p, owner)
})

test('a backup is made of a store with damaged rows, and an inspection lists them', async (t) => {
  const { store, path } = await damagedStore(t)
  const backup = join(temporaryDirectory(t), 'backup.db')
  await store.backup(backup)
  await store.close()
  const engine = await loadTestEngine()
  for (const file of [backup, path]) {
    const { findings, problem } = inspectFile(engine, file, {
      depth: 'everything',
      nowMicros: Date.now() * 1000,
    })
    assert.equal(problem, undefined)
    const levels = new Map(findings.map(({ check, level }) => [check, level]))
    assert.equal(levels.get('integrity'), 'ok')
    assert.equal(levels.get('records'), 'ok')
    const told = findings.find(({ check }) => check === 'quarantine')
    assert.equal(told?.level, 'fail')
    assert.match(told?.message ?? '', /^21 records not fitting the type: Part d0 \(name: /)
    assert.match(told?.message ?? '', /and 1 more$/)
    assert.match(told?.remedy ?? '', /orion update TYPE ID --set/)
  }
})
