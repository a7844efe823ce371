/** Access tokens: making, using and ending them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../daemon/clock.ts'
import { formatAccessToken, parseAccessToken } from '../../sdk/access-token.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const pipe = { kind: 'pipe', endpoint: String.raw`\\.\pipe\orion-test` } as const
const agent = { name: 'agent:claude', scopes: ['read', 'write'], types: ['Note'] }
const quick = { wrongTokenDelayMs: 1 }

/** A daemon, its owner, and a token that the owner has made. */
async function withToken(
  t: TestContext,
  asked: object = agent,
  options: Parameters<typeof startDaemon>[1] = {},
): Promise<TestDaemon & { owner: WireClient; made: Parsed; file: string }> {
  const place = await startDaemon(t, { ...options, limits: { ...quick, ...options.limits } })
  const owner = await place.connect()
  const made = await owner.call('token/create', asked)
  return { ...place, owner, made, file: join(place.location.directory, 'tokens.json') }
}

test('a token gives its own principal, scopes and types', async (t) => {
  const { dial, made } = await withToken(t)
  const { client } = dial(pipe)
  const welcome = await client.initialize({ token: made.token })
  assert.equal(welcome.principal, 'agent:claude')
  assert.deepEqual(welcome.scopes, ['read', 'write'])
  assert.deepEqual(welcome.types, { read: ['Note'], write: ['Note'] })
  const { id } = await client.call('record/create', { type: 'Note', data: { title: 'a' } })
  const record = await client.call('record/get', { type: 'Note', id })
  assert.equal(record.createdBy, 'agent:claude')
  assert.equal((await client.refused('record/list', { type: 'Tally' })).code, 40300)
})

test('a scope may be limited to types by itself', async (t) => {
  const { connect, made } = await withToken(t, {
    name: 'ci',
    scopes: ['read', 'write'],
    types: { write: ['Note'] },
  })
  const client = await connect({ token: made.token })
  await client.call('record/list', { type: 'Tally' })
  assert.equal(
    (await client.refused('record/create', { type: 'Tally', data: {} })).data.needs,
    'write',
  )
  await client.call('record/create', { type: 'Note', data: { title: 'a' } })
})

test('a language client can give its token in its initialization options', async (t) => {
  const { dial, made } = await withToken(t)
  const { client } = dial(pipe)
  const welcome = await client.call('initialize', {
    processId: null,
    clientInfo: { name: 'editor' },
    initializationOptions: { token: made.token },
    capabilities: {},
  })
  assert.equal(welcome.principal, 'agent:claude')
})

test('the file keeps no secret, and nobody but its owner can read it', async (t) => {
  const { made, file, owner } = await withToken(t)
  const { secret = '' } = parseAccessToken(made.token) ?? {}
  assert.equal(secret.length, 43)
  assert.ok(!readFileSync(file, 'utf8').includes(secret))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(!JSON.stringify(await owner.call('token/list')).includes(secret))
})

test('a store that never gave a token has no file of them', async (t) => {
  const { location, connect } = await startDaemon(t)
  await (await connect()).call('token/list')
  assert.ok(!existsSync(join(location.directory, 'tokens.json')))
})

test('a list says what each token is, who made it, and when it was used', async (t) => {
  const { connect, owner, made } = await withToken(t, { ...agent, expiresInMs: 60_000 })
  const before = (await owner.call('token/list')).tokens[0]
  assert.equal(before.lastUsedAt, undefined)
  await connect({ token: made.token })
  const [token] = (await owner.call('token/list')).tokens
  assert.equal(token.id, made.id)
  assert.equal(token.createdBy, 'owner')
  assert.equal(token.state, 'active')
  assert.ok(token.expiresAt > token.createdAt)
  assert.ok(token.lastUsedAt >= token.createdAt)
})

test('tokens, what they may do and that they are revoked outlast a daemon', async (t) => {
  const { daemon, location, owner, made } = await withToken(t)
  const gone = await owner.call('token/create', { name: 'b', scopes: ['read'] })
  await owner.call('token/revoke', { id: gone.id })
  await daemon.close()
  const again = await startDaemon(t, { location, limits: quick })
  const client = await again.connect({ token: made.token })
  assert.equal((await client.refused('record/list', { type: 'Tally' })).code, 40300)
  const error = await again.dial().client.refused('initialize', { token: gone.token })
  assert.equal(error.code, 40100)
  assert.match(error.message, /revoked/)
})

test('a wrong token is refused alike, whatever is wrong with it', async (t) => {
  const { dial, made, owner } = await withToken(t)
  const { id = '' } = parseAccessToken(made.token) ?? {}
  const revoked = await owner.call('token/create', { name: 'b', scopes: ['read'] })
  await owner.call('token/revoke', { id: revoked.id })
  const wrong = formatAccessToken({ id, secret: 'A'.repeat(43) })
  const answers = []
  for (const token of [
    'guess',
    '',
    wrong,
    formatAccessToken({ id: revoked.id, secret: 'A'.repeat(43) }),
    formatAccessToken({ id: 'a'.repeat(12), secret: 'A'.repeat(43) }),
    `${made.token} `,
    made.token.toUpperCase(),
  ]) {
    answers.push(JSON.stringify(await dial().client.refused('initialize', { token })))
  }
  assert.equal(new Set(answers).size, 1, answers.join('\n'))
  assert.equal(JSON.parse(answers[0] ?? '').code, 40100)
})

test('whoever guesses tokens is slowed down, and loses the connection', async (t) => {
  const delay = 30
  const { dial } = await startDaemon(t, {
    limits: { wrongTokenDelayMs: delay, handshakeTriesMax: 3 },
  })
  const { client } = dial()
  const startedMs = performance.now()
  for (let tries = 0; tries < 3; tries++) await client.refused('initialize', { token: 'guess' })
  assert.ok(performance.now() - startedMs >= 3 * delay - 3)
  await client.closed
})

test('many guesses at once cost a connection as much as one after the other', async (t) => {
  const { dial, made } = await withToken(t, agent, { limits: { handshakeTriesMax: 3 } })
  const { client } = dial()
  for (let tries = 0; tries < 100; tries++) client.send('initialize', { token: `guess${tries}` })
  await client.closed
  assert.equal(
    await dial()
      .client.initialize({ token: made.token })
      .then(() => 'served'),
    'served',
  )
})

test('a token is needed on a pipe, and wherever the configuration demands one', async (t) => {
  const { connect, dial, location, daemon, made } = await withToken(t)
  assert.equal((await dial(pipe).client.refused('initialize', {})).code, 40100)
  await daemon.close()
  const strict = await startDaemon(t, { location, settings: { requireToken: true }, limits: quick })
  const socket = { kind: 'socket' } as const
  assert.equal((await strict.dial(socket).client.refused('initialize', {})).code, 40100)
  assert.equal((await strict.dial(pipe).client.refused('initialize', {})).code, 40100)
  await strict.connect({ token: made.token }, socket)
  // Who can open the store in a process of his own is not asked: he could write its files.
  await strict.connect()
  assert.ok(connect)
})

test('nobody takes the owner’s name, or the daemon’s', async (t) => {
  const { connect } = await startDaemon(t)
  const owner = await connect()
  for (const name of [
    'owner',
    'Owner',
    'OWNER/x',
    'daemon',
    'a\nb',
    '',
    ' a',
    'a b',
    'x'.repeat(200),
  ]) {
    const error = await owner.refused('token/create', { name, scopes: ['read'] })
    assert.ok([40000, -32602].includes(error.code), name)
  }
})

test('a token gives no more than its maker has', async (t) => {
  const { connect, owner } = await withToken(t)
  const scopes = ['read', 'write', 'admin']
  const types = { read: ['Note'], write: ['Note', 'Tally'] }
  const boss = await owner.call('token/create', {
    name: 'boss',
    scopes,
    types,
    expiresInMs: 60_000,
  })
  const maker = await connect({ token: boss.token })
  const cases: readonly (readonly [object, string?])[] = [
    [{ name: 'boss', scopes: ['define'] }, 'define'],
    [{ name: 'boss', scopes: ['read'] }, 'read'],
    [{ name: 'boss', scopes: ['read'], types: ['Tally'] }, 'read'],
    [{ name: 'agent:other', scopes: ['write'], types: ['Note'] }],
    [{ name: 'bossy', scopes: ['write'], types: ['Note'] }],
    [{ name: 'boss', scopes: ['write'], types: ['Note'], expiresInMs: 120_000 }],
  ]
  for (const [asked, needs] of cases) {
    const error = await maker.refused('token/create', asked)
    assert.equal(error.code, 40300, JSON.stringify(asked))
    assert.equal(error.data.needs, needs)
  }
  const below = { name: 'boss/job', scopes: ['read', 'write'], types: ['Note'] }
  const child = await maker.call('token/create', below)
  assert.equal(child.expiresAt, boss.expiresAt)
  assert.equal(child.createdBy, 'boss')
  assert.equal(child.parentId, boss.id)
  const client = await connect({ token: child.token })
  const { revoked } = await owner.call('token/revoke', { id: boss.id })
  assert.deepEqual(revoked, [boss.id, child.id])
  await client.closed
  await maker.closed
})

test('tokens are the business of those with scope admin for all types', async (t) => {
  const { connect, owner } = await withToken(t)
  for (const asked of [
    { name: 'a', scopes: ['read', 'write', 'propose', 'approve', 'publish', 'define'] },
    { name: 'b', scopes: ['admin'], types: ['Note'] },
  ]) {
    const { token } = await owner.call('token/create', asked)
    const client = await connect({ token })
    for (const method of ['token/create', 'token/list', 'token/revoke']) {
      const error = await client.refused(method, { ...asked, id: 'x' })
      assert.equal(error.code, 40300, method)
      assert.equal(error.data.needs, 'admin')
    }
  }
})

test('a revoked token ends the subscriptions and the connection at once', async (t) => {
  const { connect, owner, made } = await withToken(t)
  const client = await connect({ token: made.token })
  const { subscriptionId } = await client.call('subscription/open', { patterns: ['Note.*'] })
  const waiting = client.answer(
    client.send('event/list', { after: (await last(owner)).token, waitMs: 50_000 }),
  )
  await owner.call('token/revoke', { id: made.id })
  assert.equal((await waiting).error?.code, 40100)
  await client.closed
  const [closed] = client.notifications('subscription/closed')
  assert.deepEqual(closed?.params, { subscriptionId, reason: 'forbidden' })
  await owner.call('record/create', { type: 'Note', data: { title: 'after' } })
  assert.equal(client.events().length, 0)
})

test('a wait that was asked for as a command ends with its token like any other', async (t) => {
  const { connect, owner, made } = await withToken(t, agent, { limits: { drainMaxMs: 600_000 } })
  const client = await connect({ token: made.token })
  const params = { after: (await last(owner)).token, waitMs: 50_000 }
  const sent = client.send('workspace/executeCommand', {
    command: 'orion.event/list',
    arguments: [params],
  })
  await client.call('record/list', { type: 'Note' })
  await owner.call('token/revoke', { id: made.id })
  assert.equal((await client.answer(sent)).error?.code, 40100)
  await client.closed
})

test('requests that had not taken effect when their token was revoked never do', async (t) => {
  const { connect, owner, made } = await withToken(t, agent, { limits: { groupMax: 1 } })
  const client = await connect({ token: made.token })
  // So few that all of them are taken in before the revocation.
  const ids = Array.from({ length: 60 }, (_, index) => `n${index}`)
  const sent = ids.map((id) =>
    client.answer(client.send('record/create', { type: 'Note', id, data: { title: id } })).then(
      ({ error }) => (error === undefined ? id : undefined),
      () => 'lost' as const,
    ),
  )
  const revoked = owner.call('token/revoke', { id: made.id })
  const answers = await Promise.all(sent)
  await revoked
  await client.closed
  const stored = await owner.call('record/list', { type: 'Note', limit: 1000 })
  const there = new Set(stored.records.map(({ id }: { id: string }) => id))
  for (const [index, id] of ids.entries()) {
    if (answers[index] === id) assert.ok(there.has(id), `${id} was answered`)
    else if (answers[index] === undefined) assert.ok(!there.has(id), `${id} was refused`)
  }
  // One transaction for each: the revocation came before most of them.
  assert.ok(answers.filter((answer) => answer === undefined).length > 30)
  const count = there.size
  await owner.call('record/create', { type: 'Note', data: { title: 'later' } })
  assert.equal((await owner.call('record/count', { type: 'Note' })).count, count + 1)
})

test('a token that expires ends what is open, by the clock of the daemon', async (t) => {
  let aheadMicros = 0
  const clock = { ...systemClock, nowMicros: () => systemClock.nowMicros() + aheadMicros }
  const { connect, dial, made } = await withToken(t, { ...agent, expiresInMs: 60_000 }, { clock })
  const client = await connect({ token: made.token })
  await client.call('record/list', { type: 'Note' })
  aheadMicros = 61_000_000
  assert.equal((await client.refused('record/list', { type: 'Note' })).code, 40100)
  await client.closed
  const late = await dial().client.refused('initialize', { token: made.token })
  assert.match(late.message, /expired/)
})

test('a token expires without being asked', async (t) => {
  const { connect, made } = await withToken(t, { ...agent, expiresInMs: 150 })
  const client = await connect({ token: made.token })
  await client.call('subscription/open', { patterns: ['Note.*'] })
  await client.closed
  assert.equal(client.notifications('subscription/closed')[0]?.params.reason, 'forbidden')
})

test('narrowing a token’s rights never adds to them', async (t) => {
  const { connect, dial, made } = await withToken(t)
  const narrowed = await connect({
    token: made.token,
    narrow: { principal: 'agent:claude/sub', scopes: ['read'], types: ['Note', 'Tally'] },
  })
  assert.equal((await narrowed.refused('record/list', { type: 'Tally' })).code, 40300)
  assert.equal((await narrowed.refused('record/create', { type: 'Note', data: {} })).code, 40300)
  for (const narrow of [
    { scopes: ['admin'] },
    { principal: 'owner' },
    { principal: 'agent:claud' },
  ]) {
    const error = await dial().client.refused('initialize', { token: made.token, narrow })
    assert.equal(error.code, 40300, JSON.stringify(narrow))
  }
})

test('a token is revoked by its id or its whole text, and a second time nothing is', async (t) => {
  const { owner, made } = await withToken(t)
  assert.deepEqual(await owner.call('token/revoke', { id: made.token }), { revoked: [made.id] })
  assert.deepEqual(await owner.call('token/revoke', { id: made.id }), { revoked: [] })
  assert.equal((await owner.refused('token/revoke', { id: 'nothing' })).code, 40400)
})

test('the oldest token that has ended makes room; without one there is none', async (t) => {
  const { owner, made } = await withToken(t, agent, { limits: { tokensMax: 2 } })
  const b = { name: 'b', scopes: ['read'] }
  await owner.call('token/create', b)
  assert.equal((await owner.refused('token/create', b)).code, 41300)
  await owner.call('token/revoke', { id: made.id })
  await owner.call('token/create', b)
  assert.equal((await owner.call('token/list')).tokens.length, 2)
})

test('a name that is no record type yet is warned of', async (t) => {
  const { made } = await withToken(t, { ...agent, types: ['Note', 'Tali'] })
  assert.equal(made.warnings.length, 1)
  assert.match(made.warnings[0], /Tally/)
})

const spoilt: readonly (readonly [string, (file: string) => void])[] = [
  ['is cut short', (file) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20))],
  ['is empty', (file) => writeFileSync(file, '')],
  [
    'has a token without a digest',
    (file) => rewrite(file, /"digest": "[0-9a-f]+"/, '"digest": ""'),
  ],
  ['has a scope that is none', (file) => rewrite(file, /"read"/, '"root"')],
  ['is readable for others', (file) => chmodSync(file, 0o644)],
  ['is writable for others', (file) => chmodSync(file, 0o620)],
  [
    'is a link',
    (file) => {
      const text = readFileSync(file)
      rmSync(file)
      writeFileSync(`${file}.other`, text, { mode: 0o600 })
      symlinkSync(`${file}.other`, file)
    },
  ],
  [
    'is a pipe, which is not waited for',
    (file) => {
      rmSync(file)
      execFileSync('mkfifo', ['-m', '600', file])
    },
  ],
]
for (const [what, spoil] of spoilt) {
  test(`a daemon does not start when its file of tokens ${what}`, async (t) => {
    const { daemon, location, file } = await withToken(t)
    await daemon.close()
    spoil(file)
    await assert.rejects(startDaemon(t, { location }), { kind: 'storage_failed' })
  })
}

function rewrite(file: string, what: RegExp, by: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(what, by))
}

async function last(client: WireClient): Promise<Parsed> {
  return await client.call('event/list', {})
}
