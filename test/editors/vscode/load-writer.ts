/** A program that writes steadily: `load-writer FOLDER EVENTS SECONDS`. Prints how long it took, as JSON. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TransactOperation } from '../../../sdk/protocol/records.ts'
import { otherProgram } from './programs.ts'

void write()

async function write(): Promise<void> {
  const [folder = '', events = '', seconds = ''] = process.argv.slice(2)
  const client = await otherProgram(folder)
  const began = performance.now()
  let written = 0
  const turns = Number(seconds) * turnsPerSecond
  const perTurn = Number(events) / turns
  for (let turn = 0; turn < turns; turn++) {
    const operations = Array.from({ length: perTurn }, () => operation(written++))
    const parts = [0, 1, 2, 3, 4].map((part) =>
      operations.slice((part * perTurn) / 5, ((part + 1) * perTurn) / 5),
    )
    await Promise.all(parts.map((part) => client.transact({ operations: part })))
    await sleep(Math.max(0, began + ((turn + 1) * 1000) / turnsPerSecond - performance.now()))
  }
  const ms = performance.now() - began
  await client.close()
  process.stdout.write(JSON.stringify({ events: written, ms }))
}

const turnsPerSecond = 10

/** What agents and jobs write: mostly logs, and every view has something to draw. */
function operation(count: number): TransactOperation {
  const kind = count % 10
  if (kind < 5) {
    const data = { actionType: `tool.call_${count % 7}`, status: 'SUCCESS', agentId: 'agent:load' }
    return { op: 'create', type: 'OrionActionLog', data: { ...data, durationMs: count % 900 } }
  }
  if (kind < 8) {
    const summary = `Learned ${count}: ${'what the load test saw, in a sentence of some length. '.repeat(2)}`
    return { op: 'create', type: 'OrionInsight', data: { summary, domain: `load-${count % 5}` } }
  }
  const jobId = `load-job-${count % 50}`
  const status = count % 3 === 0 ? 'FAILURE' : 'SUCCESS'
  return { op: 'create', type: 'JobResult', data: { jobId, attempt: count + 1, status } }
}
