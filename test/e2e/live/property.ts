/** The property that every run must have, checked for many random ones on one store. */
import fc from 'fast-check'
import { Oracle } from './oracle.ts'
import { anyAction, runActions } from './run.ts'
import { World } from './world.ts'

/** How much is checked. */
export interface PropertySettings {
  readonly directory: string
  readonly runs: number
  readonly actionsMax: number
  readonly seed: number
  readonly onRun?: (soFar: PropertyReport) => void
}

/** What was checked. */
export interface PropertyReport {
  readonly runs: number
  readonly daemons: number
  /** Sets that somebody saw, and that were compared with the log. */
  readonly observations: number
  readonly events: number
  readonly gaps: number
  /** Events that were made of snapshots. */
  readonly synthetic: number
}

/** Checks it. @throws what the first run got wrong that has such a problem, with its seed and its actions. */
export async function checkRuns(settings: PropertySettings): Promise<PropertyReport> {
  const { directory, runs, actionsMax, seed, onRun = () => {} } = settings
  const world = new World(directory)
  let done = 0
  let observations = 0
  let [events, gaps, synthetic] = [0, 0, 0]
  const oracle = new Oracle()
  const report = (): PropertyReport => ({
    runs: done,
    daemons: world.lives,
    observations,
    events,
    gaps,
    synthetic,
  })
  const actions = fc.array(anyAction, { minLength: 20, maxLength: actionsMax, size: 'max' })
  const check = async (chosen: readonly Parameters<typeof runActions>[2][number][]) => {
    const run = await runActions(world, { prefix: `r${done}-`, oracle }, chosen)
    done++
    observations += run.observations
    events = run.events
    gaps += run.gaps
    synthetic += run.synthetic
    onRun(report())
    if (run.problems.length > 0) throw new Error(run.problems.slice(0, 3).join('\n'))
  }
  try {
    // A failure is told as it is: to find a smaller one would take as many daemons again.
    const limits = { numRuns: runs, endOnFailure: true, seed }
    await fc.assert(fc.asyncProperty(actions, check), limits)
    return report()
  } finally {
    await world.close()
  }
}
