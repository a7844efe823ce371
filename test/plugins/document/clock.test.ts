import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDaemon } from '../../../daemon/testing/index.ts'
import { definePlugin, defineRecordType, text } from '../../../sdk/index.ts'

const Note = defineRecordType('DocsNote', { fields: { words: text() } })
const plugin = definePlugin({ name: 'docs', apiVersion: 1, recordTypes: [Note] })

test('a note is as old as the clock says', async (t) => {
  const daemon = await testDaemon({ plugins: [plugin], now: '2030-01-01T00:00:00Z' })
  t.after(() => daemon.close())
  const agent = await daemon.client({ principal: 'agent:a', scopes: ['read', 'write'] })
  const { id } = await agent.repository(Note).create({ words: 'old' })
  daemon.clock.advance({ days: 7 })
  await daemon.restart()
  await daemon.settled()
  const note = await agent.repository(Note).get(id)
  assert.equal(note.createdAt.slice(0, 10), '2030-01-01')
  assert.equal(daemon.clock.now().slice(0, 10), '2030-01-08')
})
