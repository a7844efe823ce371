/** One client process of `bench-daemon.ts`: makes its client, then runs the slices that its parent orders. */

import { bareClient, echoClient, orionClient, stockClient } from './clients.ts'
import { nativeGroups } from './native.ts'
import { serverClient } from './server-clients.ts'
import { type BenchClient, runSlice, type Slice } from './workload.ts'

const [contender = '', target = '', slots = '64', rows] = process.argv.slice(2)

async function makeClient(): Promise<BenchClient> {
  switch (contender) {
    case 'orion':
      return await orionClient(target, Number(slots))
    case 'obvious':
      return await stockClient(target, Number(slots))
    case 'bare':
      return await bareClient(target, Number(slots))
    case 'echo':
      return await echoClient(target)
    case 'redis':
    case 'postgres':
    case 'etcd':
    case 'nats':
      return await serverClient(contender, target, Number(slots))
    case 'shared-native': {
      const kind = rows === 'same' ? 'same' : 'two'
      const native = nativeGroups(target, { group: Number(slots), exclusive: false, rows: kind })
      return {
        read: () => Promise.reject(new Error('not measured')),
        // One group stands for all slots: only the first slot works, and counts for the group.
        update: async () => native.step(),
        close: async () => native.close(),
      }
    }
    default:
      throw new Error(`expected a contender, got ${contender}`)
  }
}

const client = await makeClient()
process.on('message', (slice: Slice) => {
  runSlice(client, slice).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
