/** A program that updates one record many times, against whoever else does: `counting-process.ts <store> <times>`. */
import { connect } from '../../sdk/client/connect.ts'
import { integer } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

const Counter = defineRecordType('Counter', { fields: { count: integer({ default: 0 }) } })
const [store, times] = process.argv.slice(2)
const client = await connect({
  client: { name: `counter ${process.pid}` },
  store,
  daemon: 'join-only',
  timeoutMs: 300_000,
})
const counters = client.repository(Counter)
let calls = 0
for (let i = 0; i < Number(times); i++) {
  await counters.update('c', (record) => {
    calls++
    return { set: { count: record.data.count + 1 } }
  })
}
await client.close()
process.stdout.write(`${calls}\n`)
