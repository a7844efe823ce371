/** `orion status` when no daemon answers: what lies there, and nothing started or made. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isAlive, makePlace, until } from './orion-process.ts'

test('status without a daemon tells how the last one ended, and what it left', async (t) => {
  const place = makePlace(t)
  await place.json(['backup'])
  await place.orion(['stop'])
  // Nobody may write there now, and whoever reads a pipe waits for ever.
  rmSync(join(place.store, 'next-owner.lock'))
  chmodSync(place.store, 0o500)
  const before = readdirSync(place.store)
  const told = await place.orion(['status', '--json'])
  assert.deepEqual(readdirSync(place.store), before)
  chmodSync(place.store, 0o700)
  assert.equal(told.code, 6)
  assert.equal(JSON.parse(told.stderr).kind, 'disconnected')
  const { running, store } = JSON.parse(told.stdout)
  assert.deepEqual([running, store.state, store.backups], [false, 'sqlite', 1])
  assert.equal(store.lastBackup.reason, 'asked')
  assert.equal(store.lastOwner.alive, false)
  assert.match(store.lastOwner.ended.because, /daemon\/shutdown by owner/)
  assert.deepEqual(place.daemons(), [])
})

test('status without a daemon tells of one that was killed, and of a store that is none', async (t) => {
  const place = makePlace(t)
  await place.json(['create', 'OrionInsight', '--data', '{"summary":"s","domain":"d"}'])
  const [pid = 0] = place.daemons()
  process.kill(pid, 'SIGKILL')
  await until(() => !isAlive(pid))
  const told = await place.orion(['status'])
  assert.equal(told.code, 6)
  assert.match(told.stdout, /^no daemon .*\nstore +.*store\.sqlite \(/)
  assert.match(told.stdout, /\nlog +\d.* that the next daemon takes in\n/)
  assert.match(told.stdout, new RegExp(`last owner +process ${pid}, since .*\n +it was killed, or`))
  assert.match(told.stderr, /no daemon serves/)

  writeFileSync(join(place.store, 'store.sqlite'), 'not a database. '.repeat(99))
  rmSync(join(place.store, 'owner.json'))
  execFileSync('mkfifo', [join(place.store, 'owner.json')])
  const hostile = await place.orion(['status'])
  assert.equal(hostile.code, 6)
  assert.match(hostile.stdout, /is no SQLite file/)
  assert.doesNotMatch(hostile.stdout, /last owner/)
})
