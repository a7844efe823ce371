/**
 * What is left of a daemon when it checks nothing, tells nobody and may keep no secrets: Orion's own transport, one durable
 * transaction of better-sqlite3 for all updates that wait, and the rows that Orion keeps: `bare-daemon.ts SOCKET DATABASE`.
 * Nobody could take it; it shows how far a daemon with these rows and these clients can come.
 */
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { listenOnSocket } from '../../sdk/transport/socket.ts'
import { openNative } from './native.ts'
import type { InsightData } from './workload.ts'

const [socketPath, databasePath] = process.argv.slice(2)
if (socketPath === undefined || databasePath === undefined)
  throw new Error('expected: bare-daemon.ts SOCKET DATABASE')
const store = openNative(databasePath, { exclusive: true, rows: 'same' })
const seqs = new Map<string, number>()

interface Waiting {
  readonly id: string
  version: number
  seq: number
  readonly set: InsightData
  readonly answer: (value: object) => void
}

let waiting: Waiting[] = []

function commit(): void {
  const group = waiting
  waiting = []
  store.updateGroup(group, (_slot, { set }) => set)
  for (const { id, seq, version, answer } of group) {
    seqs.set(id, seq)
    answer({ version })
  }
}

await listenOnSocket(socketPath, {
  onTransport: (transport) => {
    const connection = createConnection(transport)
    connection.onRequest('create', ({ id, data }: { id: string; data: InsightData }) => {
      store.create(id, data)
      return { version: 1 }
    })
    connection.onRequest(
      'update',
      (params: { id: string; expectedVersion: number; set: InsightData }) =>
        new Promise<object>((answer) => {
          const { id, expectedVersion, set } = params
          if (waiting.length === 0) setImmediate(commit)
          waiting.push({ id, version: expectedVersion, seq: seqs.get(id) ?? 0, set, answer })
        }),
    )
    connection.listen()
  },
  onError: (error) => {
    throw error
  },
})
process.send?.('ready')
process.on('disconnect', () => process.exit(0))
