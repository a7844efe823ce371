import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../daemon/clock.ts'
import { EventBus } from '../../daemon/events/event-bus.ts'
import { TopicPatterns } from '../../daemon/events/topic-pattern.ts'
import { silentLog } from '../../daemon/log.ts'
import { isOrionError } from '../../sdk/errors.ts'
import type { Event } from '../../sdk/model.ts'
import { MemoryLog } from '../support/memory-log.ts'

const patterns = new TopicPatterns({ patternMaxLength: 256 })
const all = [patterns.compile('*')]

function busOn(t: TestContext): { log: MemoryLog; bus: EventBus } {
  const log = new MemoryLog()
  const bus = new EventBus(log, { clock: systemClock, log: silentLog })
  t.after(() => bus.close())
  return { log, bus }
}

/** A handler that notes what it was given, and what resolves when it has been given so many. */
function noting(count: number): { seqs: number[]; done: Promise<void>; note: (e: Event) => void } {
  const seqs: number[] = []
  let resolve: () => void = () => {}
  const done = new Promise<void>((settle) => {
    resolve = settle
  })
  const note = (event: Event): void => {
    seqs.push(event.seq)
    if (seqs.length === count) resolve()
  }
  return { seqs, done, note }
}

test('a handler gets the events of its patterns in seq order, one at a time', async (t) => {
  const { log, bus } = busOn(t)
  const { seqs, done, note } = noting(3)
  let running = 0
  bus.on({
    name: 'notes',
    patterns: [patterns.compile('Note.*')],
    handler: async (event) => {
      assert.equal(++running, 1)
      await new Promise(setImmediate)
      running--
      note(event)
    },
  })
  log.append(['Note.created', 'Tally.created', 'Note.updated'])
  log.append(['Note.created'])
  await done
  assert.deepEqual(seqs, [1, 3, 4])
})

test('handlers of every callable kind are awaited', async (t) => {
  const { log, bus } = busOn(t)
  const finished: string[] = []
  const late = async (name: string): Promise<void> => {
    await new Promise(setImmediate)
    finished.push(name)
  }
  class Handler {
    readonly name = 'method'
    handleEvent(): Promise<void> {
      return late(this.name)
    }
  }
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library is what is tested.
    then: (resolve: () => void): void => void late('thenable').then(resolve),
  }
  const handlers = [
    () => void finished.push('plain'),
    () => late('async'),
    function bound(this: { name: string }): Promise<void> {
      return late(this.name)
    }.bind({ name: 'bound' }),
    new Handler(),
    () => thenable,
  ]
  for (const [index, handler] of handlers.entries()) {
    bus.on({ name: String(index), patterns: all, handler })
  }
  log.append(['Note.created'])
  while (bus.history().length < handlers.length) await new Promise(setImmediate)
  assert.deepEqual(finished.sort(), ['async', 'bound', 'method', 'plain', 'thenable'])
  assert.ok(bus.handlers().every(({ handled }) => handled === 1))
})

test('a handler that throws is counted, and neither it nor the others miss an event', async (t) => {
  const { log, bus } = busOn(t)
  const healthy = noting(2)
  const failing = noting(2)
  bus.on({
    name: 'failing',
    patterns: all,
    handler: (event) => {
      failing.note(event)
      throw new Error('no')
    },
  })
  bus.on({ name: 'rejecting', patterns: all, handler: () => Promise.reject(new Error('no')) })
  bus.on({ name: 'healthy', patterns: all, handler: healthy.note })
  log.append(['Note.created'])
  log.append(['Note.created'])
  await Promise.all([healthy.done, failing.done])
  while (bus.history().length < 6) await new Promise(setImmediate)
  assert.deepEqual(
    bus.handlers().map(({ name, handled, failed }) => [name, handled, failed]),
    [
      ['failing', 0, 2],
      ['rejecting', 0, 2],
      ['healthy', 2, 0],
    ],
  )
})

test('a handler that hangs is left behind with its event, told so, and gets the next one', async (t) => {
  const { log, bus } = busOn(t)
  const seen = noting(2)
  let toldToStop = false
  bus.on({
    name: 'hanging',
    patterns: all,
    handlerMaxMs: 20,
    handler: (event, signal) => {
      seen.note(event)
      signal.addEventListener('abort', () => {
        toldToStop = true
      })
      return new Promise(() => {})
    },
  })
  log.append(['Note.created'])
  log.append(['Note.created'])
  await seen.done
  assert.equal(toldToStop, true)
  assert.equal(bus.handlers()[0]?.timedOut, 1)
})

test('the same handler may be subscribed twice, and each subscription ends by itself', async (t) => {
  const { log, bus } = busOn(t)
  const seqs: number[] = []
  const handler = (event: Event): void => void seqs.push(event.seq)
  const first = bus.on({ name: 'one', patterns: all, handler })
  bus.on({ name: 'two', patterns: all, handler })
  first.dispose()
  first.dispose()
  log.append(['Note.created'])
  while (bus.history().length < 1) await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.deepEqual(seqs, [1])
})

test('a handler may start in the past', async (t) => {
  const { log, bus } = busOn(t)
  for (let i = 0; i < 200; i++) log.append(['Note.created'])
  const { seqs, done, note } = noting(150)
  bus.on({ name: 'late', patterns: all, handler: note, after: 50 })
  await done
  assert.equal(seqs[0], 51)
  assert.equal(seqs.at(-1), 200)
})

test('the history of deliveries is bounded', async (t) => {
  const { log, bus } = busOn(t)
  const { done, note } = noting(400)
  bus.on({ name: 'busy', patterns: all, handler: note })
  for (let i = 0; i < 400; i++) log.append(['Note.created'])
  await done
  assert.ok(bus.history().length <= 256)
  assert.equal(bus.history().at(-1)?.outcome, 'handled')
})

test('a wait for an event ends with the first that fits, or when it is given up', async (t) => {
  const { log, bus } = busOn(t)
  const waiting = bus.waitForEvent(0, ({ seq }) => seq === 2, new AbortController().signal)
  log.append(['Note.created'])
  log.append(['Note.created'])
  assert.equal((await waiting)?.seq, 2)
  const given = new AbortController()
  const never = bus.waitForEvent(2, () => true, given.signal)
  given.abort()
  assert.equal(await never, undefined)
})

test('a pattern of a record type is known, and one of a client only once the log has it', async (t) => {
  const { log, bus } = busOn(t)
  const known = (text: string): Promise<void> =>
    bus.knownTopics.assertKnown([patterns.compile(text)])
  await known('Note.*')
  await known('*.purged')
  await known('Tally.created')
  await assert.rejects(known('Build.finished'), (error) => isOrionError(error, 'invalid_request'))
  for (let i = 0; i < 600; i++) log.append(['Note.created'])
  log.append(['Build.finished'])
  await known('Build.finished')
  await known('Build.*')
})

test('a misspelt pattern is refused with the one that was meant', async (t) => {
  const { bus } = busOn(t)
  const suggestions: readonly (readonly [string, string | undefined])[] = [
    ['Nate.*', 'Note.*'],
    ['Note.craeted', 'Note.created'],
    ['Tallly.created', 'Tally.created'],
    ['Zebra.*', undefined],
  ]
  for (const [text, meant] of suggestions) {
    await assert.rejects(bus.knownTopics.assertKnown([patterns.compile(text)]), (error) => {
      assert.ok(isOrionError(error, 'invalid_request'))
      assert.equal(error.data.didYouMean, meant)
      assert.match(error.data.remedy ?? '', /allowUnknown/)
      return true
    })
  }
})
