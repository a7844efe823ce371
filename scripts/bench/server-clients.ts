/** The clients of the servers, each by its own Node package from `bench/peers`: a compare-and-swap and a change row. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { ServerName } from './servers.ts'
import { type BenchClient, insightData } from './workload.ts'

const packages = createRequire(join(process.cwd(), 'bench/peers/package.json'))

/** Whether the package for a server is installed: `npm run bench:peers`. */
export function hasClient(name: ServerName): boolean {
  try {
    packages.resolve({ redis: 'redis', postgres: 'pg', etcd: 'etcd3', nats: 'nats' }[name])
    return true
  } catch {
    return false
  }
}

/** Connects to a server that runs, with a record for each slot. */
export async function serverClient(
  name: ServerName,
  target: string,
  slots: number,
): Promise<BenchClient> {
  const ids = Array.from({ length: slots }, (_, slot) => `${process.pid}-${slot}`)
  return await makers[name](target, ids)
}

interface Redis {
  connect(): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  hSet(key: string, fields: { [name: string]: string }): Promise<unknown>
  hGetAll(key: string): Promise<unknown>
  close(): Promise<void>
}

const swapInRedis = `local version = redis.call('HGET', KEYS[1], 'version')
if version ~= ARGV[1] then return redis.error_reply('lost') end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'data', ARGV[2])
redis.call('XADD', KEYS[2], '*', 'id', KEYS[1], 'version', ARGV[1] + 1, 'data', ARGV[2])
return 1`

async function redisClient(path: string, ids: readonly string[]): Promise<BenchClient> {
  const client: Redis = packages('redis').createClient({ socket: { path } })
  await client.connect()
  const seen = await madeFrom(ids, (id, data) => client.hSet(id, { version: '1', data }))
  return swapping(seen, {
    read: ({ id }) => client.hGetAll(id),
    swap: ({ id, version }, data) =>
      client.eval(swapInRedis, { keys: [id, 'changes'], arguments: [`${version}`, data] }),
    close: () => client.close(),
  })
}

interface Pool {
  query(
    query: string | { name: string; text: string; values: unknown[] },
  ): Promise<{ rowCount: number }>
  end(): Promise<void>
}

async function postgresClient(host: string, ids: readonly string[]): Promise<BenchClient> {
  const pool: Pool = new (packages('pg').Pool)({
    host,
    user: 'bench',
    database: 'postgres',
    max: 16,
  })
  await pool.query(`CREATE TABLE IF NOT EXISTS records (id text PRIMARY KEY, version int, data text);
    CREATE TABLE IF NOT EXISTS changes (seq bigserial PRIMARY KEY, id text, version int, data text)`)
  const run = (name: string, text: string, values: unknown[]) => pool.query({ name, text, values })
  const insert = 'INSERT INTO records VALUES ($1, 1, $2)'
  const seen = await madeFrom(ids, (id, data) => run('make', insert, [id, data]))
  const swap = `WITH swapped AS (UPDATE records SET version = version + 1, data = $3
    WHERE id = $1 AND version = $2 RETURNING id, version, data)
    INSERT INTO changes (id, version, data) SELECT * FROM swapped`
  return swapping(seen, {
    read: ({ id }) => run('read', 'SELECT id, version, data FROM records WHERE id = $1', [id]),
    swap: async ({ id, version }, data) => {
      const { rowCount } = await run('swap', swap, [id, version, data])
      if (rowCount !== 1) throw new Error('lost a race nobody runs')
    },
    close: () => pool.end(),
  })
}

interface Etcd {
  put(key: string): { value(text: string): PromiseLike<unknown> }
  get(key: string): PromiseLike<unknown>
  if(
    key: string,
    what: string,
    how: string,
    value: number,
  ): {
    then(operation: unknown): { commit(): Promise<{ succeeded: boolean }> }
  }
  close(): void
}

async function etcdClient(hosts: string, ids: readonly string[]): Promise<BenchClient> {
  const client: Etcd = new (packages('etcd3').Etcd3)({ hosts })
  const seen = await madeFrom(ids, async (id, data) => await client.put(id).value(data))
  return swapping(seen, {
    read: async ({ id }) => await client.get(id),
    swap: async ({ id, version }, data) => {
      const change = client.put(id).value(data)
      const { succeeded } = await client.if(id, 'Version', '==', version).then(change).commit()
      if (!succeeded) throw new Error('lost a race nobody runs')
    },
    close: async () => client.close(),
  })
}

interface NatsBucket {
  create(key: string, text: string): Promise<number>
  update(key: string, text: string, revision: number): Promise<number>
  get(key: string): Promise<unknown>
}

interface Nats {
  jetstream(): {
    readonly views: { kv(name: string, options: { history: number }): Promise<NatsBucket> }
  }
  close(): Promise<void>
}

/** A bucket keeps the last 64 versions of each key; its revisions count over all keys. */
async function natsClient(servers: string, ids: readonly string[]): Promise<BenchClient> {
  const connection: Nats = await packages('nats').connect({ servers })
  const bucket = await connection.jetstream().views.kv('records', { history: 64 })
  const revisions = new Map<string, number>()
  const seen = await madeFrom(ids, async (id, data) =>
    revisions.set(id, await bucket.create(id, data)),
  )
  return swapping(seen, {
    read: ({ id }) => bucket.get(id),
    swap: async ({ id }, data) =>
      revisions.set(id, await bucket.update(id, data, revisions.get(id) ?? 0)),
    close: () => connection.close(),
  })
}

const makers = {
  redis: redisClient,
  postgres: postgresClient,
  etcd: etcdClient,
  nats: natsClient,
} as const satisfies { readonly [Name in ServerName]: unknown }

interface Seen {
  readonly id: string
  version: number
}

async function madeFrom(
  ids: readonly string[],
  make: (id: string, data: string) => Promise<unknown>,
): Promise<Seen[]> {
  for (const [slot, id] of ids.entries()) await make(id, JSON.stringify(insightData(slot, 0)))
  return ids.map((id) => ({ id, version: 1 }))
}

function swapping(
  seen: readonly Seen[],
  {
    read,
    swap,
    close,
  }: {
    readonly read: (record: Seen) => Promise<unknown>
    readonly swap: (record: Seen, data: string) => Promise<unknown>
    readonly close: () => Promise<void>
  },
): BenchClient {
  let round = 0
  const at = (slot: number): Seen => {
    const record = seen[slot]
    if (record === undefined) throw new Error(`no record for slot ${slot}`)
    return record
  }
  return {
    read: (slot) => read(at(slot)),
    update: async (slot) => {
      const record = at(slot)
      await swap(record, JSON.stringify(insightData(slot, ++round)))
      record.version += 1
    },
    close,
  }
}
