/** Starts and stops the processes that take part: daemons and their clients. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../sdk/client/connect.ts'
import { forkBundled } from './bundle.ts'
import { loadNative, nativeGroups, type RowsKind } from './native.ts'
import { hasClient } from './server-clients.ts'
import { durabilityOf, type ServerName, serverNames, startServer } from './servers.ts'
import { stopDaemon } from './stop-daemon.ts'
import type { Slice, SliceResult } from './workload.ts'

/** A client process and the contender it belongs to. */
export class ClientProcess {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  async run(slice: Slice): Promise<SliceResult> {
    const answer = new Promise<SliceResult & { error?: string }>((resolve) => {
      this.#child.once('message', (message: SliceResult) => resolve(message))
    })
    this.#child.send(slice)
    const result = await answer
    if (result.error !== undefined) throw new Error(result.error)
    return result
  }
}

/** The peers on better-sqlite3 that write one kind of rows. */
export interface NativePeers {
  /** In this process, one update for each transaction, and 64. */
  readonly alone: { step(): number }
  readonly grouped: { step(): number }
  /** Eight processes on one file, groups of 8. */
  readonly shared: readonly ClientProcess[]
  /** A stock daemon's client. */
  readonly obvious: ClientProcess
}

/** Everything that runs during the benchmark. */
export class Contenders {
  readonly hasNative = loadNative() !== undefined
  readonly #directory = mkdtempSync(join(tmpdir(), 'orion-bench-'))
  readonly #children: ChildProcess[] = []
  readonly orion: ClientProcess[] = []
  readonly echo: ClientProcess[] = []
  /** Eight clients of the daemon that does nothing but keep rows. */
  readonly bare: ClientProcess[] = []
  readonly native = new Map<RowsKind, NativePeers>()
  /** Two clients of each server that is installed, with its Node package. */
  readonly servers = new Map<ServerName, ClientProcess[]>()
  readonly #closing: (() => void)[] = []

  static async start(): Promise<Contenders> {
    const contenders = new Contenders()
    await contenders.#startAll()
    return contenders
  }

  async #startAll(): Promise<void> {
    const at = (name: string): string => join(this.#directory, name)
    process.env.ORION_RUNTIME_DIR = at('run')
    const store = at('store')
    // Connecting starts the daemon as any client would; the clients below join it.
    const starter = await connect({ client: { name: 'bench' }, store, timeoutMs: 60_000 })
    for (let n = 0; n < 8; n++) this.orion.push(await this.#client('orion', store))
    await starter.close()
    await this.#fork('echo-daemon.ts', [at('echo.sock')])
    this.echo.push(await this.#client('echo', at('echo.sock')))
    for (const name of serverNames) await this.#startServer(name)
    if (!this.hasNative) return
    for (const rows of ['two', 'same'] as const) this.native.set(rows, await this.#peers(rows))
    await this.#fork('bare-daemon.ts', [at('bare.sock'), at('bare.db')])
    for (let n = 0; n < 8; n++) this.bare.push(await this.#client('bare', at('bare.sock')))
  }

  /** Whether what a measurement needs is there. */
  has(needs: 'native' | ServerName | undefined): boolean {
    if (needs === 'native') return this.hasNative
    return needs === undefined || this.servers.has(needs)
  }

  /** How durable each is that takes part, and who does not. */
  get durability(): string[] {
    const servers = serverNames.map((name) =>
      this.servers.has(name) ? durabilityOf[name] : `${name} is not installed, or not its client`,
    )
    const native = this.hasNative
      ? 'better-sqlite3: WAL, synchronous=FULL'
      : 'better-sqlite3 is not installed (npm run bench:peers)'
    const ours = 'Orion: fdatasync of the log before any answer, one for all that wait'
    return [ours, native, ...servers]
  }

  async #startServer(name: ServerName): Promise<void> {
    if (!hasClient(name)) return
    const server = await startServer(name, this.#directory)
    if (server === undefined) return
    this.#closing.push(server.stop)
    const clients: ClientProcess[] = []
    for (let n = 0; n < 2; n++) clients.push(await this.#client(name, server.target))
    this.servers.set(name, clients)
  }

  async #peers(rows: RowsKind): Promise<NativePeers> {
    const at = (name: string): string => join(this.#directory, name)
    const socket = at(`stock-${rows}.sock`)
    await this.#fork('stock-daemon.ts', [socket, at(`stock-${rows}.db`), rows])
    const obvious = await this.#client('obvious', socket)
    const shared: ClientProcess[] = []
    for (let n = 0; n < 8; n++)
      shared.push(await this.#client('shared-native', this.#directory, 8, rows))
    const alone = nativeGroups(this.#directory, { group: 1, exclusive: true, rows })
    const grouped = nativeGroups(this.#directory, { group: 64, exclusive: true, rows })
    this.#closing.push(alone.close, grouped.close)
    return { alone, grouped, shared, obvious }
  }

  async stop(): Promise<void> {
    const store = join(this.#directory, 'store')
    if (existsSync(store)) {
      const client = await connect({ client: { name: 'bench' }, store, daemon: 'join-only' })
      await stopDaemon(client)
    }
    const ended = this.#children.map((child) => once(child, 'exit'))
    for (const child of this.#children) child.disconnect()
    // A server that goes first would leave its clients to complain.
    await Promise.all(ended)
    for (const close of this.#closing) close()
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }

  async #client(contender: string, target: string, slots = 64, rows = ''): Promise<ClientProcess> {
    const args = [contender, target, `${slots}`, rows]
    return new ClientProcess(await this.#fork('client-process.ts', args))
  }

  async #fork(script: string, args: readonly string[]): Promise<ChildProcess> {
    const child = await forkBundled(script, args)
    this.#children.push(child)
    return child
  }
}
