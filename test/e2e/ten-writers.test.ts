/** Ten processes fight for one record, and none of them loses an update. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { makePlace } from '../cli/orion-process.ts'
import { runProcess } from '../support/process.ts'
import { scriptArguments } from '../support/script-arguments.ts'
import { PlainConnection } from './plain-connection.ts'

const processes = 10
const updates = 100

test('ten processes that update one record a hundred times each leave it at version 1001', async (t) => {
  const place = makePlace(t)
  const data = JSON.stringify({ trigger: 'a race', steps: [] })
  await place.json(['create', 'OrionPattern', '--id', 'tally', '--data', data])
  const writer = fileURLToPath(new URL('counting-writer.ts', import.meta.url))
  const command = [process.execPath, ...scriptArguments(writer)]
  const ended = await Promise.all(
    Array.from({ length: processes }, () =>
      runProcess(t, [...command, place.store, 'tally', String(updates)], place),
    ),
  )
  for (const { code, stderr } of ended) assert.equal(code, 0, stderr)
  const attempts = ended.reduce((sum, { stdout }) => sum + Number(stdout), 0)
  t.diagnostic(`${attempts} attempts for ${processes * updates} updates`)
  assert.ok(attempts > processes * updates, 'nobody ever lost a race')

  const { socket } = endpoint.parse(await place.json(['endpoint']))
  const connection = await PlainConnection.open(socket, 'reader')
  t.after(() => connection.close())
  const key = { type: 'OrionPattern', id: 'tally' }
  const record = tally.parse(await connection.call('record/get', key))
  assert.equal(record.version, processes * updates + 1)
  assert.equal(record.data.frequencyCount, processes * updates)
  // Each version adds one to the version before it: nobody wrote over somebody else's update.
  const { versions } = history.parse(
    await connection.call('record/history', { ...key, limit: 1000 }),
  )
  assert.equal(versions.length, 1000)
  for (const { version, data } of versions) assert.equal(data.frequencyCount, version - 1)
})

const endpoint = z.object({ socket: z.string() })
const tally = z.object({ version: z.int(), data: z.object({ frequencyCount: z.int() }) })
const history = z.object({ versions: z.array(tally) })
