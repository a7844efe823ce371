/** Store after store, each through many lives of its daemon, until so many were killed or the time is up. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from '../support/seeded.ts'
import { Era } from './era.ts'
import { bundleTorture } from './programs.ts'
import { Tally } from './tally.ts'

/** How long, and with what. */
export interface TortureSettings {
  /** Empty, with a short path. What is found wrong is left in it. */
  readonly directory: string
  /** The program's `orion.mjs`. */
  readonly program: string
  /** Run the sources of the program rather than what was built of them. */
  readonly runsSources?: boolean
  readonly seed: number
  readonly kills: number
  /** Ends sooner when so much time is over. */
  readonly forMs?: number
  /** Daemons that one store sees. */
  readonly livesPerStore?: number
  /** Longest life of a daemon after it serves. */
  readonly lifeMaxMs?: number
  readonly onLife?: (soFar: TortureReport) => void
}

/** What was found. */
export interface TortureReport {
  readonly seed: number
  readonly totals: { readonly [what: string]: number }
  readonly findings: readonly string[]
}

/** Tortures; ends with the first life that something was wrong with. */
export async function runTorture(settings: TortureSettings): Promise<TortureReport> {
  const { directory, program, seed, kills, runsSources = false, onLife = () => {} } = settings
  const { forMs = Number.POSITIVE_INFINITY, livesPerStore = 25, lifeMaxMs = 1500 } = settings
  const programs = await bundleTorture(join(directory, 'programs'))
  const random = seeded(seed)
  const tally = new Tally()
  const findings: string[] = []
  const report = (): TortureReport => ({ seed, totals: tally.all, findings })
  const endMs = performance.now() + forMs
  const isOver = (): boolean => tally.of('kills') >= kills || performance.now() > endMs
  for (let number = 1; findings.length === 0 && !isOver(); number++) {
    const place = join(directory, `store-${number}`)
    const era = new Era({
      ...{ directory: place, program, runsSources, programs, random, lifeMaxMs, tally },
      seed: seed + number,
    })
    try {
      for (let life = 0; life < livesPerStore && !isOver() && findings.length === 0; life++) {
        findings.push(...(await era.live()))
        onLife(report())
      }
      if (findings.length === 0) findings.push(...(await era.end()))
    } catch (error) {
      findings.push(`the run itself failed: ${error instanceof Error ? error.stack : error}`)
    } finally {
      await era.close()
    }
    if (findings.length === 0) rmSync(place, { recursive: true, force: true, maxRetries: 5 })
  }
  return report()
}
