/** Subscriptions that begin with the records there are, and gaps that are repaired by them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../../sdk/client/client.ts'
import type { EventStream } from '../../sdk/client/event-stream.ts'
import { GoneError } from '../../sdk/client/typed-errors.ts'
import { text } from '../../sdk/field.ts'
import { instantFromMicros } from '../../sdk/instant.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Event, Record, Token } from '../../sdk/model.ts'
import { defineRecordType } from '../../sdk/record-type.ts'
import {
  type ScriptedConnection,
  ScriptedDaemon,
  type ScriptedHandler,
} from '../support/scripted-daemon.ts'
import { scriptedClient, until } from '../support/sdk-client.ts'

const Note = defineRecordType('Note', { fields: { title: text() } })

/** A record that the event `seq` changed last. */
function note(
  daemon: ScriptedDaemon,
  id: string,
  state: Partial<Record> & { seq: number },
): Record {
  const { seq, ...rest } = state
  const at = instantFromMicros(seq)
  return {
    ...{ type: 'Note', id, version: 1 as Record['version'], lifecycle: 'active' },
    ...{ createdAt: at, createdBy: 'owner', updatedAt: at, updatedBy: 'owner' },
    ...{ token: daemon.tokenAt(seq), data: { title: id } },
    ...rest,
  }
}

/** What one opening is answered with; `say` sends a notification to it. */
type Say = (kind: string, params: JsonObject | object) => void
type Play = (say: Say, call: { from: unknown; connection: ScriptedConnection }) => void

/** Answers each opening by the next of these scripts. */
function play(daemon: ScriptedDaemon, ...plays: readonly Play[]): void {
  let opened = 0
  daemon.handle('type/list', () => ({
    types: [{ name: 'Note', schemaVersion: 1, description: '' }],
  }))
  const open: ScriptedHandler = (params, { connection }) => {
    const subscriptionId = `p${++opened}`
    const say: Say = (kind, more) =>
      connection.notify(`subscription/${kind}`, {
        subscriptionId,
        subscriptionIds: [subscriptionId],
        ...more,
      })
    setImmediate(() => plays[opened - 1]?.(say, { from: params.from, connection }))
    return { subscriptionId, token: daemon.tokenAt(100), patterns: params.patterns }
  }
  daemon.handle('subscription/open', open)
  daemon.handle('subscription/close', () => null)
}

function event(daemon: ScriptedDaemon, seq: number, more: Partial<Event> = {}): Event {
  return {
    ...daemon.emit('Note.updated', more),
    seq: seq as Event['seq'],
    token: daemon.tokenAt(seq),
  }
}

async function take(stream: EventStream<unknown>, count: number): Promise<string[]> {
  const told: string[] = []
  while (told.length < count) {
    const { value } = await stream.next()
    if (value === undefined) break
    const { op, topic, id, seq, synthetic, match } = value
    told.push(
      [synthetic ? '~' : '', op ?? topic, ' ', id, '@', seq, match ? ` ${match}` : ''].join(''),
    )
  }
  return told
}

function opens(daemon: ScriptedDaemon): unknown[] {
  return daemon.requests
    .filter(({ method }) => method === 'subscription/open')
    .map(({ params }) => params.from)
}

async function setUp(
  t: Parameters<typeof scriptedClient>[0],
): Promise<{ daemon: ScriptedDaemon; client: Client }> {
  const daemon = new ScriptedDaemon()
  return { daemon, client: await scriptedClient(t, daemon) }
}

test('a snapshot comes as synthetic events in the order of the log, then what follows', async (t) => {
  const { daemon, client } = await setUp(t)
  const two = 2 as Record['version']
  play(daemon, (say) => {
    const token = daemon.tokenAt(9)
    say('snapshot', { token, records: [note(daemon, 'a', { seq: 7, version: two })] })
    const gone = note(daemon, 'c', { seq: 4, version: two, lifecycle: 'deleted' })
    say('snapshot', { token, records: [note(daemon, 'b', { seq: 2 }), gone] })
    say('synced', { token })
    say('events', {
      events: [event(daemon, 10, { id: 'a', op: 'updated' })],
      token: daemon.tokenAt(10),
    })
  })
  const stream = await client.subscribe(Note, { from: 'snapshot' })
  assert.equal(stream.token, undefined)
  const told = await take(stream, 4)
  assert.deepEqual(told, ['~created b@2', '~deleted c@4', '~updated a@7', 'updated a@10'])
})

test('the position of a stream moves only when all of a snapshot is handled', async (t) => {
  const { daemon, client } = await setUp(t)
  play(daemon, (say) => {
    const token = daemon.tokenAt(9)
    const records = [note(daemon, 'a', { seq: 7 }), note(daemon, 'b', { seq: 8 })]
    say('snapshot', { token, records })
    say('synced', { token })
  })
  const stream = await client.subscribe(Note, { from: 'snapshot' })
  await take(stream, 2)
  assert.equal(stream.token, undefined)
  const next = stream.next()
  await until(() => stream.token === daemon.tokenAt(9))
  await stream.close()
  assert.equal((await next).done, true)
})

test('an empty snapshot is synced, and what follows is delivered', async (t) => {
  const { daemon, client } = await setUp(t)
  play(daemon, (say) => {
    say('synced', { token: daemon.tokenAt(100) })
    say('events', {
      events: [event(daemon, 101, { id: 'a', op: 'created' })],
      token: daemon.tokenAt(101),
    })
  })
  const synced: Token[] = []
  const stream = await client.subscribe(Note, {
    from: 'snapshot',
    onSynced: (token) => void synced.push(token),
  })
  assert.deepEqual(await take(stream, 1), ['created a@101'])
  assert.deepEqual(synced, [daemon.tokenAt(100)])
})

test('a snapshot that is cut short is asked for again, and its records come once', async (t) => {
  const { daemon, client } = await setUp(t)
  play(
    daemon,
    (say, { connection }) => {
      say('snapshot', { token: daemon.tokenAt(9), records: [note(daemon, 'a', { seq: 7 })] })
      setImmediate(() => connection.drop())
    },
    (say) => {
      const token = daemon.tokenAt(11)
      const changed = note(daemon, 'a', { seq: 10, version: 2 as Record['version'] })
      say('snapshot', { token, records: [changed, note(daemon, 'b', { seq: 11 })] })
      say('synced', { token })
    },
    () => {},
  )
  const stream = await client.subscribe(Note, { from: 'snapshot' })
  assert.deepEqual(await take(stream, 2), ['~updated a@10', '~created b@11'])
  const next = stream.next() // The snapshot is dealt with.
  daemon.drop()
  await until(() => opens(daemon).length === 3)
  assert.deepEqual(opens(daemon), ['snapshot', 'snapshot', daemon.tokenAt(11)])
  await stream.close()
  await next
})

test('a snapshot that the daemon began anew as of a later position holds nothing of the first', async (t) => {
  const { daemon, client } = await setUp(t)
  play(daemon, (say) => {
    say('snapshot', { token: daemon.tokenAt(9), records: [note(daemon, 'purged', { seq: 7 })] })
    const token = daemon.tokenAt(11)
    say('snapshot', { token, records: [note(daemon, 'b', { seq: 8 })] })
    say('synced', { token })
    say('events', {
      events: [event(daemon, 12, { id: 'b', op: 'updated' })],
      token: daemon.tokenAt(12),
    })
  })
  const stream = await client.subscribe(Note, { from: 'snapshot' })
  assert.deepEqual(await take(stream, 2), ['~created b@8', 'updated b@12'])
})

test('after a gap a stream from a token is told the records that are newer, deletions included', async (t) => {
  const { daemon, client } = await setUp(t)
  play(daemon, (say, { from }) => {
    assert.equal(from, daemon.tokenAt(5))
    const token = daemon.tokenAt(50)
    say('gap', { reason: 'compacted', floor: daemon.tokenAt(20), token })
    const lifecycle = 'deleted'
    const records = [note(daemon, 'old', { seq: 5 }), note(daemon, 'gone', { seq: 30, lifecycle })]
    say('snapshot', { token, records: [...records, note(daemon, 'new', { seq: 6 })] })
    say('synced', { token })
    say('events', {
      events: [event(daemon, 51, { id: 'x', op: 'updated' })],
      token: daemon.tokenAt(51),
    })
  })
  const gaps: unknown[] = []
  const stream = await client.subscribe(Note, {
    from: daemon.tokenAt(5),
    onGap: ({ reason, lost }) => void gaps.push(reason, lost),
  })
  assert.deepEqual(await take(stream, 3), ['~created new@6', '~deleted gone@30', 'updated x@51'])
  assert.deepEqual(gaps, ['compacted', []])
  const open = daemon.requests.find(({ method }) => method === 'subscription/open')
  assert.equal(open?.params.onGap, 'snapshot')
})

test('after a gap a stream from a snapshot is told exactly what differs, removals included', async (t) => {
  const { daemon, client } = await setUp(t)
  const two = 2 as Record['version']
  play(
    daemon,
    (say) => {
      const token = daemon.tokenAt(9)
      const records = ['a', 'b', 'c', 'd'].map((id, i) => note(daemon, id, { seq: i + 1 }))
      say('snapshot', { token, records })
      say('synced', { token })
      const purge = event(daemon, 10, { type: 'Note', id: 'd', op: 'purged' })
      say('events', { events: [purge], token: daemon.tokenAt(10) })
    },
    (say, { from }) => {
      assert.equal(from, daemon.tokenAt(10))
      const token = daemon.tokenAt(50)
      say('gap', { reason: 'compacted', floor: daemon.tokenAt(20), token })
      const records = [note(daemon, 'a', { seq: 1 }), note(daemon, 'b', { seq: 40, version: two })]
      say('snapshot', { token, records })
      say('synced', { token })
    },
  )
  const stream = await client.subscribe(Note, { from: 'snapshot' })
  assert.equal((await take(stream, 5)).at(-1), 'purged d@10')
  const next = take(stream, 2)
  daemon.drop()
  assert.deepEqual(await next, ['~updated b@40', '~purged c@50'])
})

test('after a change of epoch every record is told again, and what is gone', async (t) => {
  const { daemon, client } = await setUp(t)
  play(
    daemon,
    (say) => {
      const token = daemon.tokenAt(9)
      say('snapshot', {
        token,
        records: [note(daemon, 'a', { seq: 1 }), note(daemon, 'b', { seq: 8 })],
      })
      say('synced', { token })
    },
    (say) => {
      const token = daemon.tokenAt(2)
      say('gap', { reason: 'epoch', floor: daemon.tokenAt(0), token })
      say('snapshot', { token, records: [note(daemon, 'a', { seq: 1 })] })
      say('synced', { token })
      say('events', {
        events: [event(daemon, 3, { id: 'a', op: 'updated' })],
        token: daemon.tokenAt(3),
      })
    },
  )
  const where = { title: { ne: 'x' } }
  const stream = await client.subscribe(Note, { from: 'snapshot', where })
  assert.deepEqual(await take(stream, 2), ['~created a@1 entered', '~created b@8 entered'])
  daemon.epoch = 'epoch2'
  daemon.drop()
  const told = await take(stream, 3)
  assert.deepEqual(told, ['~created a@1 stayed', '~updated b@2 left', 'updated a@3'])
})

test('a position that a repair has given up is never asked for again', async (t) => {
  const { daemon, client } = await setUp(t)
  play(
    daemon,
    (say, { connection }) => {
      say('gap', { reason: 'compacted', floor: daemon.tokenAt(20), token: daemon.tokenAt(50) })
      say('snapshot', { token: daemon.tokenAt(50), records: [note(daemon, 'a', { seq: 40 })] })
      setImmediate(() => connection.drop())
    },
    (say) => {
      const token = daemon.tokenAt(60)
      say('snapshot', {
        token,
        records: [note(daemon, 'a', { seq: 40 }), note(daemon, 'old', { seq: 3 })],
      })
      say('synced', { token })
    },
  )
  const gaps: string[] = []
  const stream = await client.subscribe(Note, {
    from: daemon.tokenAt(5),
    onGap: ({ reason }) => void gaps.push(reason),
  })
  assert.deepEqual(await take(stream, 1), ['~created a@40'])
  assert.deepEqual(opens(daemon), [daemon.tokenAt(5), 'snapshot'])
  assert.deepEqual(gaps, ['compacted'])
})

test('a change of epoch in the middle of a repair is told, and nothing known before counts', async (t) => {
  const { daemon, client } = await setUp(t)
  play(
    daemon,
    (say, { connection }) => {
      say('gap', { reason: 'compacted', floor: daemon.tokenAt(20), token: daemon.tokenAt(50) })
      setImmediate(() => {
        daemon.epoch = 'epoch2'
        connection.drop()
      })
    },
    (say) => {
      const token = daemon.tokenAt(4)
      say('snapshot', { token, records: [note(daemon, 'old', { seq: 3 })] })
      say('synced', { token })
    },
  )
  const gaps: string[] = []
  const stream = await client.subscribe(Note, {
    from: daemon.tokenAt(5),
    onGap: ({ reason }) => void gaps.push(reason),
  })
  assert.deepEqual(await take(stream, 1), ['~created old@3'])
  assert.deepEqual(gaps, ['compacted', 'epoch'])
})

test('what clients published can’t be rebuilt: the gap names it, or ends the stream', async (t) => {
  const { daemon, client } = await setUp(t)
  const script: Play = (say) => {
    const token = daemon.tokenAt(50)
    say('gap', { reason: 'compacted', floor: daemon.tokenAt(20), token })
    say('snapshot', { token, records: [note(daemon, 'a', { seq: 40 })] })
    say('synced', { token })
  }
  play(daemon, script, script, script)
  const lost: unknown[] = []
  const told = await client.subscribe(['Note.*', '*'], {
    from: daemon.tokenAt(5),
    onGap: (gap) => void lost.push(gap.lost),
  })
  assert.deepEqual(await take(told, 1), ['~created a@40'])
  assert.deepEqual(lost, [['*']])
  const untold = await client.subscribe('*', { from: daemon.tokenAt(5) })
  await assert.rejects(untold.next(), GoneError)
  const records = await client.subscribe('Note.*', { from: daemon.tokenAt(5) })
  assert.deepEqual(await take(records, 1), ['~created a@40'])
  assert.equal(daemon.count('type/list'), 1)
})

test('where only clients’ own topics match, the events that are still there are not skipped', async (t) => {
  const { daemon, client } = await setUp(t)
  play(daemon, (say) => {
    const floor = daemon.tokenAt(20)
    say('gap', { reason: 'compacted', floor, token: floor })
    say('events', {
      events: [event(daemon, 21, { topic: 'Build.done' })],
      token: daemon.tokenAt(21),
    })
  })
  const stream = await client.subscribe('Build.*', { from: daemon.tokenAt(5), onGap: () => {} })
  assert.deepEqual(await take(stream, 1), ['Build.done @21'])
  const open = daemon.requests.find(({ method }) => method === 'subscription/open')
  assert.equal(open?.params.onGap, 'continue')
})

test('a stream that is closed in the middle of a snapshot hands out nothing more', async (t) => {
  const { daemon, client } = await setUp(t)
  play(daemon, (say) => {
    const records = Array.from({ length: 50 }, (_, i) => note(daemon, `n${i}`, { seq: i + 1 }))
    say('snapshot', { token: daemon.tokenAt(50), records })
    say('synced', { token: daemon.tokenAt(50) })
  })
  const stream = await client.subscribe(Note, { from: 'snapshot' })
  await take(stream, 3)
  await stream.close()
  assert.equal((await stream.next()).done, true)
})
