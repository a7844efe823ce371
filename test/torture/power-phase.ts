/** Power cuts over every host call of recorded runs of the engine, and controls in which a safeguard is taken away. */
import {
  runPowerCuts,
  type WorkloadSettings,
} from '../store/engine/power-cut/power-cut-workload.ts'

/** How many states of the disk were looked at, and what was wrong with one, or with a control. */
export interface PowerReport {
  readonly states: number
  readonly problems: readonly string[]
}

const sabotages = ['no-log-sync', 'no-main-sync', 'no-directory-sync'] as const

/** Rebuilds the states that a power cut could leave; in short, at some of the moments only. */
export async function explorePower(seed: number, isShort: boolean): Promise<PowerReport> {
  const base = {
    transactions: isShort ? 20 : 40,
    statesPerMoment: isShort ? 5 : 12,
    everyMoments: isShort ? 3 : 1,
    // The generator stands still at 0.
    seed: (seed % 1_000_000) * 7919 + 1,
  }
  const problems: string[] = []
  let states = 0
  for (const syncMode of ['grouped', 'full'] as const) {
    for (const model of ['strict', 'ext4'] as const) {
      const settings: WorkloadSettings = { ...base, syncMode, model }
      const report = await runPowerCuts(settings)
      states += report.states
      problems.push(
        ...report.problems.map(({ kind, detail, moment }) => {
          return `power cut (${syncMode}, ${model}, at ${moment}): ${kind}: ${detail}`
        }),
      )
    }
  }
  for (const sabotage of sabotages) {
    const report = await runPowerCuts({ ...base, syncMode: 'grouped', model: 'strict', sabotage })
    states += report.states
    if (report.problems.length === 0) problems.push(`the simulation does not notice ${sabotage}`)
  }
  return { states, problems }
}
