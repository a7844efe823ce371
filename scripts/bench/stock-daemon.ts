/**
 * The program somebody would write first: stock vscode-jsonrpc, better-sqlite3, one durable transaction for
 * each request. With `echo` it stores nothing and gives back one record: the floor under every answer.
 */
import { createServer } from 'node:net'
import { createMessageConnection } from 'vscode-jsonrpc'
import { StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { openNative } from './clients.ts'
import { insightData } from './workload.ts'

const [mode, socketPath, databasePath] = process.argv.slice(2)
if (socketPath === undefined)
  throw new Error('expected: stock-daemon.ts store|echo SOCKET [DATABASE]')
const store = mode === 'store' ? openNative(databasePath ?? '', true) : undefined
const record = { id: 'x', version: 1, data: insightData(1, 1) }

const server = createServer((socket) => {
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  )
  connection.onRequest('create', (params: { id: string; data: object }) => {
    store?.create(params.id, params.data)
    return { version: 1 }
  })
  connection.onRequest('get', (params: { id: string }) => store?.get(params.id) ?? record)
  connection.onRequest('update', (params: { id: string; expectedVersion: number; set: object }) => {
    store?.updateGroup([{ id: params.id, version: params.expectedVersion, data: params.set }])
    return { version: params.expectedVersion + 1 }
  })
  connection.listen()
})
server.listen(socketPath, () => process.send?.('ready'))
process.on('disconnect', () => process.exit(0))
