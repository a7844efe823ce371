import { memoryPair } from '../../sdk/transport/memory.ts'
import { testTransport } from './transport-conformance.ts'

testTransport('memory', async (t, limits) => {
  const pair = memoryPair(limits)
  t.after(() => Promise.all(pair.map((transport) => transport.close())))
  return pair
})
