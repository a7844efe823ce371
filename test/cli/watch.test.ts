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
