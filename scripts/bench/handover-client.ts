/**
 * The client of the benchmark of hand-overs: 1,000 writes a second and 100 subscriptions. Its process says `ready`; at
 * each message it tells the longest time between two answers since the last one, and how many writes failed or events
 * were lost or doubled.
 */
import { connect } from '../../sdk/client/connect.ts'
import { integer, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

const Entry = defineRecordType('Entry', {
  fields: { name: text(), count: integer({ default: 0 }) },
})
const writesPerSecond = 1000
const subscriptions = 100

const client = await connect({ client: { name: 'bench-handover' }, store: process.argv[2] })
const entries = client.repository(Entry)
await client.define(Entry)
const seen: number[] = []
let wrong = 0
for (let at = 0; at < subscriptions; at++) {
  seen.push(0)
  await client.on(Entry, ({ version }) => {
    if (version !== 1) wrong++
    seen[at] = (seen[at] ?? 0) + 1
  })
}
const begun = performance.now()
let asked = 0
let answered = 0
let lastMs = begun
let longestMs = 0
setInterval(() => {
  const due = Math.floor(((performance.now() - begun) / 1000) * writesPerSecond)
  for (; asked < due; asked++) {
    entries.create({ name: `entry ${asked}` }).then(note, () => wrong++)
  }
}, 2)

function note(): void {
  const nowMs = performance.now()
  longestMs = Math.max(longestMs, nowMs - lastMs)
  lastMs = nowMs
  answered++
}

process.on('message', () => {
  const answer = {
    longestMs,
    answered,
    wrong,
    behind: answered - Math.min(...seen),
    ahead: Math.max(...seen) - answered,
  }
  longestMs = 0
  process.send?.(answer)
})
process.send?.('ready')
