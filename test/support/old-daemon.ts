/**
 * A daemon of an older Orion: speaks protocol 0 alone, and hands over when it is asked to. It owns the store by the same
 * lock, and adds `old` to the file `handed-over` in the store's directory when it lets go.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { ResponseError } from 'vscode-jsonrpc/node'
import { openDaemonFiles } from '../../sdk/launch/daemon-files.ts'
import { adoptOwnerLock } from '../../sdk/launch/owner-lock.ts'
import { openStartupReport, takeHandedDescriptors } from '../../sdk/launch/startup-report.ts'
import { locateStore } from '../../sdk/launch/store-location.ts'
import { HandOverDaemon } from '../../sdk/protocol/daemon.ts'
import { Initialize, initializeParams } from '../../sdk/protocol/handshake.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { listenOnSocket } from '../../sdk/transport/socket.ts'

const store = process.argv[process.argv.indexOf('--store') + 1]
const location = locateStore({ store, cwd: process.cwd(), env: process.env })
const handed = takeHandedDescriptors(process.env)
const lock = await adoptOwnerLock(location.lockPath, handed?.lockFds ?? [])
const files = await openDaemonFiles({ location, env: process.env, lock })
const supported = { min: 0, max: 0 }
await listenOnSocket(files.socketPath, {
  onTransport: (transport) => {
    const connection = createConnection(transport)
    connection.onRequest(Initialize.method, (params: unknown) => {
      if (initializeParams.parse(params).protocol?.min === 0) return { protocol: 0 }
      const data = { kind: 'protocol_unsupported', retryable: false, supported }
      return new ResponseError(42600, 'expected protocol 0', data)
    })
    connection.onRequest(HandOverDaemon.method, () => {
      appendFileSync(join(location.directory, 'handed-over'), 'old\n')
      setTimeout(() => {
        files.withdraw()
        process.exit(0)
      }, 100)
      return null
    })
    connection.listen()
  },
  onError: (error) => process.stderr.write(`${error.message}\n`),
})
files.publish({
  storeId: 'old',
  version: '0.0.1',
  protocol: supported,
  startedAt: new Date().toISOString(),
})
openStartupReport(handed?.reportFd).ready()
