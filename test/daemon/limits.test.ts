/** Every limit of the daemon, from both sides: what it lets through, and how one more is refused. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '../../daemon/clock.ts'
import { defaultLimits, fixedLimits, type Limits } from '../../daemon/limits.ts'
import { toldLimits } from '../../daemon/session/handshake.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { startDaemon } from '../support/daemon.ts'
import {
  assertOverloaded,
  assertTooLarge,
  fitsAndMisfits,
  type LimitCase,
  type LimitReason,
  runLimitCase,
  searchBound,
  servedAndRefused,
  unseenLimits,
} from '../support/limit-cases.ts'
import { pluginLimits } from '../support/plugin-limits.ts'
import { referenceLimits } from '../support/reference-limits.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { caller, Note, openTestStore } from '../support/store.ts'
import { frame, RawPeer } from '../transport/raw-peer.ts'

const note = (data: JsonObject = {}, more: JsonObject = {}) => ({
  type: 'Note',
  data: { title: 'a', ...data },
  ...more,
})
const several = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const hello = { protocol: { min: 1, max: 1 }, client: { name: 'test', kind: 'script' } }
/** A request whose body has exactly so many bytes. */
const padded = (message: { readonly method: string; readonly params: object }, bytes: number) => {
  const bare = JSON.stringify({ jsonrpc: '2.0', id: 1, pad: '', ...message })
  return bare.replace('"pad":""', `"pad":"${'x'.repeat(bytes - bare.length)}"`)
}
/** Data of a note whose JSON text, with the defaults, has exactly so many bytes. */
const noteOfBytes = (bytes: number): JsonObject => {
  const bare = JSON.stringify({ title: 'a', state: 'open', count: 0, tags: [], extra: { x: '' } })
  return note({ extra: { x: 'x'.repeat(bytes - bare.length) } })
}
const fieldsOf = (count: number, field: object = { kind: 'text', optional: true }) =>
  Object.fromEntries(several(count, (index) => [`f${index}`, field]))
const define = (name: string, fields: object, more: object = {}) => ({
  definition: { name, fields, ...more },
})
const or = (count: number) => ({ or: several(count, (index) => ({ count: index })) })
const nots = (count: number): object => (count === 0 ? { count: 1 } : { not: nots(count - 1) })

/** The compiler asks for each limit; what is no case says why. */
const cases: { readonly [L in keyof Limits]: LimitCase | LimitReason } = {
  headerMaxBytes: {
    socket: true,
    check: async ({ t, daemon }) => {
      const send = async (bytes: number) => {
        const peer = await RawPeer.connect(t, daemon.daemon.socketPath ?? '')
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello })
        const bare = `Content-Length: ${body.length}\r\nX: \r\n\r\n`
        peer.send(bare.replace('X: ', `X: ${'x'.repeat(bytes - bare.length)}`) + body)
        return peer.receive()
      }
      assert.ok((await send(8192)).result)
      assert.equal((await send(8193)).error?.code, -32600)
    },
  },
  bodyBeforeHandshakeMaxBytes: {
    socket: true,
    check: async ({ t, daemon }) => {
      const send = async (bytes: number) => {
        const peer = await RawPeer.connect(t, daemon.daemon.socketPath ?? '')
        peer.send(frame(padded({ method: 'initialize', params: hello }, bytes)))
        return peer.receive()
      }
      assert.ok((await send(65_536)).result)
      assert.equal((await send(65_537)).error?.code, -32600)
    },
  },
  bodyMaxBytes: {
    socket: true,
    limits: { bodyMaxBytes: 100_000 },
    check: async ({ t, daemon }) => {
      const peer = await RawPeer.connect(t, daemon.daemon.socketPath ?? '')
      peer.send(frame(padded({ method: 'initialize', params: hello }, 300)))
      assert.ok((await peer.receive()).result)
      peer.send(frame(padded({ method: 'type/list', params: {} }, 100_000)))
      assert.ok((await peer.receive()).result)
      peer.send(frame(padded({ method: 'type/list', params: {} }, 100_001)))
      assert.equal((await peer.receive()).error?.code, -32600)
      await peer.closed
    },
  },
  nestingMax: {
    check: async ({ client }) => {
      // The message, its parameters, and the filter's value are levels too.
      const nested = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)
      await client.call('type/list', { x: nested(198) })
      const error = await client.refused('type/list', { x: nested(199) })
      assert.deepEqual([error.code, error.data.kind], [-32600, 'invalid_request'])
    },
  },
  valuesMax: {
    limits: { valuesMax: 1000 },
    check: servedAndRefused(
      'type/list',
      // The message, what it says of itself, and the parameters are values too.
      { x: several(994, () => 1) },
      { x: several(995, () => 1) },
      { limit: 1000, actual: 1001 },
    ),
  },
  requestsInFlightMax: {
    limits: { requestsInFlightMax: 3 },
    check: async ({ client }) => {
      const waiting = several(3, () => client.send('event/list', { waitMs: 60_000 }))
      assertOverloaded(await client.refused('type/list'))
      for (const id of waiting) client.notify('$/cancelRequest', { id })
      await Promise.all(waiting.map((id) => client.answer(id)))
      await client.call('type/list')
    },
  },
  handshakeMaxMs: {
    limits: { handshakeMaxMs: 300 },
    check: async ({ daemon, client }) => {
      await daemon.dial().client.closed
      await client.call('type/list')
    },
  },
  handshakeTriesMax: { shownBy: 'test/session/tokens.test.ts' },
  wrongTokenDelayMs: { shownBy: 'test/session/tokens.test.ts' },
  tokensMax: { shownBy: 'test/session/tokens.test.ts' },
  backupEveryMs: { shownBy: 'test/store/backups.test.ts' },
  backupsMax: { shownBy: 'test/store/backups.test.ts' },
  connectionsMax: {
    socket: true,
    limits: { connectionsMax: 3 },
    check: async ({ t, daemon }) => {
      const connect = () => RawPeer.connect(t, daemon.daemon.socketPath ?? '')
      const greet = (peer: RawPeer) => {
        peer.sendMessage({ jsonrpc: '2.0', id: 1, method: 'initialize', params: hello })
        return peer.receive()
      }
      const silent = await connect()
      for (const peer of [await connect(), await connect()]) assert.ok((await greet(peer)).result)
      const newer = await connect()
      assert.ok((await greet(newer)).result, 'one that has said nothing gives way')
      const refused = (await silent.receive()).error
      assert.deepEqual([refused?.code, refused?.data?.retryable], [42900, true])
      const tooMany = await (await connect()).receive()
      assert.deepEqual([tooMany.error?.code, tooMany.error?.data?.kind], [42900, 'overloaded'])
    },
  },
  subscriptionsPerConnectionMax: {
    limits: { subscriptionsPerConnectionMax: 2 },
    check: async ({ client }) => {
      for (const _ of several(2, () => 0)) {
        await client.call('subscription/open', { patterns: ['Note.*'] })
      }
      const error = await client.refused('subscription/open', { patterns: ['Note.*'] })
      assertTooLarge(error, { limit: 2, actual: 3 })
    },
  },
  subscriptionsMax: {
    limits: { subscriptionsMax: 2 },
    check: async ({ daemon, client }) => {
      await client.call('subscription/open', { patterns: ['Note.*'] })
      const other = await daemon.connect()
      await other.call('subscription/open', { patterns: ['Note.*'] })
      assertOverloaded(await other.refused('subscription/open', { patterns: ['Note.*'] }))
    },
  },
  patternsMax: {
    check: fitsAndMisfits(
      'subscription/open',
      { patterns: several(64, (index) => `Note.${index}*`), allowUnknown: true },
      { patterns: several(65, (index) => `Note.${index}*`), allowUnknown: true },
      64,
    ),
  },
  patternMaxLength: {
    check: fitsAndMisfits(
      'subscription/open',
      { patterns: [`Note.*${'a'.repeat(250)}`], allowUnknown: true },
      { patterns: [`Note.*${'a'.repeat(251)}`], allowUnknown: true },
      256,
    ),
  },
  alternativesMax: {
    check: async (world) => {
      const braces = (count: number, at: string) =>
        `Note.${at}{${several(count, (index) => index.toString(36))}}`
      const patterns = several(4, (index) => braces(60, `x${index}`))
      const open = (last: number) => ({
        patterns: [...patterns, braces(last, 'y')],
        allowUnknown: true,
      })
      const bound = { limit: 256, actual: 257 }
      await servedAndRefused('subscription/open', open(16), open(17), bound)(world)
      const list = (last: number) => ({ patterns: open(last).patterns })
      await servedAndRefused('event/list', list(16), list(17), bound)(world)
    },
  },
  filterDepthMax: {
    check: servedAndRefused(
      'record/list',
      { type: 'Note', where: nots(15) },
      { type: 'Note', where: nots(16) },
      { limit: 16, actual: 17 },
    ),
  },
  filterPartsMax: {
    check: async (world) => {
      // Each alternative is a group and a field in it; the list itself is one more.
      const served = { type: 'Note', where: { ...or(499), count: 1 } }
      const refused = { type: 'Note', where: { ...or(499), count: 1, flag: true } }
      const bound = { limit: 1000, actual: 1001 }
      await servedAndRefused('record/list', served, refused, bound)(world)
      await servedAndRefused('record/count', served, refused, bound)(world)
    },
  },
  filterValuesMax: {
    check: async (world) => {
      const ins = (count: number) => ({
        type: 'Note',
        where: {
          and: [
            { title: { in: several(600, String) } },
            { title: { notIn: several(count, String) } },
          ],
        },
      })
      const bound = { limit: 1000, actual: 1001 }
      await servedAndRefused('record/list', ins(400), ins(401), bound)(world)
    },
  },
  filterContainsMaxLength: {
    check: async (world) => {
      const contains = (length: number) => ({
        type: 'Note',
        where: { title: { contains: 'a'.repeat(length) } },
      })
      const bound = { limit: 256, actual: 257 }
      await servedAndRefused('record/list', contains(256), contains(257), bound)(world)
    },
  },
  recordMaxBytes: {
    limits: { recordMaxBytes: 300 },
    check: servedAndRefused('record/create', noteOfBytes(300), noteOfBytes(301), {
      limit: 300,
      actual: 301,
    }),
  },
  payloadMaxBytes: {
    limits: { payloadMaxBytes: 20 },
    check: servedAndRefused(
      'event/publish',
      { topic: 'Build.done', payload: 'x'.repeat(18) },
      { topic: 'Build.done', payload: 'x'.repeat(19) },
      { limit: 20, actual: 21 },
    ),
  },
  idMaxBytes: {
    check: fitsAndMisfits(
      'record/create',
      note({}, { id: '저'.repeat(85) }),
      note({}, { id: `${'저'.repeat(85)}x` }),
      255,
    ),
  },
  idempotencyKeyMaxLength: {
    check: fitsAndMisfits(
      'record/create',
      note({}, { idempotencyKey: 'x'.repeat(255) }),
      note({}, { idempotencyKey: 'x'.repeat(256) }),
      255,
    ),
  },
  fieldsMax: {
    check: async (world) => {
      const bound = { limit: 200, actual: 201 }
      const [served, refused] = [define('Wide', fieldsOf(200)), define('Wider', fieldsOf(201))]
      await servedAndRefused('type/define', served, refused, bound)(world)
      const more = define('Wide', { more: { kind: 'text', optional: true } })
      assertTooLarge(await world.client.refused('type/define', more), bound)
    },
  },
  indexesMax: {
    limits: { indexesMax: 10 },
    check: async ({ client }) => {
      const indexed = { kind: 'text', optional: true, indexed: true }
      await client.call(
        'type/define',
        define('Found', fieldsOf(9, indexed), { indexes: [['f0', 'f1']] }),
      )
      const error = await client.refused('type/define', define('Lost', fieldsOf(11, indexed)))
      assertTooLarge(error, { limit: 10, actual: 11 })
      const more = await client.refused('type/define', define('Found', { g: indexed }))
      assertTooLarge(more, { limit: 10, actual: 11 })
    },
  },
  definitionMaxBytes: {
    limits: { definitionMaxBytes: 5000 },
    check: async (world) => {
      const bytes = (count: number) => {
        const bare = define('Told', fieldsOf(1), { description: '' }).definition
        const description = 'x'.repeat(count - JSON.stringify(bare).length)
        return define('Told', fieldsOf(1), { description })
      }
      const bound = { limit: 5000, actual: 5001 }
      await servedAndRefused('type/define', bytes(5000), bytes(5001), bound)(world)
    },
  },
  pageMax: {
    check: async (world) => {
      const keys = (count: number) => ({ keys: several(count, () => ({ type: 'Note', id: 'a' })) })
      const bound = { limit: 1000, actual: 1001 }
      await servedAndRefused('record/getMany', keys(1000), keys(1001), bound)(world)
      const page = (limit: number) => ({ type: 'Note', limit })
      await fitsAndMisfits('record/list', page(1000), page(1001), 1000)(world)
      await fitsAndMisfits('event/list', { limit: 1000 }, { limit: 1001 }, 1000)(world)
    },
  },
  answerMaxLength: {
    limits: { answerMaxLength: 10_000 },
    check: async ({ client }) => {
      const ids = several(4, (index) => `n${index}`)
      for (const id of ids) {
        await client.call('record/create', note({ extra: { x: 'x'.repeat(3000) } }, { id }))
      }
      const first = await client.call('record/list', { type: 'Note' })
      assert.equal(first.records.length, 3)
      const rest = await client.call('record/list', { type: 'Note', after: first.next })
      assert.deepEqual([rest.records.length, rest.next], [1, undefined])
      const keys = (count: number) => ({
        keys: ids.slice(0, count).map((id) => ({ type: 'Note', id })),
      })
      assert.equal((await client.call('record/getMany', keys(3))).records.length, 3)
      assertTooLarge(await client.refused('record/getMany', keys(4)))
      const page = await client.call('event/list', {})
      assert.ok(page.events.length < 4)
      const more = await client.call('event/list', { after: page.token })
      assert.equal(page.events.length + more.events.length, 4)
      const touch = (count: number) => ({
        return: 'record',
        operations: keys(count).keys.map((key) => ({
          op: 'update',
          ...key,
          force: true,
          set: { count: 7 },
        })),
      })
      assertTooLarge(await client.refused('record/transact', touch(4)))
      assert.equal((await client.call('record/get', { type: 'Note', id: 'n0' })).version, 1)
      assert.equal((await client.call('record/transact', touch(3))).results.length, 3)
      for (const count of [1, 2, 3]) {
        await client.call('record/update', { type: 'Note', id: 'n3', force: true, set: { count } })
      }
      const history = await client.call('record/history', { type: 'Note', id: 'n3' })
      assert.equal(history.versions.length, 3)
      const older = { type: 'Note', id: 'n3', after: history.next }
      assert.equal((await client.call('record/history', older)).versions.length, 1)
    },
  },
  groupsMax: {
    limits: { groupsMax: 3 },
    check: async ({ client }) => {
      const count = () => client.call('record/count', { type: 'Note', groupBy: 'title' })
      for (const title of ['a', 'b', 'c']) await client.call('record/create', note({ title }))
      assert.equal((await count()).groups.length, 3)
      await client.call('record/create', note({ title: 'd' }))
      const error = await client.refused('record/count', { type: 'Note', groupBy: 'title' })
      assertTooLarge(error, { limit: 3, actual: 4 })
    },
  },
  searchQueryMaxLength: searchBound(2000, (length) => 'a'.repeat(length)),
  searchWordsMax: searchBound(64, (count) => several(count, (index) => `w${index}`).join(' ')),
  searchPrefixRecordsMax: {
    limits: { searchPrefixRecordsMax: 3 },
    check: async ({ client }) => {
      const fields = { title: { kind: 'text', searchable: true } }
      await client.call('type/define', { definition: { name: 'Sought', fields } })
      for (const title of ['cab', 'cab can', 'dab', 'dab', 'dab']) {
        await client.call('record/create', { type: 'Sought', data: { title } })
      }
      const found = async (query: string) =>
        (await client.call('record/search', { types: ['Sought'], query })).hits.length
      assert.deepEqual([await found('ca*'), await found('da*'), await found('cab')], [2, 3, 2])
      const { data } = await client.refused('record/search', {
        types: ['Sought'],
        query: 'ca* OR da*',
      })
      assert.deepEqual([data.kind, data.limit], ['too_large', 3])
      assert.match(`${data.remedy}`, /more letters/)
    },
  },
  searchDepthMax: searchBound(8, (depth) => `${'('.repeat(depth)}a b${')'.repeat(depth)}`),
  operationsMax: {
    check: async (world) => {
      const operations = (count: number) => ({
        operations: several(count, () => ({ op: 'create', ...note() })),
      })
      const bound = { limit: 1000, actual: 1001 }
      await servedAndRefused('record/transact', operations(1000), operations(1001), bound)(world)
      const records = (from: number, count: number) => ({
        records: several(count, (index) => note({}, { id: `i${from + index}` })),
      })
      await servedAndRefused('record/import', records(0, 1000), records(5000, 1001), bound)(world)
    },
  },
  transactionMaxBytes: {
    limits: { transactionMaxBytes: 900 },
    check: async ({ client }) => {
      const operations = (...bytes: number[]) => ({
        operations: bytes.map((each) => ({ op: 'create', ...noteOfBytes(each) })),
      })
      await client.call('record/transact', operations(300, 300, 300))
      const before = (await client.call('daemon/status')).token
      const error = await client.refused('record/transact', operations(300, 300, 301))
      assertTooLarge(error, { limit: 900, actual: 901 })
      assert.equal((await client.call('daemon/status')).token, before, 'nothing was written')
      await client.call('record/create', noteOfBytes(2000))
    },
  },
  ...referenceLimits,
  matchStepsMax: {
    limits: { matchStepsMax: 2000 },
    check: async ({ client }) => {
      const slow = { kind: 'text', pattern: '^(a?){50}$' }
      await client.call('type/define', define('Slow', { text: slow }))
      await client.call('record/create', { type: 'Slow', data: { text: 'a'.repeat(10) } })
      const long = { type: 'Slow', data: { text: 'a'.repeat(200) } }
      assertTooLarge(await client.refused('record/create', long))
      const operations = several(30, () => ({
        op: 'create',
        type: 'Slow',
        data: { text: 'aaaaa' },
      }))
      assertTooLarge(await client.refused('record/transact', { operations }))
      assert.equal((await client.call('record/count', { type: 'Slow' })).count, 1)
    },
  },
  recordTypesMax: {
    check: async ({ t }) => {
      const { client: asked } = await world(t, {})
      const { types } = await asked.call('type/list')
      const { client } = await world(t, { recordTypesMax: types.length + 1 })
      await client.call('type/define', define('Last', fieldsOf(1)))
      const error = await client.refused('type/define', define('Beyond', fieldsOf(1)))
      assertTooLarge(error, { limit: types.length + 1, actual: types.length + 2 })
    },
  },
  writeQueueMax: {
    limits: { writeQueueMax: 3 },
    check: async ({ t, client }) => {
      // Time stands still, so that no turn is long enough to be ended before the last request is in it.
      const { mock } = t.mock.method(performance, 'now', () => 0)
      const answers = await Promise.all(
        several(5, () => client.send('record/create', note())).map((id) => client.answer(id)),
      )
      mock.restore()
      const refused = answers.filter(({ error }) => error !== undefined)
      assert.equal(refused.length, 2)
      for (const { error } of refused) assertOverloaded(error)
      assert.equal((await client.call('record/count', { type: 'Note' })).count, 3)
    },
  },
  writeWaitMaxMs: {
    limits: { writeWaitMaxMs: 1, groupMax: 1 },
    check: async ({ t, client }) => {
      const write = async (to: typeof client) => {
        const sent = several(200, () => to.send('record/create', note()))
        const answers = await Promise.all(sent.map((id) => to.answer(id)))
        return answers.filter(({ error }) => error !== undefined)
      }
      const refused = await write(client)
      assert.ok(refused.length > 0)
      for (const { error } of refused) assertOverloaded(error)
      const { count } = await client.call('record/count', { type: 'Note' })
      assert.equal(count, 200 - refused.length, 'what was refused was not written')
      const { client: patient } = await world(t, { groupMax: 1 })
      assert.equal((await write(patient)).length, 0)
    },
  },
  positionsMax: {
    limits: { positionsMax: 1 },
    check: async ({ client }) => {
      const open = (name: string) => ({ patterns: ['Note.*'], name })
      await client.call('subscription/open', open('a'))
      const error = await client.refused('subscription/open', open('b'))
      assertTooLarge(error, { limit: 1, actual: 2 })
    },
  },
  idempotencyKeptMs: {
    check: async ({ t }) => {
      t.mock.timers.enable({ apis: ['setInterval'] })
      let nowMicros = 1_700_000_000_000_000
      const clock = { ...systemClock, nowMicros: () => nowMicros }
      const store = await openTestStore(t, { clock, limits: { idempotencyKeptMs: 7_200_000 } })
      const write = { type: 'Tally', data: {}, idempotencyKey: 'k' }
      const replayed = async (afterMs: number) => {
        nowMicros += afterMs * 1000
        t.mock.timers.tick(3_600_000)
        // The sweep is a write among the others: one that follows it finds it done.
        await store.create({ type: 'Tally', data: {} }, caller())
        return (await store.create(write, caller())).replayed
      }
      assert.equal(await replayed(0), undefined)
      assert.equal(await replayed(7_200_000), true)
      assert.equal(await replayed(2000), undefined)
    },
  },
  eventsKeptMs: { shownBy: 'test/daemon/compaction.test.ts' },
  eventsKept: { shownBy: 'test/daemon/compaction.test.ts' },
  eventsHeldMax: { shownBy: 'test/daemon/compaction.test.ts' },
  positionsKeptMs: { shownBy: 'test/daemon/subscription-named.test.ts' },
  idleExitMs: { shownBy: 'test/daemon/daemon-process.test.ts' },
  drainMaxMs: { shownBy: 'test/daemon/daemon-process.test.ts' },
  bookmarkEveryMs: { shownBy: 'test/events/connection-pump.test.ts' },
  selfCheckEveryMs: { internal: 'a pace: how soon a daemon that lost its place ends' },
  logFileMaxBytes: { internal: 'how much is kept for people to read' },
  groupMax: { internal: 'more writes than this make another transaction, which nobody can tell' },
  groupMaxMs: { internal: 'writes beyond it make another transaction, which nobody can tell' },
  scansMax: { shownBy: 'test/store/long-reads.test.ts' },
  turnMaxMs: { internal: 'paces long reads; what they answer is the same' },
  blockingSyncMaxMs: { internal: 'decides which thread waits for the disk' },
  ...unseenLimits,
  ...pluginLimits,
  actionMaxMs: { shownBy: 'test/governance/actions.test.ts' },
}

async function world(t: Parameters<typeof startDaemon>[0], limits: Partial<Limits>) {
  const daemon = await startDaemon(t, { limits })
  return { daemon, client: await daemon.connect() }
}

for (const [name, found] of Object.entries(cases)) {
  if ('check' in found) {
    test(`${name} is kept: as much is served, more is refused`, (t) => runLimitCase(t, found))
  } else if ('shownBy' in found) {
    test(`${name} is shown by ${found.shownBy}`, () => {
      const variable = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
      const flag = variable.toLowerCase().replaceAll('_', '-')
      const named = new RegExp(`\\b(${name}|ORION_LIMIT_${variable}|${flag})\\b`)
      assert.match(readFileSync(found.shownBy, 'utf8'), named)
    })
  }
}

test('every limit has a case, or a reason why it has none', () => {
  assert.deepEqual(Object.keys(cases).sort(), Object.keys(defaultLimits).sort())
})

test('a write may ask for a shorter wait than the daemon’s own', async (t) => {
  const { client } = await world(t, { groupMax: 1 })
  const sent = several(200, () => client.send('record/create', note({}, { deadlineMs: 1 })))
  const answers = await Promise.all(sent.map((id) => client.answer(id)))
  const refused = answers.filter(({ error }) => error !== undefined)
  assert.ok(refused.length > 0)
  for (const { error } of refused) assertOverloaded(error)
  assert.equal((await client.call('record/count', { type: 'Note' })).count, 200 - refused.length)
})

test('a client of the SDK waits and repeats what an overloaded daemon refused, until all is written', async (t) => {
  const limits = { writeQueueMax: 5, requestsInFlightMax: 10 }
  const client = await daemonClient(t, await startDaemon(t, { limits }))
  const notes = client.repository(Note)
  const written = await Promise.all(several(60, (count) => notes.create({ title: `${count}` })))
  assert.equal(new Set(written.map(({ id }) => id)).size, 60)
  assert.equal((await notes.count()).count, 60)
})

test('a client is told every limit that it can run into, with the value that counts', async (t) => {
  const daemon = await startDaemon(t, { limits: { recordMaxBytes: 77_777 } })
  const { limits } = await daemon.dial().client.initialize()
  assert.equal(limits.recordMaxBytes, 77_777)
  assert.deepEqual(Object.keys(limits).sort(), [...toldLimits].sort())
  const runInto = Object.entries(cases).filter(([, found]) => 'check' in found)
  const untold = runInto.map(([name]) => name).filter((name) => !(name in limits))
  assert.deepEqual(untold, [])
})

test('every limit says its unit in its name', () => {
  const unit = /(Bytes|Kib|Ms|Length|Depth|[a-z]Max|MaxEvents|Pages|eventsKept)$/
  assert.deepEqual(
    Object.keys(defaultLimits).filter((name) => !unit.test(name)),
    [],
  )
})

test('what is part of the protocol is the same in every daemon', () => {
  for (const name of fixedLimits) assert.ok((toldLimits as readonly string[]).includes(name), name)
})
