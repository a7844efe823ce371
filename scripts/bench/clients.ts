/** The clients of each contender, for the processes that `bench-daemon.ts` starts. */
import { connect as connectSocket } from 'node:net'
import { createMessageConnection, type MessageConnection } from 'vscode-jsonrpc'
import { StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { OrionInsight } from '../../plugins/orion/record-types.ts'
import type { Client } from '../../sdk/client/client.ts'
import { connect } from '../../sdk/client/connect.ts'
import type { RecordType } from '../../sdk/record-type.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { connectSocket as connectTransport } from '../../sdk/transport/socket.ts'
import { PlainInsight } from './records-workload.ts'
import { type BenchClient, insightData } from './workload.ts'

/** Orion, by its SDK over its Unix socket. */
export async function orionClient(store: string, slots: number): Promise<BenchClient> {
  const client = await connect({
    client: { name: 'bench', kind: 'script' },
    store,
    daemon: 'join-only',
  })
  // The peers search nothing: what is compared with them has no searched text either.
  await client.define(PlainInsight)
  const plain = await insightsOf(client, PlainInsight, slots)
  let searched: Promise<Insights> | undefined
  return {
    read: (slot) => plain.read(slot),
    update: (slot) => plain.update(slot),
    updateSearched: async (slot) => {
      searched ??= insightsOf(client, OrionInsight, slots)
      await (await searched).update(slot)
    },
    close: () => client.close(),
  }
}

type Insights = Pick<BenchClient, 'read' | 'update'>

/** A record for each slot. */
async function insightsOf(
  client: Client,
  type: RecordType<(typeof OrionInsight)['fields']>,
  slots: number,
): Promise<Insights> {
  const insights = client.repository(type)
  const records = await Promise.all(
    Array.from({ length: slots }, (_, slot) => insights.create(insightData(slot, 0))),
  )
  const seen = records.map(({ id, version }) => ({ id, version: version as number }))
  let round = 0
  return {
    read: (slot) => insights.get(seen[slot]?.id ?? ''),
    update: async (slot) => {
      const record = seen[slot]
      if (record === undefined) throw new Error(`no record for slot ${slot}`)
      const set = insightData(slot, ++round)
      record.version = (
        await insights.update(record.id, { expectedVersion: record.version, set })
      ).version
    },
  }
}

/** The bare echo on Orion's own transport, that reads are held against. */
export async function echoClient(socketPath: string): Promise<BenchClient> {
  const connection = createConnection(await connectTransport(socketPath))
  connection.listen()
  const echo = (slot: number): Promise<unknown> =>
    connection.sendRequest('echo', { type: 'OrionInsight', id: `${slot}` })
  return { read: echo, update: echo, close: async () => connection.dispose() }
}

/** The obvious program: a daemon on stock vscode-jsonrpc. */
export async function stockClient(socketPath: string, slots: number): Promise<BenchClient> {
  const socket = connectSocket(socketPath)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  )
  return await plainClient(connection, slots)
}

/** The bare daemon, on Orion's own transport. */
export async function bareClient(socketPath: string, slots: number): Promise<BenchClient> {
  return await plainClient(createConnection(await connectTransport(socketPath)), slots)
}

/** A client of a daemon that knows `create`, `get` and `update`. */
async function plainClient(connection: MessageConnection, slots: number): Promise<BenchClient> {
  connection.listen()
  const ids = Array.from({ length: slots }, (_, slot) => `${process.pid}-${slot}`)
  const versions = ids.map(() => 1)
  for (const [slot, id] of ids.entries()) {
    await connection.sendRequest('create', { id, data: insightData(slot, 0) })
  }
  let round = 0
  return {
    read: (slot) => connection.sendRequest('get', { id: ids[slot] }),
    update: async (slot) => {
      const set = insightData(slot, ++round)
      const answer: { version: number } = await connection.sendRequest('update', {
        id: ids[slot],
        expectedVersion: versions[slot],
        set,
      })
      versions[slot] = answer.version
    },
    close: async () => connection.end(),
  }
}
