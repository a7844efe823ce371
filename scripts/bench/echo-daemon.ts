/** A bare echo on Orion's own transport: gives back one record for every request, and stores nothing. */
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { listenOnSocket } from '../../sdk/transport/socket.ts'
import { insightData } from './workload.ts'

const [socketPath] = process.argv.slice(2)
if (socketPath === undefined) throw new Error('expected: echo-daemon.ts SOCKET')
const record = { type: 'OrionInsight', id: 'x', version: 1, data: insightData(1, 1) }

await listenOnSocket(socketPath, {
  onTransport: (transport) => {
    const connection = createConnection(transport)
    connection.onRequest('echo', () => record)
    connection.listen()
  },
  onError: (error) => {
    throw error
  },
})
process.send?.('ready')
process.on('disconnect', () => process.exit(0))
