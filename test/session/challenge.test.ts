/** A daemon on a pipe proves itself to the client before the client shows its token. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Message } from 'vscode-jsonrpc/node'
import { parseAccessToken, proofOf } from '../../sdk/access-token.ts'
import { connect } from '../../sdk/client/connect.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import type { Parsed } from '../support/wire-client.ts'

const endpoint = String.raw`\\.\pipe\orion-somebody-real`
const elsewhere = String.raw`\\.\pipe\orion-somebody-false`
const nonce = 'n'.repeat(32)

async function withToken(t: TestContext): Promise<TestDaemon & { token: string; id: string }> {
  const place = await startDaemon(t, { limits: { wrongTokenDelayMs: 1 } })
  const owner = await place.connect()
  const { token, id } = await owner.call('token/create', { name: 'agent:a', scopes: ['read'] })
  return { ...place, token, id }
}

/** A client of the SDK over whatever transport, as it would be on a pipe. */
function clientOver(transport: () => Transport, token: string, at = endpoint) {
  return connect({
    client: { name: 'test' },
    transport: async () => transport(),
    endpoint: at,
    token,
    timeoutMs: 5_000,
  })
}

test('a client is served over a pipe once the daemon has proved itself', async (t) => {
  const { daemon, token } = await withToken(t)
  const client = await clientOver(() => {
    const [server, end] = memoryPair()
    daemon.attach(server, { kind: 'pipe', endpoint })
    return end
  }, token)
  t.after(() => client.close())
  assert.equal(client.server.principal, 'agent:a')
})

/** What an impostor may answer to the challenge that he has heard. */
const lies: { readonly [what: string]: (params: Parsed) => object } = {
  'a welcome': () => ({ result: { protocol: 1, principal: 'agent:a', scopes: [] } }),
  'a refusal without a proof': () => refusal({}),
  'an empty proof': () => refusal({ proof: '' }),
  'a proof that is no text': () => refusal({ proof: { length: 43 } }),
  'the question itself': ({ challenge }) => refusal({ proof: challenge.nonce }),
  'a proof by another secret': ({ challenge }) =>
    refusal({ proof: proofOf(Buffer.alloc(32), endpoint, challenge) }),
}
for (const [what, lie] of Object.entries(lies)) {
  test(`an impostor who answers with ${what} is not shown the token`, async (t) => {
    const { token } = await withToken(t)
    const heard: string[] = []
    const error = await clientOver(() => impostor(heard, lie), token).then(
      () => assert.fail('the client took him for the daemon'),
      (thrown: unknown) => thrown,
    )
    assert.ok(isOrionError(error, 'unauthenticated'), String(error))
    assertHidden(heard, token)
  })
}

test('an impostor who passes everything on to the daemon gets no secret and no connection', async (t) => {
  const { daemon, token } = await withToken(t)
  const heard: string[] = []
  const relay = (): Transport => {
    const [server, toDaemon] = memoryPair()
    daemon.attach(server, { kind: 'pipe', endpoint })
    const [fromClient, end] = memoryPair()
    fromClient.reader.listen((message) => {
      heard.push(JSON.stringify(message))
      void toDaemon.writer.write(message)
    })
    toDaemon.reader.listen((message) => void fromClient.writer.write(message))
    t.after(() => toDaemon.close())
    return end
  }
  await assert.rejects(clientOver(relay, token, elsewhere), { kind: 'unauthenticated' })
  assert.ok(heard.length > 0)
  assertHidden(heard, token)
  // The control: under its own name the same way leads to the daemon.
  const client = await clientOver(relay, token, endpoint)
  await client.close()
})

test('without a token nothing is said on a pipe', async () => {
  const heard: string[] = []
  const transport = async (): Promise<Transport> => impostor(heard, () => refusal({}))
  await assert.rejects(connect({ client: { name: 'test' }, transport, endpoint }), {
    kind: 'unauthenticated',
  })
  assert.deepEqual(heard, [])
})

test('a token that is not there is answered like one that is', async (t) => {
  const { daemon, dial, id, location } = await withToken(t)
  const ask = async (from: TestDaemon['dial'], tokenId: string): Promise<Parsed> => {
    const { client } = from({ kind: 'pipe', endpoint })
    return await client.refused('initialize', { challenge: { tokenId, nonce } })
  }
  const real = await ask(dial, id)
  const decoy = await ask(dial, 'a'.repeat(12))
  assert.equal(real.code, 40100)
  assert.notEqual(real.data.proof, decoy.data.proof)
  const shape = (answer: Parsed): string =>
    JSON.stringify(answer).replace(answer.data.proof, '·'.repeat(answer.data.proof.length))
  assert.equal(shape(real), shape(decoy))
  assert.deepEqual(await ask(dial, 'a'.repeat(12)), decoy)
  await daemon.close()
  const again = await startDaemon(t, { location })
  assert.deepEqual(await ask(again.dial, 'a'.repeat(12)), decoy)
  assert.deepEqual(await ask(again.dial, id), real)
})

test('a connection that was given a proof lives on, and gives few', async (t) => {
  const { dial, id, token } = await withToken(t)
  const { client } = dial({ kind: 'pipe', endpoint })
  await client.refused('initialize', { challenge: { tokenId: id, nonce } })
  assert.equal((await client.refused('record/list', { type: 'Note' })).code, 40101)
  assert.equal((await client.initialize({ token })).principal, 'agent:a')
  const asker = dial({ kind: 'pipe', endpoint }).client
  for (let asked = 0; asked < 4; asked++) {
    await asker.refused('initialize', { challenge: { tokenId: id, nonce } })
  }
  await asker.closed
})

function refusal(data: object): object {
  const error = { code: 40100, message: 'no', data: { kind: 'unauthenticated', ...data } }
  return { error }
}

/** Hears everything, and answers each request with a lie. */
function impostor(heard: string[], lie: (params: Parsed) => object): Transport {
  const [server, end] = memoryPair()
  server.reader.listen((message: Message) => {
    heard.push(JSON.stringify(message))
    const { id, params }: Parsed = message
    const answer: Parsed = { jsonrpc: '2.0', id, ...lie(params) }
    void server.writer.write(answer)
  })
  return end
}

function assertHidden(heard: readonly string[], token: string): void {
  const { secret = 'none' } = parseAccessToken(token) ?? {}
  assert.ok(heard.length > 0)
  assert.ok(!heard.join('').includes(secret))
}
