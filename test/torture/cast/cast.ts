/** The programs that use one store under torture, and their journals. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type JournalLine, JournalReader } from '../journal.ts'
import type { TorturePlace } from '../tortured-daemon.ts'
import { type Order, type Role, report, roles } from './orders.ts'

/** Who plays. */
export interface CastSettings {
  /** The bundle of `cast-process.ts`. */
  readonly script: string
  readonly place: TorturePlace
  readonly seed: number
  /** Longest rest of a writer between two writes. */
  readonly restMs: number
}

interface Player {
  readonly name: string
  readonly child: ChildProcess
  readonly journal: JournalReader
  readonly ended: Promise<unknown>
  state: 'begins' | 'works' | 'rests'
}

/** All of them. Each lives through many lives of the daemon. */
export class Cast {
  readonly #players: Player[]

  constructor(settings: CastSettings) {
    this.#players = roles.map((role, index) => start(role, index, settings))
  }

  /** What their journals have since the last call. */
  *news(): Generator<JournalLine> {
    for (const { journal } of this.#players) yield* journal.more()
  }

  /** Waits until all have begun. Says who has not. */
  works(withinMs: number): Promise<string[]> {
    return this.#wait(withinMs, 'did not begin', ({ state }) => state !== 'begins')
  }

  /** Has them settle what is open, and begin nothing new. Says who could not. */
  rest(withinMs: number): Promise<string[]> {
    this.#tell({ order: 'rest' })
    return this.#wait(withinMs, 'did not come to rest', ({ state }) => state === 'rests')
  }

  /** Has them end when they have heard of everything up to a position. Says who never did. */
  async end(seq: number, withinMs: number): Promise<string[]> {
    this.#tell({ order: 'end', seq })
    const ended = ({ child }: Player): boolean => child.exitCode !== null
    const late = await this.#wait(withinMs, `was not told everything up to ${seq}`, ended)
    return late
  }

  /** Ends them at once. */
  async close(): Promise<void> {
    for (const { child } of this.#players) child.kill('SIGKILL')
    await Promise.all(this.#players.map(({ ended }) => ended))
    for (const { journal } of this.#players) journal.close()
  }

  #tell(order: Order): void {
    for (const { child } of this.#players) if (child.connected) child.send(order, () => {})
  }

  async #wait(
    withinMs: number,
    what: string,
    isDone: (player: Player) => boolean,
  ): Promise<string[]> {
    const endMs = performance.now() + withinMs
    for (;;) {
      const open = this.#players.filter((player) => !isDone(player))
      const failed = this.#players.filter(({ child }) => (child.exitCode ?? 0) !== 0)
      if (failed.length > 0) return failed.map(({ name }) => `the client ${name} failed`)
      if (open.length === 0) return []
      if (performance.now() > endMs) return open.map(({ name }) => `the client ${name} ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

function start(role: Role, index: number, settings: CastSettings): Player {
  const { script, place, seed, restMs } = settings
  const path = join(place.directory, `${role}.jsonl`)
  const args = [role, role, place.discoveryPath, path, `${seed * 10 + index}`, `${restMs}`]
  const child = fork(script, args, {
    env: place.env,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const journal = new JournalReader(path)
  const player: Player = { name: role, child, journal, ended: once(child, 'exit'), state: 'begins' }
  child.on('message', (message) => {
    player.state = report.parse(message).report
  })
  return player
}
