import type { Connection, Engine } from '../../../../daemon/store/engine/engine.ts'
import type { HostIo } from '../../../../daemon/store/engine/host-io.ts'
import { loadTestEngine } from '../../../support/engine.ts'
import { type DiskState, MemoryDisk } from './memory-disk.ts'
import { type NameModel, PowerCutStates, seededRandom } from './power-cut-states.ts'

/** The only directory of the simulated disk. */
export const simulatedDirectory = '/simulated'

/**
 * Cuts the power at every moment of a recorded run (or every so many), and checks what may be left.
 */
export async function explorePowerCuts(
  disk: MemoryDisk,
  settings: ExplorationSettings,
  check: StateCheck,
): Promise<PowerCutReport> {
  const states = new PowerCutStates(settings.model, seededRandom(settings.seed))
  const exchangeable = await ExchangeableEngine.load()
  const problems: PowerCutProblem[] = []
  let [acknowledged, tried] = [nothingYet, 0]
  for (const [moment, event] of disk.events.entries()) {
    if (event.kind === 'acknowledge') acknowledged = event.value
    states.apply(event)
    if (moment % settings.everyMoments !== 0) continue
    for (let variant = 0; variant < settings.statesPerMoment; variant += 1) {
      tried += 1
      const finding = exchangeable.check(states.state(variant), acknowledged, check)
      if (finding !== undefined) problems.push({ ...finding, moment, event: event.kind, variant })
    }
  }
  return { events: disk.events.length, states: tried, problems }
}

/** What `acknowledged` is before the program promised anything. */
export const nothingYet = -1

/** Where and how often the power is cut. */
export interface ExplorationSettings {
  readonly model: NameModel
  readonly seed: number
  readonly statesPerMoment: number
  /** 1 cuts at every moment, 10 at every tenth. */
  readonly everyMoments: number
}

/**
 * Says what is wrong with a state; undefined if nothing is. What it throws counts as corrupt.
 *
 * @param acknowledged - The last thing that the program promised before the cut.
 */
export type StateCheck = (engine: Engine, acknowledged: number) => Finding | undefined

/** What is wrong with a state. */
export interface Finding {
  readonly kind: 'corrupt' | 'lost'
  readonly detail: string
}

/** What was found. */
export interface PowerCutReport {
  readonly events: number
  readonly states: number
  readonly problems: readonly PowerCutProblem[]
}

/** One state that is not as it must be. */
export interface PowerCutProblem extends Finding {
  readonly moment: number
  readonly event: string
  readonly variant: number
}

/** Runs an action on a connection and closes it, whatever comes of it. */
export function withConnection<Result>(
  connection: Connection,
  action: (connection: Connection) => Result,
): Result {
  try {
    return action(connection)
  } finally {
    connection.close()
  }
}

/** An engine, loaded once, whose disk is exchanged for each state. */
class ExchangeableEngine {
  readonly #engine: Engine
  readonly #exchange: (disk: MemoryDisk) => void

  private constructor(engine: Engine, exchange: (disk: MemoryDisk) => void) {
    this.#engine = engine
    this.#exchange = exchange
  }

  static async load(): Promise<ExchangeableEngine> {
    let disk = new MemoryDisk(simulatedDirectory)
    const io = new Proxy<HostIo>(disk, {
      get: (_, name: keyof HostIo) => disk[name].bind(disk),
    })
    return new ExchangeableEngine(await loadTestEngine({ io }), (next) => {
      disk = next
    })
  }

  check(state: DiskState, acknowledged: number, check: StateCheck): Finding | undefined {
    this.#exchange(new MemoryDisk(simulatedDirectory, state))
    try {
      return check(this.#engine, acknowledged)
    } catch (error) {
      return { kind: 'corrupt', detail: String(error) }
    }
  }
}
