/** The bounds of subscriptions, each from both sides, and what they cost when nobody reads. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '../../daemon/clock.ts'
import { ConnectionPump } from '../../daemon/events/connection-pump.ts'
import { EventBus } from '../../daemon/events/event-bus.ts'
import { select } from '../../daemon/events/subscriber.ts'
import { TopicPatterns } from '../../daemon/events/topic-pattern.ts'
import { silentLog } from '../../daemon/log.ts'
import { startDaemon } from '../support/daemon.ts'
import { MemoryLog } from '../support/memory-log.ts'
import type { WireClient } from '../support/wire-client.ts'

const note = { type: 'Note', data: { title: 'a' } }
const open = (client: WireClient, more: object = {}) =>
  client.call('subscription/open', { patterns: ['Note.*'], ...more })

test('10,000 subscriptions are served up to the bounds of a connection and of the daemon', async (t) => {
  const limits = { subscriptionsPerConnectionMax: 1000, subscriptionsMax: 10_000 }
  const { connect } = await startDaemon(t, { limits })
  const clients = await Promise.all(Array.from({ length: 11 }, () => connect()))
  const [last, ...others] = clients.reverse()
  assert.ok(last)
  for (const client of others) {
    await Promise.all(Array.from({ length: 1000 }, () => open(client)))
    assert.equal((await client.refused('subscription/open', { patterns: ['Note.*'] })).code, 41300)
  }
  const full = await last.refused('subscription/open', { patterns: ['Note.*'] })
  assert.deepEqual([full.code, full.data.kind, full.data.retryable], [42900, 'overloaded', true])
  await last.call('record/create', note)
  for (const client of others) {
    await client.until(() => client.notifications('subscription/events').length > 0)
    const [told] = client.notifications('subscription/events')
    assert.equal(told?.params.subscriptionIds.length, 1000)
  }
  await others[0]?.call('subscription/close', { subscriptionId: 's1' })
  await open(last)
})

test('patterns at their bounds are served, those beyond are refused at once', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const braces = (alternatives: number): string =>
    `Note.{${Array.from({ length: alternatives }, (_, at) => at.toString(36)).join(',')},*}`
  await open(client, { patterns: [braces(80)] })
  await open(client, { patterns: Array.from({ length: 64 }, (_, at) => `Note.{c,${at}}*`) })
  for (const patterns of [
    Array.from({ length: 65 }, () => 'Note.*'),
    ['x'.repeat(257)],
    ['{a,b}'.repeat(5000)],
    ['{'.repeat(200)],
    ['{a,b}'.repeat(9)],
    [],
  ]) {
    const refused = await client.refused('subscription/open', { patterns })
    assert.ok([-32602, 40000].includes(refused.code), `${refused.code}`)
  }
})

test('a filter at its bounds is served, one beyond is refused', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const or = (length: number) => ({ or: Array.from({ length }, (_, count) => ({ count })) })
  await open(client, { where: or(400) })
  const wide = await client.refused('subscription/open', { patterns: ['Note.*'], where: or(2000) })
  assert.equal(wide.code, 41300)
  let deep: object = { count: 1 }
  for (let level = 0; level < 20; level++) deep = { not: deep }
  const tooDeep = await client.refused('subscription/open', { patterns: ['Note.*'], where: deep })
  assert.equal(tooDeep.code, 41300)
})

test('a token that nobody gave is refused, one of the future after a while, one that fits is served', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const { token } = await client.call('record/create', note)
  const [, storeId, epoch] = token.split('.')
  for (const from of [
    `o1.${storeId}.${epoch}.01`,
    `o1.${storeId}.${epoch}.-1`,
    `${token} `,
    'o2.x',
  ]) {
    const refused = await client.refused('subscription/open', { patterns: ['Note.*'], from })
    assert.equal(refused.data.kind, 'token_invalid', from)
  }
  const future = client.send('subscription/open', {
    patterns: ['Note.*'],
    from: `o1.${storeId}.${epoch}.2`,
  })
  await client.call('record/create', note)
  assert.equal((await client.answer(future)).result.token, `o1.${storeId}.${epoch}.2`)
  assert.equal((await open(client, { from: token })).token, token)
})

test('an idle subscription takes less than 400 bytes, a stalled one no more', async (t) => {
  const { log, bus } = busOf(t)
  const pump = pumpOn(t, log, bus)
  const before = heapUsed()
  for (let at = 0; at < 20_000; at++) pump.add(at)
  const bytes = (heapUsed() - before) / 20_000
  t.diagnostic(`${Math.round(bytes)} bytes for each subscription`)
  assert.ok(bytes < 400, `${bytes} bytes`)
})

test('a stalled connection keeps less than 64 KiB beside what its transport holds', async (t) => {
  const { log, bus } = busOf(t)
  const stall = async (connections: number) => {
    const pumps = Array.from({ length: connections }, () => pumpOn(t, log, bus))
    for (const pump of pumps) pump.add(0)
    // More than any notification may have, in events that nobody takes.
    for (let i = 0; i < 1000; i++) log.append(['Note.created'], 100)
    for (let i = 0; i < 100; i++) await new Promise(setImmediate)
    return pumps
  }
  // What is compiled and remembered once is no part of what each connection keeps.
  await stall(4)
  const before = heapUsed()
  const pumps = await stall(50)
  const eventsAlone = measure(() => {
    const other = new MemoryLog()
    for (let i = 0; i < 1000; i++) other.append(['Note.created'], 100)
    return other
  })
  const bytes = (heapUsed() - before - eventsAlone) / pumps.length
  t.diagnostic(`${Math.round(bytes / 1024)} KiB for a stalled connection`)
  assert.ok(bytes < 64 * 1024, `${bytes} bytes`)
  for (const pump of pumps) assert.equal(pump.behind(), 1000)
})

/** A bus over a log of ten events. */
function busOf(t: TestContext) {
  const log = new MemoryLog()
  for (let i = 0; i < 10; i++) log.append(['Note.created'])
  const bus = new EventBus(log, { clock: systemClock, log: silentLog })
  t.after(() => bus.close())
  return { log, bus }
}

/** A pump whose transport takes nothing. */
function pumpOn(t: TestContext, log: MemoryLog, bus: EventBus) {
  const sink = { send: () => new Promise<void>(() => {}) }
  const pump = new ConnectionPump({ bus, sink, bookmarkEveryMs: 60_000, onFault: () => {} })
  t.after(() => pump.dispose())
  const patterns = new TopicPatterns({ patternMaxLength: 256 })
  const add = (at: number): void => {
    const parts = { patterns: [patterns.compile('Note.*')], include: 'record', windowEvents: 256 }
    pump.open({
      id: `s${at}`,
      selection: select({ ...parts, include: 'record' }),
      seq: log.durableSeq,
    })
  }
  const behind = (): number | undefined => pump.status()[0]?.behind
  return { add, behind }
}

function measure(make: () => unknown): number {
  const before = heapUsed()
  const made = make()
  const bytes = heapUsed() - before
  assert.ok(made !== undefined)
  return bytes
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function heapUsed(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
