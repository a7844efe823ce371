/** A program that adds one to a record, again and again, against whoever else does: `counting-writer.ts STORE ID TIMES`. */
import { OrionPattern } from '../../plugins/orion/record-types.ts'
import { connect } from '../../sdk/client/connect.ts'

const [store, id = '', times] = process.argv.slice(2)
const client = await connect({ client: { name: 'writer' }, store, timeoutMs: 300_000 })
const patterns = client.repository(OrionPattern)
let attempts = 0
for (let done = 0; done < Number(times); done += 1) {
  await patterns.update(id, ({ data }) => {
    attempts += 1
    return { set: { frequencyCount: data.frequencyCount + 1 } }
  })
}
await client.close()
process.stdout.write(`${attempts}\n`)
