/** `orion token`, and the store's owner who demands one. */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { isJsonObject, type JsonObject } from '../../sdk/json.ts'
import { makePlace, type Place } from './orion-process.ts'

const agent = ['--name', 'agent:claude', '--scope', 'read,propose']
const insight = JSON.stringify({ summary: 'cold cache', domain: 'build' })

test('a token is made, used, listed and revoked', async (t) => {
  const place = makePlace(t)
  const types = 'OrionInsight,JobResult'
  const made = await place.orion([
    'token',
    'create',
    ...agent,
    '--types',
    types,
    '--expires',
    '30d',
  ])
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /^orion_[a-z0-9]{12}_[\w-]{43}\n$/)
  assert.match(made.stderr, /agent:claude.*read \(JobResult OrionInsight\), propose/s)
  const env = { ORION_TOKEN: made.stdout.trim() }
  const [read, unread, written, listed] = await Promise.all([
    place.orion(['list', 'JobResult'], { env }),
    place.orion(['list', 'OrionPattern'], { env }),
    place.orion(['create', 'OrionInsight', '--data', insight], { env }),
    object(place, ['token', 'list']),
  ])
  assert.equal(read.code, 0, read.stderr)
  assert.equal(unread.code, 5)
  assert.match(unread.stderr, /scope read for OrionPattern/)
  assert.equal(written.code, 5)
  const [token] = Array.isArray(listed.tokens) ? listed.tokens : []
  assert.ok(isJsonObject(token) && typeof token.id === 'string')
  assert.deepEqual(token.scopes, ['read', 'propose'])
  const revoked = await place.orion(['token', 'revoke', token.id])
  assert.equal(revoked.code, 0, revoked.stderr)
  const late = await place.orion(['list', 'JobResult'], { env })
  assert.equal(late.code, 5)
  assert.match(late.stderr, /revoked/)
})

test('types may be given by scope, and a slip in them is told', async (t) => {
  const place = makePlace(t)
  const asked = ['--name', 'ci', '--scope', 'read,write', '--types']
  const made = await object(place, ['token', 'create', ...asked, 'read=*;write=JobResult'])
  assert.deepEqual(made.types, { write: ['JobResult'] })
  assert.equal((await place.orion(['token', 'create', ...asked, 'wriet=JobResult'])).code, 2)
  const odd = await place.orion(['token', 'create', ...asked, 'JobResul'])
  assert.equal(odd.code, 0)
  assert.match(odd.stderr, /did you mean JobResult/)
})

test('a store may demand a token of its owner too; the first is made where no daemon is needed', async (t) => {
  const place = makePlace(t)
  writeFileSync(join(place.store, 'config.json'), '{"requireToken": true}')
  const refused = await place.orion(['list', 'JobResult'])
  assert.equal(refused.code, 5)
  assert.match(refused.stderr, /token/)
  for (const pid of place.daemons()) process.kill(pid, 'SIGTERM')
  const asked = ['--name', 'me', '--scope', 'read,write,admin', '--in-process']
  const made = await place.orion(['token', 'create', ...asked])
  assert.equal(made.code, 0, made.stderr)
  const env = { ORION_TOKEN: made.stdout.trim() }
  const created = await place.orion(['create', 'OrionInsight', '--data', insight], { env })
  assert.equal(created.code, 0, created.stderr)
  assert.equal((await place.orion(['status'])).code, 5)
  assert.equal((await place.orion(['stop', '--token', made.stdout.trim()])).code, 0)
})

test('neither side trusts run-time files that others can touch', async (t) => {
  const place = makePlace(t)
  await place.json(['count', 'JobResult'])
  const runtime = join(dirname(place.directory), 'run')
  chmodSync(runtime, 0o755)
  const client = await place.orion(['count', 'JobResult'])
  assert.equal(client.code, 6)
  assert.match(client.stderr, /mode 0700/)
  for (const pid of place.daemons()) process.kill(pid, 'SIGKILL')
  const daemon = await place.orion(['serve'])
  assert.equal(daemon.code, 6)
  assert.match(daemon.stderr, /mode 0700/)
})

async function object(place: Place, args: readonly string[]): Promise<JsonObject> {
  const told = await place.json(args)
  assert.ok(isJsonObject(told))
  return told
}

test('an empty token is an error of the command line, not the owner', async (t) => {
  const place = makePlace(t)
  for (const given of ['', ' ']) {
    const refused = await place.orion(['status'], { env: { ORION_TOKEN: given } })
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /expected an access token, got an empty text/)
    assert.match(refused.stderr, /unset ORION_TOKEN/)
  }
})
