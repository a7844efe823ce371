/** What a daemon's process takes, and how soon it answers a probe, sample by sample. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PlainConnection } from '../../test/e2e/plain-connection.ts'
import { medianOf } from './trend.ts'

/** One sample. */
export interface Sample {
  readonly memoryMib: number
  readonly descriptors: number
  readonly walMib: number
  readonly writeMedianMs: number
  readonly writeSlowestMs: number
  readonly readMedianMs: number
}

const mib = 1024 * 1024
const probeEveryMs = 100

/** Probes all the time, and gives what was measured since the last sample. */
export class Sampler {
  readonly #connection: PlainConnection
  readonly #pid: number
  readonly #store: string
  #writes: number[] = []
  #reads: number[] = []
  #version = 0
  readonly #timer: NodeJS.Timeout
  #probing = false
  #failure: unknown

  private constructor(connection: PlainConnection, pid: number, store: string) {
    this.#connection = connection
    this.#pid = pid
    this.#store = store
    this.#timer = setInterval(() => this.#probe(), probeEveryMs)
  }

  static async start(options: { socket: string; pid: number; store: string }): Promise<Sampler> {
    const connection = await PlainConnection.open(options.socket, 'probe')
    const data = { summary: 'probe', domain: 'soak' }
    await connection.call('record/create', { type: 'OrionInsight', id: 'probe', data })
    const sampler = new Sampler(connection, options.pid, options.store)
    sampler.#version = 1
    return sampler
  }

  /** @throws what a probe failed with. */
  take(): Sample {
    if (this.#failure !== undefined) throw this.#failure
    const [writes, reads] = [this.#writes, this.#reads]
    this.#writes = []
    this.#reads = []
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8')
    const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1])
    const wal = statSync(join(this.#store, 'store.sqlite-wal'), { throwIfNoEntry: false })
    return {
      memoryMib: kib / 1024,
      descriptors: readdirSync(`/proc/${this.#pid}/fd`).length,
      walMib: (wal?.size ?? 0) / mib,
      writeMedianMs: medianOf(writes),
      writeSlowestMs: Math.max(0, ...writes),
      readMedianMs: medianOf(reads),
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#connection.close()
  }

  #probe(): void {
    if (this.#probing || this.#failure !== undefined) return
    this.#probing = true
    this.#once()
      .catch((error: unknown) => {
        this.#failure = error
      })
      .finally(() => {
        this.#probing = false
      })
  }

  async #once(): Promise<void> {
    const on = { type: 'OrionInsight', id: 'probe' }
    const beganMs = performance.now()
    const set = { summary: `probe ${this.#version}` }
    await this.#connection.call('record/update', { ...on, expectedVersion: this.#version, set })
    this.#version += 1
    const writtenMs = performance.now()
    await this.#connection.call('record/get', on)
    this.#writes.push(writtenMs - beganMs)
    this.#reads.push(performance.now() - writtenMs)
  }
}
