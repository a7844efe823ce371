import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startDaemon } from '../support/daemon.ts'

const told = readFileSync(new URL('../../docs/queries.md', import.meta.url), 'utf8')

test('every filter of the document on queries is understood, and the wrong one is not', async (t) => {
  const client = await (await startDaemon(t)).connect()
  const filters = [...told.matchAll(/^\| `(\{.*?\})` \|/gm)].map(([, text = '']) =>
    JSON.parse(text),
  )
  assert.ok(filters.length >= 14)
  const type = 'OrionInsight'
  for (const where of filters) await client.call('record/list', { type, where })
  const { message } = await client.refused('record/list', { type, where: { sumary: 'x' } })
  const quoted = told.replaceAll('\n', ' ')
  assert.ok(quoted.includes(message.replace(/^sumary: /, '')), message)
})
