import { memoryPair } from '../../sdk/transport/memory.ts'
import { type OpenPair, testTransport, testTurns } from './transport-conformance.ts'

const openPair: OpenPair = async (t, limits) => {
  const pair = memoryPair(limits)
  t.after(() => Promise.all(pair.map((transport) => transport.close())))
  return pair
}

testTransport('memory', openPair)
testTurns('memory', openPair)
