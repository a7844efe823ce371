/**
 * One store under torture: daemon after daemon is troubled and killed while the same programs go on using it. After each
 * life its files are read by another SQLite and held against what every program was told.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { PlainConnection } from '../e2e/plain-connection.ts'
import { Cast } from './cast/cast.ts'
import { seqOf } from './cast/listeners.ts'
import { additionProblems, ClientAccount } from './check/client-account.ts'
import { type Found, readDisk } from './check/disk.ts'
import { orderProblems, registerProblems } from './check/register-histories.ts'
import { StoreAccount } from './check/store-account.ts'
import { StreamAccount } from './check/stream-account.ts'
import type { TorturePrograms } from './programs.ts'
import type { Tally } from './tally.ts'
import { TorturedDaemon, TorturePlace } from './tortured-daemon.ts'
import type { Trouble } from './troubled-host.ts'

/** What an era is made of. */
export interface EraSettings {
  readonly directory: string
  readonly program: string
  readonly runsSources: boolean
  readonly programs: TorturePrograms
  readonly seed: number
  readonly random: () => number
  /** Longest life of a daemon after it serves. */
  readonly lifeMaxMs: number
  readonly tally: Tally
}

/** Times that are generous, because machines are busy. */
const patienceMs = 120_000

const narrowLimits = {
  ORION_LIMIT_CHECKPOINT_PAGES: '20',
  ORION_LIMIT_PAGE_CACHE_KIB: '64',
  ORION_LIMIT_LOG_TAIL_MAX_EVENTS: '16',
}
/** So that whoever hears only of some types knows soon how far the others are. */
const everyLimits = { ORION_LIMIT_BOOKMARK_EVERY_MS: '200', ORION_LIMIT_IDLE_EXIT_MS: '0' }

const share = {
  volatile: 0.5,
  narrow: 0.5,
  killedWhileStarting: 0.2,
  trouble: 0.4,
  handover: 0.12,
  pause: 0.05,
}

/** One store, and all that was found about it. */
export class Era {
  readonly #settings: EraSettings
  readonly #place: TorturePlace
  readonly #store = new StoreAccount()
  readonly #clients = new ClientAccount()
  readonly #streams = new StreamAccount()
  #cast: Cast | undefined
  #daemons: TorturedDaemon[] = []
  /** Something was done to the daemons of this life that they may say, or end of. */
  #isTroubled = false

  constructor(settings: EraSettings) {
    this.#settings = settings
    this.#place = new TorturePlace(settings.directory, settings.runsSources)
  }

  /** Starts a daemon, troubles it, kills it, and reads what it left. */
  async live(): Promise<string[]> {
    const { random, tally } = this.#settings
    this.#isTroubled = false
    const daemon = this.#start(random() < share.volatile, false)
    // The first has to make the store: of one that was killed before there is nothing to read.
    if (this.#cast !== undefined && random() < share.killedWhileStarting) {
      await Promise.race([sleep(random() * 600), daemon.serves(patienceMs)])
      tally.count('kills while starting')
    } else {
      if (!(await daemon.serves(patienceMs))) return [`a daemon did not start: ${daemon.errors}`]
      const problems = await this.#begin()
      if (problems.length > 0) return problems
      await this.#suffer(daemon)
    }
    return [...(await this.#killAll()), ...this.#judge()]
  }

  /** Lets everybody finish, and holds the whole of it against the whole store. */
  async end(): Promise<string[]> {
    const daemon = this.#start(false, false)
    if (!(await daemon.serves(patienceMs))) return [`a daemon did not start: ${daemon.errors}`]
    const cast = this.#cast
    if (cast === undefined) return ['nobody played']
    const problems = await cast.rest(patienceMs)
    if (problems.length > 0) return problems
    const { seq, findings } = await checkedBy(this.#place)
    problems.push(...findings, ...(await cast.end(seq, patienceMs)))
    const ended = await daemon.stop()
    if (!ended.startsWith('exit 0')) problems.push(`the last daemon ended with ${ended}`)
    this.#daemons = []
    problems.push(...this.#judge(), ...this.#judgeAll())
    await this.close()
    return problems
  }

  async close(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.kill()
    await this.#cast?.close()
    this.#cast = undefined
  }

  #start(isVolatile: boolean, takesOver: boolean): TorturedDaemon {
    const { program, programs, random } = this.#settings
    const limits = { ...everyLimits, ...(random() < share.narrow ? narrowLimits : {}) }
    const { preload } = programs
    const place = this.#place
    const daemon = new TorturedDaemon({ program, preload, place, isVolatile, takesOver, limits })
    this.#daemons.push(daemon)
    return daemon
  }

  /** The programs begin with the first daemon, and go on over all that follow. */
  async #begin(): Promise<string[]> {
    if (this.#cast !== undefined) return []
    const { seed, programs } = this.#settings
    this.#cast = new Cast({ script: programs.cast, place: this.#place, seed, restMs: 3 })
    return await this.#cast.works(patienceMs)
  }

  async #suffer(daemon: TorturedDaemon): Promise<void> {
    const { random, lifeMaxMs, tally } = this.#settings
    // Half of them die young: while clients come back, and what was cut off is repeated.
    const lifeMs = random() * lifeMaxMs * (random() < 0.5 ? 0.3 : 1)
    const dice = random()
    const happens = lifeMs * random()
    await sleep(happens)
    if (dice < share.trouble) {
      const trouble = troubleOf(random)
      this.#isTroubled = true
      daemon.suffer(trouble)
      tally.count(nameOf(trouble))
    } else if (dice < share.trouble + share.handover) {
      // Also what takes over may be killed at any moment, and with it the one that hands over.
      const next = this.#start(daemon.settings.isVolatile, true)
      tally.count('hand-overs')
      if (random() < 0.5 && !(await next.serves(patienceMs))) tally.count('hand-overs that failed')
    } else if (dice < share.trouble + share.handover + share.pause) {
      await daemon.pause(random() * 300)
      tally.count('pauses')
    }
    await sleep(lifeMs - happens)
  }

  async #killAll(): Promise<string[]> {
    const problems: string[] = []
    const isHandedOver = this.#daemons.length > 1
    for (const daemon of this.#daemons) {
      const { ownEnd } = daemon
      // Who handed over has ended in order; who was troubled may end, and says why.
      const isRight = ownEnd === undefined || this.#isTroubled || /^exit 0: $/.test(ownEnd)
      if (!isRight || (ownEnd !== undefined && !this.#isTroubled && !isHandedOver)) {
        problems.push(`a daemon ended by itself: ${ownEnd}`)
      }
    }
    for (const daemon of this.#daemons) {
      if (daemon.isAlive) this.#settings.tally.count('kills')
      if (daemon.isAlive && daemon.settings.isVolatile) this.#settings.tally.count('power cuts')
      await daemon.kill()
      const said = daemon.errors
      if (said !== '' && !this.#isTroubled && daemon.ownEnd === undefined) {
        problems.push(`a daemon that nobody troubled said: ${said}`)
      }
    }
    this.#daemons = []
    return problems
  }

  #read(afterSeq: number, thorough: boolean): Found {
    const scratch = join(this.#settings.directory, 'scratch')
    mkdirSync(scratch, { recursive: true })
    return readDisk({ store: this.#place.store, scratch, afterSeq, thorough })
  }

  /** What lies on disk, then what everybody was told: what they were told after it was read can't be missed. */
  #judge(): string[] {
    const found = this.#read(this.#store.lastSeq, false)
    const problems = this.#store.take(found)
    this.#clients.takeLog(found.log)
    for (const line of this.#cast?.news() ?? []) {
      problems.push(...this.#clients.take(line), ...this.#streams.take(line))
    }
    problems.push(...this.#clients.judge('new'), ...this.#streams.judge(this.#store.log))
    return problems
  }

  #judgeAll(): string[] {
    const whole = this.#read(0, true)
    const { writes, reads } = this.#clients
    const unsettled = [...writes.values()].filter(({ answer }) => answer.as === 'unknown')
    const { tally } = this.#settings
    tally.count('acknowledged writes', this.#clients.acknowledged)
    tally.count('refused writes', this.#clients.refused)
    tally.count('repeated writes', this.#clients.repeated)
    tally.count('reads', reads.length)
    tally.count('events', this.#store.log.length)
    tally.count('events told', this.#streams.told)
    tally.count('stores')
    return [
      ...this.#store.takeWhole(whole),
      ...(whole.integrity === 'ok' ? [] : [`SQLite says of the file: ${whole.integrity}`]),
      ...this.#clients.judge('all'),
      ...unsettled.map(({ key }) => `${key} was never settled`),
      ...additionProblems(writes, this.#store.log),
      ...registerProblems(writes.values(), reads),
      ...orderProblems(writes.values()),
    ]
  }
}

function troubleOf(random: () => number): Trouble {
  const forMs = 20 + random() * 300
  const troubles: readonly Trouble[] = [
    { kind: 'write fails', code: 'ENOSPC', forMs },
    { kind: 'write fails', code: 'ENOSPC', forMs },
    { kind: 'write fails', code: 'EIO', forMs },
    { kind: 'write fails', code: 'EROFS', forMs },
    { kind: 'sync fails', code: 'EIO', forMs },
    // In whole milliseconds, as every clock has them.
    { kind: 'clock jumps', byMs: Math.round((random() - 0.5) * 2 * 24 * 3_600_000) },
    { kind: 'clock jumps', byMs: -3_600_000 },
  ]
  return troubles[Math.floor(random() * troubles.length)] ?? { kind: 'clock jumps', byMs: 0 }
}

function nameOf(trouble: Trouble): string {
  return trouble.kind === 'clock jumps' ? 'clock jumps' : `${trouble.kind}: ${trouble.code}`
}

const statusForm = z.object({ token: z.string() })
const checkForm = z.object({
  findings: z.array(z.object({ level: z.string(), message: z.string() })),
})

/** The last position, and what the daemon itself finds wrong with rows, indexes and references. */
async function checkedBy(place: TorturePlace): Promise<{ seq: number; findings: string[] }> {
  const { socket } = z
    .object({ socket: z.string() })
    .parse(JSON.parse(readFileSync(place.discoveryPath, 'utf8')))
  const connection = await PlainConnection.open(socket, 'checks')
  const { findings } = checkForm.parse(await connection.call('daemon/check', {}))
  const { token } = statusForm.parse(await connection.call('daemon/status'))
  connection.close()
  const wrong = findings.filter(({ level }) => level === 'fail')
  const said = wrong.map(({ message }) => `the daemon's own check: ${message}`)
  return { seq: seqOf(token), findings: said }
}
