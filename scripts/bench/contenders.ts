/** Starts and stops the processes that take part: daemons and their clients. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../sdk/client/connect.ts'
import { ShutdownDaemon } from '../../sdk/protocol/daemon.ts'
import { forkBundled } from './bundle.ts'
import { loadNative, nativeGroups } from './clients.ts'
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

/** Everything that runs during the benchmark. */
export class Contenders {
  readonly hasNative = loadNative() !== undefined
  readonly #directory = mkdtempSync(join(tmpdir(), 'orion-bench-'))
  readonly #children: ChildProcess[] = []
  readonly orion: ClientProcess[] = []
  readonly obvious: ClientProcess[] = []
  readonly echo: ClientProcess[] = []
  readonly sharedNative: ClientProcess[] = []
  native1: ReturnType<typeof nativeGroups> | undefined
  native64: ReturnType<typeof nativeGroups> | undefined

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
    if (!this.hasNative) return
    await this.#fork('stock-daemon.ts', ['store', at('stock.sock'), at('stock.db')])
    for (let n = 0; n < 8; n++) this.obvious.push(await this.#client('obvious', at('stock.sock')))
    for (let n = 0; n < 8; n++)
      this.sharedNative.push(await this.#client('shared-native', this.#directory, 8))
    this.native1 = nativeGroups(this.#directory, { group: 1, exclusive: true })
    this.native64 = nativeGroups(this.#directory, { group: 64, exclusive: true })
  }

  async stop(): Promise<void> {
    const store = join(this.#directory, 'store')
    if (existsSync(store)) {
      const client = await connect({ client: { name: 'bench' }, store, daemon: 'join-only' })
      await client.request(ShutdownDaemon, {})
      await client.close()
    }
    for (const child of this.#children) child.disconnect()
    this.native1?.close()
    this.native64?.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #client(contender: string, target: string, slots = 64): Promise<ClientProcess> {
    return new ClientProcess(await this.#fork('client-process.ts', [contender, target, `${slots}`]))
  }

  async #fork(script: string, args: readonly string[]): Promise<ChildProcess> {
    const child = await forkBundled(script, args)
    this.#children.push(child)
    return child
  }
}
