/**
 * The program somebody would write first: stock vscode-jsonrpc, better-sqlite3, one durable transaction for
 * each request: `stock-daemon.ts SOCKET DATABASE two|same`.
 */
import { createServer } from 'node:net'
import { createMessageConnection } from 'vscode-jsonrpc'
import { StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { openNative } from './native.ts'
import type { InsightData } from './workload.ts'

const [socketPath, databasePath, rows] = process.argv.slice(2)
if (socketPath === undefined || databasePath === undefined || (rows !== 'two' && rows !== 'same'))
  throw new Error('expected: stock-daemon.ts SOCKET DATABASE two|same')
const store = openNative(databasePath, { exclusive: true, rows })
const seqs = new Map<string, number>()

const server = createServer((socket) => {
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  )
  connection.onRequest('create', (params: { id: string; data: InsightData }) => {
    store.create(params.id, params.data)
    return { version: 1 }
  })
  connection.onRequest('get', (params: { id: string }) => store.get(params.id))
  connection.onRequest(
    'update',
    (params: { id: string; expectedVersion: number; set: InsightData }) => {
      const { id, expectedVersion, set } = params
      const record = { id, version: expectedVersion, seq: seqs.get(id) ?? 0 }
      store.updateGroup([record], () => set)
      seqs.set(id, record.seq)
      return { version: record.version }
    },
  )
  connection.listen()
})
server.listen(socketPath, () => process.send?.('ready'))
process.on('disconnect', () => process.exit(0))
