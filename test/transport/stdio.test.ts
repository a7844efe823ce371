import { PassThrough } from 'node:stream'
import { stdioTransport } from '../../sdk/transport/stdio.ts'
import { testTransport } from './transport-conformance.ts'

testTransport('byte streams', async (t, limits) => {
  const up = new PassThrough()
  const down = new PassThrough()
  const server = stdioTransport({ side: 'server', limits, streams: { input: up, output: down } })
  const client = stdioTransport({ side: 'client', limits, streams: { input: down, output: up } })
  t.after(() => Promise.all([server.close(), client.close()]))
  return [server, client]
})
