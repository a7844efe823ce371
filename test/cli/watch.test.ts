import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAlive, linesOf, makePlace, type Place, until } from './orion-process.ts'

test('a watcher sees each event once, in order, over a killed and a stopped daemon', async (t) => {
  const place = makePlace(t)
  const watcher = place.start(['watch', 'Test.*', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await until(async () => {
    assert.equal(watcher.exitCode, null, 'the watcher has ended')
    return (await subscriptions(place)) === 1
  })
  const line = linesOf(watcher)
  const seen: number[] = []
  const take = async (count: number): Promise<void> => {
    while (seen.length < count) seen.push(JSON.parse(await line()).payload)
  }
  await publish(place, 1)
  await publish(place, 2)
  await take(2)
  const [killed = 0] = place.daemons()
  process.kill(killed, 'SIGKILL')
  await until(() => !isAlive(killed))
  await publish(place, 3)
  await take(3)
  await place.orion(['stop'])
  await publish(place, 4)
  await publish(place, 5)
  await take(5)
  assert.deepEqual(seen, [1, 2, 3, 4, 5])
  const code = new Promise((resolve) => watcher.once('exit', resolve))
  watcher.kill('SIGINT')
  assert.equal(await code, 0)
})

test('a watcher begins after a token that it is given', async (t) => {
  const place = makePlace(t)
  await publish(place, 1)
  const told = await place.orion(['events', '--json'])
  await publish(place, 2)
  const watcher = place.start(['watch', '*', '--from', JSON.parse(told.stdout).token], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  assert.match(await linesOf(watcher)(), /^\d\d:\d\d:\d\d {2}Test\.done {2}by owner .* {2}2$/)
})

async function publish(place: Place, payload: number): Promise<void> {
  await place.json(['publish', 'Test.done', '--payload', String(payload)])
}

/** How many subscriptions the daemon has; none while there is no daemon. */
async function subscriptions(place: Place): Promise<number> {
  const told = await place.orion(['status', '--json'])
  if (told.code !== 0) return 0
  const connections: readonly { readonly subscriptions: readonly unknown[] }[] = JSON.parse(
    told.stdout,
  ).connections
  return connections.reduce((sum, connection) => sum + connection.subscriptions.length, 0)
}

test('a pattern for a topic of the user’s own is waited for, a mistyped one of a record type is not', async (t) => {
  const place = makePlace(t)
  const mistyped = await place.orion(['watch', 'OrionInsigt.*'])
  assert.equal(mistyped.code, 2)
  assert.match(mistyped.stderr, /did you mean: OrionInsight\.\*/)
  const waiting = place.orion(['wait', 'Own.topic', '--json'])
  await until(async () => (await subscriptions(place)) === 1)
  await place.json(['publish', 'Own.topic', '--payload', '7'])
  const told = await waiting
  assert.equal(told.code, 0, told.stderr)
  assert.match(told.stderr, /^There is no such event so far: Own\.topic\n$/)
  assert.equal(JSON.parse(told.stdout).payload, 7)
})

test('a watch from a snapshot shows what there is, then what comes, each once, over a killed daemon', async (t) => {
  const place = makePlace(t)
  const add = async (id: string, status: string): Promise<void> => {
    const data = JSON.stringify({ jobId: id, status })
    await place.json(['create', 'JobResult', '--id', id, '--data', data])
  }
  await add('a', 'FAILURE')
  await add('b', 'SUCCESS')
  const where = '{"status":"FAILURE"}'
  const watcher = place.start(
    ['watch', 'JobResult.*', '--from', 'snapshot', '--where', where, '--json'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const line = linesOf(watcher)
  const seen: unknown[] = []
  const take = async (): Promise<void> => {
    const { id, op, match, synthetic } = JSON.parse(await line())
    seen.push([id, op, match, synthetic === true])
  }
  await take()
  const [killed = 0] = place.daemons()
  process.kill(killed, 'SIGKILL')
  await until(() => !isAlive(killed))
  await add('c', 'SUCCESS')
  await add('d', 'FAILURE')
  await place.json(['update', 'JobResult', 'a', '--set', '{"status":"SUCCESS"}'])
  await take()
  await take()
  assert.deepEqual(seen, [
    ['a', 'created', 'entered', true],
    ['d', 'created', 'entered', false],
    ['a', 'updated', 'left', false],
  ])
})

test('a wait goes on over a killed and a stopped daemon, and is not ended by what does not fit', async (t) => {
  const place = makePlace(t)
  const { token } = tokenOf(await place.json(['publish', 'Test.begun']))
  const waiting = place.orion(
    ['wait', 'JobResult.*', '--where', '{"jobId":"mine"}', '--after', token, '--json'],
    {},
  )
  await until(async () => (await subscriptions(place)) === 1)
  const [killed = 0] = place.daemons()
  process.kill(killed, 'SIGKILL')
  await until(() => !isAlive(killed))
  const result = (jobId: string) => JSON.stringify({ jobId, status: 'SUCCESS' })
  await place.json(['create', 'JobResult', '--data', result('other')])
  await place.orion(['stop'])
  await place.json(['create', 'JobResult', '--id', 'r', '--data', result('mine')])
  const { code, stdout, stderr } = await waiting
  assert.equal(code, 0, stderr)
  assert.equal(JSON.parse(stdout).id, 'r')
})

test('a wait whose daemon was stopped and stays so runs out of its time', async (t) => {
  const place = makePlace(t)
  await place.json(['publish', 'Test.begun'])
  const waiting = place.orion(['wait', 'Test.*', '--timeout', '6s', '--json'])
  await until(async () => (await subscriptions(place)) === 1)
  await place.orion(['stop'])
  const { code, stderr } = await waiting
  assert.equal(code, 7, stderr)
  assert.equal(JSON.parse(stderr).kind, 'timeout')
  assert.deepEqual(place.daemons(), [])
})

test('events are read on from a token, and one that means nothing here is said to be wrong', async (t) => {
  const place = makePlace(t)
  await publish(place, 1)
  const { token } = tokenOf(await place.json(['publish', 'Test.done', '--payload', '2']))
  await publish(place, 3)
  const told = await place.orion(['events', 'Test.*', '--after', token, '--json'])
  assert.equal(JSON.parse(told.stdout).payload, 3)
  for (const [wrong, kind] of [
    ['yesterday', 'invalid_request'],
    ['o1.other1.epoch1.5', 'token_invalid'],
  ] as const) {
    for (const args of [
      ['events', '--after', wrong],
      ['watch', '*', '--from', wrong],
      ['wait', '*', '--after', wrong],
    ]) {
      const refused = await place.orion([...args, '--json'])
      assert.equal(refused.code, 2, refused.stderr)
      assert.equal(JSON.parse(refused.stderr).kind, kind)
    }
  }
})

test('a filter that can’t be is refused at once: an unknown field, patterns of more than one type', async (t) => {
  const place = makePlace(t)
  for (const args of [
    ['watch', 'JobResult.*', '--where', '{"jobid":"a"}'],
    ['wait', 'JobResult.*', '--where', '{"jobid":"a"}'],
    ['watch', '*', '--where', '{"jobId":"a"}'],
    ['watch', 'JobResult.*', 'Proposal.*', '--where', '{"jobId":"a"}'],
    ['watch', 'JobResult.*', '--where', 'jobId=a'],
  ]) {
    const refused = await place.orion([...args, '--json'])
    assert.equal(refused.code, 2, refused.stderr)
    assert.equal(JSON.parse(refused.stderr).kind, 'invalid_request')
  }
})

function tokenOf(value: unknown): { readonly token: string } {
  assert.ok(typeof value === 'object' && value !== null && 'token' in value)
  return { token: String(value.token) }
}
