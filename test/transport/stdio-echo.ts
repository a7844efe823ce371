/** A process that serves `echo` on its stdin and stdout, as an editor would start one. */
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { stdioTransport } from '../../sdk/transport/stdio.ts'
import { serveEcho } from './echo-server.ts'

const transport = stdioTransport({ side: 'server' })
const connection = createConnection(transport)
serveEcho(connection, { transport, held: new Set() })
transport.onClose(() => process.stderr.write('closed\n'))
connection.listen()
