/** The servers that somebody could take instead, where they are installed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from './redis.ts'

/** What can be compared with. */
export const serverNames = ['redis', 'postgres', 'etcd', 'nats'] as const

/** One of them. */
export type ServerName = (typeof serverNames)[number]

/** A running server. */
export interface Server {
  /** What its client connects to. */
  readonly target: string
  readonly stop: () => void
}

/** How each was made to keep what it answers, for the report. */
export const durabilityOf: { readonly [Name in ServerName]: string } = {
  redis: 'Redis: appendonly, appendfsync always',
  postgres: 'PostgreSQL: fsync and synchronous_commit on, as by default',
  etcd: 'etcd: as by default, a sync of its log before each answer',
  nats: 'NATS JetStream KV: files, as by default not synced before an answer',
}

/** Starts one below a directory; undefined where it is not installed. */
export async function startServer(
  name: ServerName,
  directory: string,
): Promise<Server | undefined> {
  if (name === 'redis') return await startDurableRedis(directory)
  if (name === 'postgres') return await startPostgres(join(directory, 'postgres'))
  if (name === 'etcd') return await startEtcd(join(directory, 'etcd'))
  return await startNats(join(directory, 'nats'))
}

async function startDurableRedis(directory: string): Promise<Server | undefined> {
  const target = join(directory, 'durable-redis.sock')
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', directory]
  const child = await startRedis(target, durable)
  return child && { target, stop: () => void child.kill() }
}

/** PostgreSQL refuses to run as root: there it runs as the user that Debian makes for it. */
async function startPostgres(directory: string): Promise<Server | undefined> {
  const binaries = postgresBinaries()
  if (binaries === undefined) return undefined
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? userOf('postgres') : undefined
  if (isRoot && user === undefined) return undefined
  mkdirSync(directory)
  if (user !== undefined) {
    chmodSync(join(directory, '..'), 0o755)
    chownSync(directory, user.uid, user.gid)
  }
  const data = join(directory, 'data')
  const initial = ['-D', data, '--auth=trust', '--username=bench', '--encoding=UTF8']
  execFileSync(join(binaries, 'initdb'), initial, { ...user, cwd: directory, stdio: 'ignore' })
  const settings = ['-D', data, '-k', directory, '-c', 'listen_addresses=']
  const child = spawn(join(binaries, 'postgres'), settings, {
    ...user,
    cwd: directory,
    stdio: 'ignore',
  })
  await untilThere(child, () => existsSync(join(directory, '.s.PGSQL.5432')))
  return { target: directory, stop: () => void child.kill('SIGINT') }
}

function postgresBinaries(): string | undefined {
  const root = '/usr/lib/postgresql'
  const [newest] = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  return newest === undefined ? undefined : join(root, newest, 'bin')
}

function userOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }))
  try {
    return { uid: idOf('-u'), gid: idOf('-g') }
  } catch {
    return undefined // There is no such user.
  }
}

async function startEtcd(directory: string): Promise<Server | undefined> {
  const [clients, peers] = [await freePort(), await freePort()]
  const target = `http://127.0.0.1:${clients}`
  const addresses = [`--listen-client-urls=${target}`, `--advertise-client-urls=${target}`]
  const among = [`--listen-peer-urls=http://127.0.0.1:${peers}`]
  const args = [`--data-dir=${directory}`, ...addresses, ...among, '--log-level=error']
  return await startHealthy({ program: 'etcd', args, target, health: `${target}/health` })
}

async function startNats(directory: string): Promise<Server | undefined> {
  const [clients, health] = [await freePort(), await freePort()]
  const at = ['--addr', '127.0.0.1', '--port', `${clients}`, '--http_port', `${health}`]
  return await startHealthy({
    program: 'nats-server',
    args: [...at, '--jetstream', '--store_dir', directory],
    target: `nats://127.0.0.1:${clients}`,
    health: `http://127.0.0.1:${health}/healthz`,
  })
}

/** Starts a program that tells by HTTP when it is there; undefined when it can't be started. */
async function startHealthy(start: {
  readonly program: string
  readonly args: readonly string[]
  readonly target: string
  readonly health: string
}): Promise<Server | undefined> {
  const { program, args, target, health } = start
  const child = spawn(program, args, { stdio: 'ignore' })
  const isThere = async (): Promise<boolean> =>
    (await fetch(health).catch(() => undefined))?.ok === true
  const started = await untilThere(child, isThere).then(
    () => true,
    () => false,
  )
  return started ? { target, stop: () => void child.kill() } : undefined
}

/** Waits for a server. @throws when it can't be run, ends, or is not there in half a minute. */
async function untilThere(
  child: ChildProcess,
  isThere: () => boolean | Promise<boolean>,
): Promise<void> {
  const ended = Promise.race([once(child, 'error'), once(child, 'exit')]).then(
    () => 'ended' as const,
  )
  for (const endMs = performance.now() + 30_000; performance.now() < endMs; ) {
    if (await isThere()) return
    if ((await Promise.race([ended, sleep(50)])) === 'ended') break
  }
  child.kill()
  throw new Error(`${child.spawnfile} did not start`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('expected a port, got none')
  return address.port
}
