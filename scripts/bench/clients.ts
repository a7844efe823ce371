/** The clients of each contender, for the processes that `bench-daemon.ts` starts. */
import { createRequire } from 'node:module'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { createMessageConnection } from 'vscode-jsonrpc'
import { StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { OrionInsight } from '../../plugins/orion/record-types.ts'
import { connect } from '../../sdk/client/connect.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { connectSocket as connectTransport } from '../../sdk/transport/socket.ts'
import { type BenchClient, insightData } from './workload.ts'

/** Orion, by its SDK over its Unix socket. */
export async function orionClient(store: string, slots: number): Promise<BenchClient> {
  const client = await connect({
    client: { name: 'bench', kind: 'script' },
    store,
    daemon: 'join-only',
  })
  const insights = client.repository(OrionInsight)
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
    close: () => client.close(),
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

/** What this module uses of better-sqlite3. */
export interface NativeDatabase {
  exec(sql: string): void
  pragma(text: string): unknown
  prepare(sql: string): {
    run(...values: unknown[]): { changes: number }
    get(...values: unknown[]): unknown
  }
  close(): void
}

/** better-sqlite3 from `bench/peers`; undefined when it is not installed. */
export function loadNative(): (new (path: string) => NativeDatabase) | undefined {
  try {
    return createRequire(join(process.cwd(), 'bench/peers/package.json'))('better-sqlite3')
  } catch {
    // The peers are optional: without them the ratios to native are left out, and the report says so.
    return undefined
  }
}

/** A table of records and one of changes, as somebody would write them by hand. */
export function openNative(path: string, exclusive: boolean) {
  const Native = loadNative()
  if (Native === undefined) throw new Error('better-sqlite3 is not installed: npm run bench:peers')
  const db = new Native(path)
  if (exclusive) db.pragma('locking_mode = EXCLUSIVE')
  db.pragma('busy_timeout = 10000')
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(`CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, version INTEGER, data TEXT, at INTEGER);
    CREATE TABLE IF NOT EXISTS changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, version INTEGER, at INTEGER, data TEXT)`)
  const insert = db.prepare('INSERT INTO records VALUES (?, 1, ?, 0)')
  const update = db.prepare(
    'UPDATE records SET version = version + 1, data = ?, at = ? WHERE id = ? AND version = ?',
  )
  const change = db.prepare('INSERT INTO changes (id, version, at, data) VALUES (?, ?, ?, ?)')
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const get = db.prepare('SELECT id, version, data, at FROM records WHERE id = ?')
  return {
    create: (id: string, data: object) => insert.run(id, JSON.stringify(data)),
    get: (id: string) => get.get(id),
    /** One durable transaction of compare-and-swaps with their change rows. */
    updateGroup(group: readonly { id: string; version: number; data: object }[]): void {
      begin.run()
      for (const { id, version, data } of group) {
        const json = JSON.stringify(data)
        const now = Date.now()
        if (update.run(json, now, id, version).changes !== 1)
          throw new Error('lost a race nobody runs')
        change.run(id, version + 1, now, json)
      }
      commit.run()
    },
    close: () => db.close(),
  }
}

/** better-sqlite3 in this process: what is in flight is one group, and one transaction. */
export function nativeGroups(
  directory: string,
  options: { readonly group: number; readonly exclusive: boolean },
) {
  const native = openNative(
    join(directory, options.exclusive ? `native-${options.group}.db` : 'native-shared.db'),
    options.exclusive,
  )
  const records = Array.from({ length: options.group }, (_, slot) => ({
    id: `${process.pid}-${slot}`,
    version: 1,
  }))
  for (const [slot, { id }] of records.entries()) native.create(id, insightData(slot, 0))
  let round = 0
  return {
    step(): number {
      const group = records.map((record, slot) => ({ ...record, data: insightData(slot, ++round) }))
      native.updateGroup(group)
      for (const record of records) record.version += 1
      return group.length
    },
    close: native.close,
  }
}
