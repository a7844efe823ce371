/** Tokens that end while their clients are hard at work. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../../sdk/client/client.ts'
import { isOrionError } from '../../sdk/errors.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { Note } from '../support/store.ts'

test('writers and subscribers stop when their token ends, and nobody else notices', async (t) => {
  const place = await startDaemon(t, { limits: { wrongTokenDelayMs: 1 } })
  const owner = await place.connect()
  const lasts = [undefined, undefined, 1500] // One expires, the others are revoked.
  const made = await Promise.all(
    lasts.map((expiresInMs, index) =>
      owner.call('token/create', {
        name: `agent:${index}`,
        scopes: ['read', 'write'],
        types: ['Note'],
        ...(expiresInMs === undefined ? {} : { expiresInMs }),
      }),
    ),
  )
  const clients = await Promise.all(made.map(({ token }) => daemonClient(t, place, { token })))
  const free = await daemonClient(t, place)
  const notes = free.repository(Note)
  const subscriptions = await Promise.all(clients.map((client) => client.on('Note.*', () => {})))
  const ends = clients.map((client) => workUntilRefused(client))
  for (const { id } of made.slice(0, 2)) {
    await notes.create({ title: 'free' })
    await owner.call('token/revoke', { id })
  }
  const outcomes = await Promise.all(ends)
  const stored = new Set<string>()
  for await (const { id } of notes.listAll({})) stored.add(id)
  for (const { answered, error } of outcomes) {
    // A write that was on its way when the connection closed may have been done: the SDK says so.
    const told = isOrionError(error) ? error.kind : String(error)
    assert.ok(['unauthenticated', 'outcome_unknown'].includes(told), told)
    assert.deepEqual(
      answered.filter((id) => !stored.has(id)),
      [],
    )
  }
  for (const { closed } of subscriptions) assert.ok(isOrionError(await closed))
  // Nothing of theirs comes after the last of it.
  const { token } = await owner.call('event/list', { limit: 1000 })
  await notes.create({ title: 'free' })
  const later = await owner.call('event/list', { after: token, limit: 1000 })
  for (const { actor } of later.events) assert.equal(actor.principal, 'owner')
})

/** Writes one after the other until a write fails. */
async function workUntilRefused(
  client: Client,
): Promise<{ readonly answered: readonly string[]; readonly error: unknown }> {
  const notes = client.repository(Note)
  const answered: string[] = []
  for (;;) {
    try {
      answered.push((await notes.create({ title: 'work' })).id)
    } catch (error) {
      return { answered, error }
    }
  }
}
