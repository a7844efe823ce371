import { connectSocket, listenOnSocket } from '../../sdk/transport/socket.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import { temporarySocketPath } from './echo-server.ts'
import { testTransport } from './transport-conformance.ts'

testTransport('socket', async (t, limits = {}) => {
  const path = temporarySocketPath(t)
  let accept: (server: Transport) => void = () => {}
  const accepted = new Promise<Transport>((resolve) => {
    accept = resolve
  })
  const onError = (error: Error): void => t.diagnostic(error.message)
  const listener = await listenOnSocket(path, {
    onTransport: (server) => accept(server),
    onError,
    limits,
  })
  const client = await connectSocket(path, { limits })
  const server = await accepted
  t.after(() => Promise.all([listener.close(), server.close(), client.close()]))
  return [server, client]
})
