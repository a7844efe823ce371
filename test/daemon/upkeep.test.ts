/** Checks of a store take a process each: few may wait, and who is gone is not waited for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../../daemon/log.ts'
import { silentLog } from '../../daemon/log.ts'
import { startDaemon } from '../support/daemon.ts'

test('few checks may wait, those of a client that is gone are given up, and none of it is a bug', async (t) => {
  const faults: string[] = []
  const log: Log = { ...silentLog, error: (message) => faults.push(message) }
  const { connect } = await startDaemon(t, { log })
  const impatient = await connect()
  for (let at = 0; at < 4; at++) impatient.send('daemon/check')
  await impatient.call('daemon/status')
  const client = await connect()
  const refused = await client.refused('daemon/check')
  assert.equal(refused.code, 42900)
  assert.ok(refused.data.retryAfterMs > 0)
  await impatient.close()
  let answer = await client.answer(client.send('daemon/check'))
  while (answer.error?.code === 42900) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    answer = await client.answer(client.send('daemon/check'))
  }
  assert.ok(answer.result.findings.length > 0)
  assert.deepEqual(faults, [])
})

test('of two restores at once one is done, and the other is told so', async (t) => {
  const { connect } = await startDaemon(t)
  const [first, second] = [await connect(), await connect()]
  await first.call('record/create', { type: 'Note', data: { title: 'a' } })
  const { path } = await first.call('daemon/backup')
  const answers = await Promise.all(
    [first, second].map((client) => client.answer(client.send('daemon/restore', { path }))),
  )
  const kinds = answers.map(({ error, result }) => error?.data?.kind ?? typeof result.kept)
  assert.deepEqual(kinds.sort(), ['draining', 'string'])
})
