/** What is asked of a daemon that ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'

for (const [method, params] of [
  ['record/create', { type: 'Note', data: { title: 'late' } }],
  ['record/list', { type: 'Note' }],
  ['subscription/open', { patterns: ['*'] }],
] as const) {
  test(`${method} is refused once the end has begun, with when to ask again`, async (t) => {
    const { connect } = await startDaemon(t)
    const client = await connect()
    const end = client.send('daemon/shutdown')
    const late = client.send(method, params)
    assert.equal((await client.answer(end)).result, null)
    const { error } = await client.answer(late)
    assert.equal(error?.data.kind, 'draining')
    assert.ok(error.data.retryAfterMs > 0)
  })
}
