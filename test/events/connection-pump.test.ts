import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../daemon/clock.ts'
import { ConnectionPump } from '../../daemon/events/connection-pump.ts'
import { EventBus } from '../../daemon/events/event-bus.ts'
import { type SelectionParts, select } from '../../daemon/events/subscriber.ts'
import type { Opening } from '../../daemon/events/subscription-opening.ts'
import { TopicPatterns } from '../../daemon/events/topic-pattern.ts'
import { silentLog } from '../../daemon/log.ts'
import { MemoryLog } from '../support/memory-log.ts'
import { RecordingSink } from '../support/recording-sink.ts'

const patterns = new TopicPatterns({ patternMaxLength: 256 })

interface Fixture {
  readonly log: MemoryLog
  readonly bus: EventBus
  connect(): { readonly pump: ConnectionPump; readonly sink: RecordingSink; faults: unknown[] }
}

function fixture(t: TestContext, bookmarkEveryMs = 60_000): Fixture {
  const log = new MemoryLog()
  const bus = new EventBus(log, { clock: systemClock, log: silentLog })
  t.after(() => bus.close())
  const connect = (): ReturnType<Fixture['connect']> => {
    const sink = new RecordingSink()
    const faults: unknown[] = []
    const onFault = (error: unknown): void => void faults.push(error)
    const pump = new ConnectionPump({ bus, sink, bookmarkEveryMs, onFault })
    t.after(() => pump.dispose())
    return { pump, sink, faults }
  }
  return { log, bus, connect }
}

function opening(
  id: string,
  pattern: string,
  more: Partial<Opening & SelectionParts> = {},
): Opening {
  const { seq = 0, gap, include = 'record', windowEvents = 256, filter, policy } = more
  const { snapshot = false, onGap = 'continue' } = more
  const selection = select({
    patterns: [patterns.compile(pattern)],
    include,
    windowEvents,
    ...(policy === undefined ? {} : { policy }),
    ...(filter === undefined ? {} : { filter }),
  })
  return { id, selection, seq, snapshot, onGap, ...(gap === undefined ? {} : { gap }) }
}

test('a replay brings each event once, in order, then says synced once', async (t) => {
  const { log, connect } = fixture(t)
  for (let i = 0; i < 1000; i++) log.append(i % 3 === 0 ? ['Tally.created'] : ['Note.created'])
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*', { seq: 10 }))
  await sink.until(() => sink.of('synced').length === 1)
  log.append(['Note.updated'])
  await sink.until(() => sink.seqs('s1').at(-1) === 1001)
  const expected = Array.from({ length: 1000 }, (_, index) => index + 1).filter(
    (seq) => seq > 10 && seq % 3 !== 1,
  )
  assert.deepEqual(sink.seqs('s1'), [...expected, 1001])
  assert.equal(sink.of('synced').length, 1)
  assert.equal(sink.of('synced')[0]?.params.token, log.tokenAt(1000))
})

test('synced is said even when there is nothing to replay', async (t) => {
  const { log, connect } = fixture(t)
  log.append(['Note.created'])
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Tally.*', { seq: 1 }))
  await sink.until(() => sink.sent.length > 0)
  assert.deepEqual(sink.sent[0]?.params, { subscriptionId: 's1', token: log.tokenAt(1) })
})

test('subscriptions that get the same events share one notification', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*'))
  pump.open(opening('s2', 'Note.created'))
  pump.open(opening('s3', '*'))
  pump.open(opening('s4', 'Note.*', { include: 'none' }))
  pump.open(opening('s5', 'Tally.*'))
  await sink.until(() => sink.of('synced').length === 5)
  log.append(['Note.created'])
  await sink.until(() => sink.of('events').length === 2)
  assert.deepEqual(
    sink.of('events').map(({ params }) => params.subscriptionIds),
    [['s1', 's2', 's3'], ['s4']],
  )
  assert.equal(sink.of('events')[0]?.params.events[0].record.data.text, 'x')
  assert.equal(sink.of('events')[1]?.params.events[0].record, undefined)
})

test('subscriptions of which one wants less of a transaction are told apart', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  pump.open(opening('s1', '*'))
  pump.open(opening('s2', 'Tally.*'))
  await sink.until(() => sink.of('synced').length === 2)
  log.append(['Note.created', 'Tally.created', 'Note.updated'])
  await sink.until(() => sink.of('events').length === 2)
  assert.deepEqual(sink.seqs('s1'), [1, 2, 3])
  assert.deepEqual(sink.seqs('s2'), [2])
  for (const { params } of sink.of('events')) assert.equal(params.token, log.tokenAt(3))
})

test('a transaction is never split, however small the window', async (t) => {
  const { log, connect } = fixture(t)
  for (let i = 0; i < 5; i++) log.append(['Note.created', 'Note.updated', 'Note.updated'])
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*', { windowEvents: 4 }))
  await sink.until(() => sink.of('synced').length === 1)
  assert.deepEqual(
    sink.of('events').map(({ params }) => params.events.length),
    [3, 3, 3, 3, 3],
  )
})

test('a transaction over the size limit comes in parts that start again from its beginning', async (t) => {
  const { log, connect } = fixture(t)
  log.append(['Note.created'])
  log.append(
    Array.from({ length: 6 }, () => 'Note.created'),
    1_000_000,
  )
  log.append(['Note.created'])
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*'))
  await sink.until(() => sink.of('synced').length === 1)
  const parts = sink.of('events').filter(({ params }) => params.partial === true)
  assert.deepEqual(
    parts.map(({ params }) => params.token),
    [log.tokenAt(1), log.tokenAt(7)],
  )
  assert.deepEqual(sink.seqs('s1'), [1, 2, 3, 4, 5, 6, 7, 8])
  for (const { length } of sink.sent) assert.ok(length < 5 * 1024 * 1024)
})

test('a parked connection is sent nothing more, costs nobody, and reads on later', async (t) => {
  const { log, connect } = fixture(t)
  const slow = connect()
  const quick = connect()
  slow.pump.open(opening('s1', 'Note.*'))
  quick.pump.open(opening('q1', 'Note.*'))
  await slow.sink.until(() => slow.sink.of('synced').length === 1)
  await quick.sink.until(() => quick.sink.of('synced').length === 1)
  slow.sink.stall()
  for (let i = 0; i < 3000; i++) log.append(['Note.created'])
  await quick.sink.until(() => quick.sink.seqs('q1').length === 3000)
  const parkedLength = slow.sink.of('events').reduce((sum, { length }) => sum + length, 0)
  assert.ok(slow.sink.seqs('s1').length < 600, `${slow.sink.seqs('s1').length} events were sent`)
  assert.ok(parkedLength < 512 * 1024)
  assert.equal(slow.pump.status()[0]?.behind, 3000 - (slow.pump.status()[0]?.seq ?? 0))
  slow.sink.release()
  await slow.sink.until(() => slow.sink.seqs('s1').length === 3000)
  assert.deepEqual(
    slow.sink.seqs('s1'),
    Array.from({ length: 3000 }, (_, index) => index + 1),
  )
})

test('a late subscription joins the others once it has caught up', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  for (let i = 0; i < 700; i++) log.append(['Note.created'])
  pump.open(opening('s1', 'Note.*', { seq: 700 }))
  pump.open(opening('s2', 'Note.*', { seq: 0 }))
  pump.open(opening('s3', 'Note.*', { seq: 300 }))
  await sink.until(() => sink.of('synced').length === 3)
  log.append(['Note.created'])
  await sink.until(() => sink.seqs('s2').length === 701)
  assert.deepEqual(sink.of('events').at(-1)?.params.subscriptionIds.toSorted(), ['s1', 's2', 's3'])
  assert.deepEqual(
    sink.seqs('s3'),
    Array.from({ length: 401 }, (_, index) => index + 301),
  )
})

test('one that catches up stops where another waits, so that they go on together', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  for (let i = 0; i < 200; i++) log.append(['Note.created'])
  pump.open(opening('behind', 'Note.*', { seq: 0 }))
  pump.open(opening('ahead', 'Note.*', { seq: 100 }))
  await sink.until(() => sink.of('synced').length === 2)
  assert.deepEqual(
    sink.of('events').map(({ params }) => [params.subscriptionIds.length, params.events.length]),
    [
      [1, 100],
      [2, 100],
    ],
  )
})

test('nothing is sent for a subscription after it was closed, also in the middle of a batch', async (t) => {
  const { log, connect } = fixture(t)
  for (let i = 0; i < 40; i++) log.append(['Note.created'], 10_000)
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*', { windowEvents: 1 }))
  pump.open(opening('s2', 'Note.*', { windowEvents: 1 }))
  sink.stall()
  await sink.until(() => sink.of('events').length > 2)
  assert.equal(pump.close('s1'), true)
  const sentBefore = sink.seqs('s1').length
  assert.ok(sentBefore < 40)
  sink.release()
  await sink.until(() => sink.seqs('s2').length === 40)
  assert.equal(sink.seqs('s1').length, sentBefore)
  assert.equal(pump.close('s1'), false)
})

test('a position below the floor is told as a gap, then the rest follows', async (t) => {
  const { log, connect } = fixture(t)
  for (let i = 0; i < 10; i++) log.append(['Note.created'])
  log.floorSeq = 4
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*', { seq: 2 }))
  await sink.until(() => sink.of('synced').length === 1)
  assert.deepEqual(sink.sent[0]?.kind, 'gap')
  assert.deepEqual(sink.sent[0]?.params, {
    subscriptionId: 's1',
    reason: 'compacted',
    floor: log.tokenAt(4),
    token: log.tokenAt(4),
  })
  assert.deepEqual(sink.seqs('s1'), [5, 6, 7, 8, 9, 10])
})

test('a parked subscription that falls below the floor is told so', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*'))
  await sink.until(() => sink.of('synced').length === 1)
  sink.stall()
  for (let i = 0; i < 2000; i++) log.append(['Note.created'])
  await sink.until(() => sink.of('events').length > 0)
  await new Promise(setImmediate)
  const reached = sink.seqs('s1').at(-1) ?? 0
  log.floorSeq = 1500
  sink.release()
  await sink.until(() => sink.seqs('s1').at(-1) === 2000)
  const gaps = sink.of('gap')
  assert.equal(gaps.length, 1)
  assert.equal(gaps[0]?.params.reason, 'compacted')
  assert.deepEqual(
    sink
      .seqs('s1')
      .filter((seq) => seq > reached)
      .at(0),
    1501,
  )
})

test('a gap of another epoch is told before anything else', async (t) => {
  const { log, connect } = fixture(t)
  log.append(['Note.created'])
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*', { seq: 0, gap: 'epoch' }))
  await sink.until(() => sink.of('synced').length === 1)
  assert.deepEqual(
    sink.sent.map(({ kind }) => kind),
    ['gap', 'events', 'synced'],
  )
  assert.equal(sink.sent[0]?.params.reason, 'epoch')
})

test('a quiet subscription is told its position, one message for all of them', async (t) => {
  const { log, connect } = fixture(t, 40)
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*'))
  pump.open(opening('s2', 'Tally.*'))
  log.append(['Other.topic'])
  await sink.until(() => sink.of('bookmark').length > 0)
  assert.deepEqual(sink.of('bookmark')[0]?.params, {
    subscriptionIds: ['s1', 's2'],
    token: log.tokenAt(1),
  })
})

test('at the end each subscription gets its position, then the reason', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*'))
  pump.open(opening('s2', 'Tally.*'))
  await sink.until(() => sink.of('synced').length === 2)
  await pump.closeAll({ reason: 'shutdown', retryAfterMs: 5 })
  assert.deepEqual(
    sink.sent.slice(2).map(({ kind }) => kind),
    ['bookmark', 'closed', 'closed'],
  )
  assert.deepEqual(sink.of('closed')[0]?.params, {
    subscriptionId: 's1',
    reason: 'shutdown',
    retryAfterMs: 5,
  })
  log.append(['Note.created'])
  await new Promise(setImmediate)
  assert.equal(sink.of('events').length, 0)
})

test('a transport that breaks ends the pump with one fault', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink, faults } = connect()
  pump.open(opening('s1', 'Note.*'))
  await sink.until(() => sink.of('synced').length === 1)
  const error = new Error('gone')
  sink.break(error)
  log.append(['Note.created'])
  while (faults.length === 0) await new Promise(setImmediate)
  assert.deepEqual(faults, [error])
})

test('a flush waits for a parked connection, and ends when its subscription does', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*'))
  pump.open(opening('s2', 'Note.*'))
  await sink.until(() => sink.of('synced').length === 2)
  assert.equal(await pump.flush('s1', 0), true)
  assert.equal(pump.flush('s3', 0), undefined)
  sink.stall()
  for (let i = 0; i < 20; i++) log.append(['Note.created'], 10_000)
  const answers: unknown[] = []
  void pump.flush('s1', 20)?.then((written) => answers.push(['s1', written]))
  void pump.flush('s2', 20)?.then((written) => answers.push(['s2', written]))
  await sink.until(() => sink.of('events').length > 0)
  pump.close('s1')
  await new Promise(setImmediate)
  assert.deepEqual(answers, [['s1', false]])
  sink.release()
  await sink.until(() => sink.seqs('s2').length === 20)
  while (answers.length < 2) await new Promise(setImmediate)
  assert.deepEqual(answers[1], ['s2', true])
})

test('a transaction is not split where another subscription waits in the middle of it', async (t) => {
  const { log, connect } = fixture(t)
  log.append(['Note.created'])
  log.append(['Note.created', 'Note.updated', 'Note.updated'])
  log.append(['Note.updated'])
  const { pump, sink } = connect()
  pump.open(opening('behind', 'Note.*', { seq: 0 }))
  pump.open(opening('inside', 'Note.*', { seq: 3 }))
  await sink.until(() => sink.of('synced').length === 2)
  const pieces = sink.of('events').filter(({ params }) => params.subscriptionIds.includes('behind'))
  for (const { params } of pieces) {
    const seqs = params.events.map(({ seq }: { seq: number }) => seq)
    assert.equal(seqs.includes(2), seqs.includes(4), `sent apart: ${seqs}`)
  }
  assert.deepEqual(sink.seqs('behind'), [1, 2, 3, 4, 5])
  assert.deepEqual(sink.seqs('inside'), [4, 5])
})

test('bookmarks come in the middle of a stream of which a filter lets nothing through', async (t) => {
  const { log, connect } = fixture(t, 20)
  const { pump, sink } = connect()
  const filter = { where: '{}', records: { fits: () => false, match: () => undefined } }
  pump.open(opening('s1', 'Note.*', { filter }))
  let stopped = false
  const write = (): void => {
    if (stopped) return
    log.append(['Note.created'])
    setImmediate(write)
  }
  setImmediate(write)
  t.after(() => {
    stopped = true
  })
  await sink.until(() => sink.of('bookmark').length > 1)
  stopped = true
  assert.equal(sink.of('events').length, 0)
})

test('a gap is followed by a snapshot unless the subscriber wants what is left', async (t) => {
  const { log, connect } = fixture(t)
  for (let i = 0; i < 10; i++) log.append(['Note.created'])
  log.floorSeq = 4
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*', { seq: 2, onGap: 'snapshot' }))
  pump.open(opening('s2', '*', { seq: 2, onGap: 'continue' }))
  await sink.until(() => sink.of('synced').length === 2)
  assert.deepEqual(sink.seqs('s1'), [])
  assert.deepEqual(sink.seqs('s2'), [5, 6, 7, 8, 9, 10])
  assert.deepEqual(
    log.snapshots.map(({ type, seq }) => [type, seq]),
    [['Note', 10]],
  )
  const gaps = new Map(sink.of('gap').map(({ params }) => [params.subscriptionId, params]))
  assert.deepEqual(gaps.get('s1'), {
    subscriptionId: 's1',
    reason: 'compacted',
    floor: log.tokenAt(4),
    token: log.tokenAt(10),
  })
  // No snapshot brings back what clients published.
  assert.deepEqual(gaps.get('s2')?.patterns, ['*'])
  assert.equal(gaps.get('s2')?.token, log.tokenAt(4))
})

test('a gap while parked ends its snapshot with a bookmark, because synced was said before', async (t) => {
  const { log, connect } = fixture(t)
  const { pump, sink } = connect()
  pump.open(opening('s1', 'Note.*', { onGap: 'snapshot' }))
  await sink.until(() => sink.of('synced').length === 1)
  sink.stall()
  for (let i = 0; i < 2000; i++) log.append(['Note.created'])
  await sink.until(() => sink.of('events').length > 0)
  await new Promise(setImmediate)
  log.floorSeq = 1500
  sink.release()
  await sink.until(() => sink.of('bookmark').length === 1)
  const kinds = sink.sent.map(({ kind }) => kind).slice(-2)
  assert.deepEqual(kinds, ['gap', 'bookmark'])
  assert.equal(sink.of('bookmark')[0]?.params.token, log.tokenAt(2000))
  assert.equal(sink.of('synced').length, 1)
  log.append(['Note.created'])
  await sink.until(() => sink.seqs('s1').at(-1) === 2001)
})

test('the positions that are still needed hold the floor', async (t) => {
  const { log, bus, connect } = fixture(t)
  for (let i = 0; i < 10; i++) log.append(['Note.created'])
  assert.equal(log.held(), Number.POSITIVE_INFINITY)
  const { pump, sink } = connect()
  sink.stall()
  pump.open(opening('s1', 'Note.*', { seq: 3 }))
  pump.open(opening('s2', 'Note.*', { seq: 7, snapshot: true }))
  assert.equal(log.held(), 3)
  assert.equal(bus.subscriptionCount, 2)
  pump.close('s1')
  assert.equal(log.held(), 7)
  pump.dispose()
  assert.equal(log.held(), Number.POSITIVE_INFINITY)
  assert.equal(bus.subscriptionCount, 0)
})

test('a filter decides event by event and says how each one matched', async (t) => {
  const { log, connect } = fixture(t)
  for (let i = 0; i < 6; i++) log.append(['Note.created'])
  const { pump, sink } = connect()
  const filter = {
    where: '{"even":true}',
    records: {
      fits: () => true,
      match: ({ seq }: { seq: number }) => (seq % 2 === 0 ? ('stayed' as const) : undefined),
    },
  }
  pump.open(opening('s1', 'Note.*', { filter }))
  pump.open(opening('s2', 'Note.*'))
  await sink.until(() => sink.of('synced').length === 2)
  assert.deepEqual(sink.seqs('s1'), [2, 4, 6])
  assert.deepEqual(sink.seqs('s2'), [1, 2, 3, 4, 5, 6])
  const [filtered] = sink.of('events').filter(({ params }) => params.subscriptionIds[0] === 's1')
  assert.equal(filtered?.params.events[0].match, 'stayed')
})
