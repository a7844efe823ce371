/** Two shells: one watches everything, in the other somebody writes, and in between the daemon is killed. */
import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { z } from 'zod'
import { isAlive, makePlace, type Place, program, until } from '../cli/orion-process.ts'
import { startProcess } from '../support/process.ts'
import { PlainConnection, Unanswered } from './plain-connection.ts'

test('whoever watches everything sees the log itself, over a kill in the middle of writes', async (t) => {
  const place = makePlace(t)
  const watcher = startProcess(t, [process.execPath, program, 'watch', '*', '--json'], place)
  const seen: string[] = []
  createInterface({ input: watcher.stdout }).on('line', (line) => seen.push(line))
  await until(async () => (await watchers(place)) === 1)

  await place.json(['create', 'OrionInsight', '--id', 'shell', '--data', insight])
  await place.json(['update', 'OrionInsight', 'shell', '--set', '{"domain":"second shell"}'])
  const written = await writeUntilKilled(place)
  assert.ok(written > 0)
  await place.json(['publish', 'Shell.back', '--payload', '"after the kill"'])
  await place.json(['transact', '-'], { input: JSON.stringify(transaction) })

  const log = await place.orion(['events', '--limit', '1000', '--json'])
  const lines = log.stdout.trimEnd().split('\n')
  await until(() => seen.length >= lines.length)
  assert.deepEqual(seen.map(eventOf), lines.map(eventOf))
  assert.deepEqual(
    seen.map((line) => eventOf(line).seq),
    lines.map((_, index) => index + 1),
  )
  watcher.kill('SIGINT')
  const { code, stderr } = await watcher.ended
  assert.deepEqual([code, stderr], [0, ''])
})

const insight = JSON.stringify({ summary: 'written in a shell', domain: 'shell' })
const transaction = [
  { op: 'delete', type: 'OrionInsight', id: 'shell', expectedVersion: 2 },
  { op: 'create', type: 'JobResult', data: { jobId: 'shell', status: 'SUCCESS' } },
]
const event = z.object({
  seq: z.int(),
  txn: z.int(),
  topic: z.string(),
  token: z.string(),
  version: z.int().optional(),
})

function eventOf(line: string): z.infer<typeof event> {
  return event.parse(JSON.parse(line))
}

/** How many subscriptions there are. */
async function watchers(place: Place): Promise<number> {
  const { code, stdout } = await place.orion(['status', '--json'])
  if (code !== 0) return 0
  const { connections } = status.parse(JSON.parse(stdout))
  return connections.reduce((sum, { subscriptions }) => sum + subscriptions.length, 0)
}

const status = z.object({ connections: z.array(z.object({ subscriptions: z.array(z.unknown()) })) })
const endpoint = z.object({ socket: z.string(), pid: z.int() })

/** Writes on eight lines at once, kills the daemon among the answers, and tells how many came. */
async function writeUntilKilled(place: Place): Promise<number> {
  const { socket, pid } = endpoint.parse(await place.json(['endpoint']))
  const connection = await PlainConnection.open(socket, 'writer')
  let answered = 0
  const write = async (): Promise<void> => {
    for (;;) {
      try {
        await connection.call('event/publish', { topic: 'Shell.burst', payload: answered })
      } catch (error) {
        if (error instanceof Unanswered) return
        throw error
      }
      answered += 1
      if (answered === 200) process.kill(pid, 'SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: 8 }, write))
  await until(() => !isAlive(pid))
  return answered
}
