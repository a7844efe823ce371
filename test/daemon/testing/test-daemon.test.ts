/** The test kit that authors of plugins get, used as they would. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { testDaemon } from '../../../daemon/testing/index.ts'
import { OrionInsight } from '../../../plugins/orion/index.ts'
import {
  ApproveProposal,
  CreateProposal,
  defineAction,
  defineRecordType,
  isOrionError,
  SubmitProposal,
  text,
} from '../../../sdk/index.ts'
import { DaemonStatus } from '../../../sdk/protocol/daemon.ts'
import { temporaryDirectory } from '../../support/store.ts'

const Note = defineRecordType('KitNote', { fields: { title: text() } })

test('a test daemon serves records at the time that the test says', async () => {
  await using daemon = await testDaemon({ types: [Note] })
  const notes = (await daemon.client()).repository(Note)
  const first = await notes.create({ title: 'a' })
  daemon.clock.advance({ days: 1, hours: 2, minutes: 3, seconds: 4, ms: 5 })
  const second = await notes.create({ title: 'b' })
  const createdAt = async (id: string) => (await notes.get(id))?.createdAt.slice(0, 23)
  // What is written in one instant is a microsecond apart.
  assert.equal(await createdAt(first.id), '2026-01-01T00:00:00.000')
  assert.equal(await createdAt(second.id), '2026-01-02T02:03:04.005')
  assert.equal(daemon.clock.now(), '2026-01-02T02:03:04.005000Z')
})

test('time begins when the test says, and does not go back', async () => {
  await using daemon = await testDaemon({ now: '2030-05-06T07:08:09+02:00' })
  assert.equal(daemon.clock.now(), '2030-05-06T05:08:09.000000Z')
  assert.throws(() => daemon.clock.advance({ ms: -1 }), /expected a time span from 0 up, got -1 ms/)
  assert.equal(daemon.clock.now(), '2030-05-06T05:08:09.000000Z')
  await assert.rejects(testDaemon({ now: 'tomorrow' }), /expected an instant .*, got tomorrow/)
})

test('each client is who it says, and may do what it was given', async () => {
  await using daemon = await testDaemon({ types: [Note] })
  const agent = await daemon.client({ principal: 'agent:a', scopes: ['read', 'write', 'define'] })
  const reader = await daemon.client({ scopes: ['read'], types: ['KitNote'] })
  const { id } = await agent.repository(Note).create({ title: 'mine' })
  assert.equal((await reader.repository(Note).get(id))?.createdBy, 'agent:a')
  assert.equal(reader.server.principal, 'owner')
  await assert.rejects(reader.repository(Note).create({ title: 'no' }), (error) =>
    isOrionError(error, 'forbidden'),
  )
  await assert.rejects(reader.repository(OrionInsight).list(), (error) =>
    isOrionError(error, 'forbidden'),
  )
})

test('a principal may approve what another one proposed, and not its own', async () => {
  await using daemon = await testDaemon()
  const one = await daemon.client({ principal: 'agent:one' })
  const other = await daemon.client({ principal: 'agent:other' })
  const { id } = await one.request(CreateProposal, {
    operations: [{ op: 'create', type: 'OrionInsight', data: { summary: 'a', domain: 'b' } }],
  })
  const { digest = '' } = await one.request(SubmitProposal, { id })
  await assert.rejects(one.request(ApproveProposal, { id, digest }), (error) =>
    isOrionError(error, 'forbidden'),
  )
  const approved = await other.request(ApproveProposal, { id, digest })
  assert.equal(approved.status, 'approved')
})

test('what was written is there after a restart, and clients come back', async () => {
  await using daemon = await testDaemon({ types: [Note] })
  const client = await daemon.client()
  const before = await client.request(DaemonStatus, {})
  const { id } = await client.repository(Note).create({ title: 'kept' })
  await daemon.restart()
  assert.equal((await client.repository(Note).get(id))?.data.title, 'kept')
  const after = await client.request(DaemonStatus, {})
  assert.notEqual(after.instanceId, before.instanceId)
})

test('a test daemon that is closed leaves nothing behind', async () => {
  const daemon = await testDaemon()
  const client = await daemon.client()
  const { path } = (await client.request(DaemonStatus, {})).store
  assert.ok(existsSync(path))
  await daemon.close()
  await daemon.close()
  assert.ok(!existsSync(path))
  await assert.rejects(client.repository(OrionInsight).list())
  await assert.rejects(daemon.restart(), /expected a daemon that is not closed/)
})

test('a test daemon that can not start leaves nothing behind', async (t) => {
  const folder = temporaryDirectory(t)
  const { TMPDIR } = process.env
  process.env.TMPDIR = folder
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
  const twice = defineAction('kit.note', {
    description: 'Two of one name',
    input: z.object({}),
    types: [Note],
    apply: () => [],
  })
  await assert.rejects(testDaemon({ types: [Note], actions: [twice, twice] }), /kit\.note/)
  assert.deepEqual(readdirSync(folder), [])
})
