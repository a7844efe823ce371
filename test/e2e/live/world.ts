/** A daemon that is killed and started again, the clients of one run, and ways to harm them. */
import { copyFileSync, rmSync } from 'node:fs'
import type { Client } from '../../../sdk/client/client.ts'
import { connect } from '../../../sdk/client/connect.ts'
import { integer, text } from '../../../sdk/field.ts'
import { locateStore } from '../../../sdk/launch/store-location.ts'
import { defineRecordType } from '../../../sdk/record-type.ts'
import { connectSocket } from '../../../sdk/transport/socket.ts'
import type { Transport } from '../../../sdk/transport/transport.ts'
import { type Life, startLife, storeDirectory } from '../crash/mortal-daemon.ts'

/** What the runs write. */
export const Task = defineRecordType('LiveTask', {
  fields: { rank: integer(), lane: text({ optional: true }) },
})

/** One store for all runs, with the daemon that serves it now. */
export class World {
  readonly #directory: string
  readonly #settings: NodeJS.ProcessEnv
  #life: Life
  #lives = 1

  constructor(directory: string, settings: NodeJS.ProcessEnv = {}) {
    this.#directory = directory
    // Positions of quiet subscriptions soon, parts of the log from the file, and the sources as they are.
    this.#settings = {
      ...{ ORION_FROM_SOURCE: '1', ORION_LIMIT_BOOKMARK_EVERY_MS: '100' },
      ...{ ORION_LIMIT_LOG_TAIL_MAX_EVENTS: '32', ORION_LIMIT_IDLE_EXIT_MS: '600000' },
      ...settings,
    }
    this.#life = startLife(this.#directory, this.#settings)
  }

  /** How many daemons there were. */
  get lives(): number {
    return this.#lives
  }

  /** Kills the daemon as a power cut would, and starts another. */
  async kill(): Promise<void> {
    await this.#life.kill()
    this.#lives++
    this.#life = startLife(this.#directory, this.#settings)
  }

  /** Kills the daemon, puts a backup in the place of its store, and starts another. */
  async restore(backup: string): Promise<void> {
    await this.#life.kill()
    const store = storeDirectory(this.#directory)
    const { databasePath } = locateStore({ store, cwd: this.#directory, env: {} })
    rmSync(`${databasePath}-wal`, { force: true })
    copyFileSync(backup, databasePath)
    this.#lives++
    this.#life = startLife(this.#directory, this.#settings)
  }

  /** Connects a client whose connection can be cut. */
  async connect(name: string): Promise<MortalClient> {
    let transport: Transport | undefined
    let held: Promise<void> | undefined
    const dial = async (): Promise<Transport> => {
      for (;;) {
        while (held !== undefined) await held
        const fresh = await connectSocket(await this.#socket())
        transport = fresh
        if (held === undefined) return fresh
        await fresh.close() // It was taken away while it was being made.
      }
    }
    const client = await connect({ client: { name }, transport: dial, timeoutMs: 120_000 })
    const hold = (): (() => void) => {
      let release = (): void => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      void transport?.close()
      return () => {
        held = undefined
        release()
      }
    }
    return { client, cut: () => void transport?.close(), hold }
  }

  async close(): Promise<void> {
    await this.#life.kill()
  }

  async #socket(): Promise<string> {
    for (;;) {
      const life = this.#life
      const socket = await life.socket
      if (socket !== undefined && life === this.#life) return socket
    }
  }
}

/** A client, and a way to take its connection away. */
export interface MortalClient {
  readonly client: Client
  cut(): void
  /** Takes it away until the function is called that this returns. */
  hold(): () => void
}
