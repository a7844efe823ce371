import { parseArgs } from 'node:util'
import {
  runPowerCuts,
  type WorkloadSettings,
} from '../test/store/engine/power-cut/power-cut-workload.ts'

/**
 * The long form of the power-cut simulation: `tsx scripts/powercut.ts [--transactions 40]
 * [--states 12] [--seeds 3]`. Ends with 1 if a state was lost or corrupt, or if one of the
 * controls, in which a safeguard is taken away, found nothing. `ORION_ENGINE` names the engine.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      transactions: { type: 'string', default: '40' },
      states: { type: 'string', default: '12' },
      seeds: { type: 'string', default: '3' },
    },
  })
  const base = {
    transactions: Number(values.transactions),
    statesPerMoment: Number(values.states),
    everyMoments: 1,
  }
  let failures = 0
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    for (const syncMode of ['grouped', 'full'] as const) {
      for (const model of ['strict', 'ext4'] as const) {
        const found = await runAndTell({ ...base, syncMode, model, seed: seed * 7919 })
        if (found > 0) failures += 1
      }
    }
    for (const sabotage of ['no-log-sync', 'no-main-sync', 'no-directory-sync'] as const) {
      const control = { ...base, syncMode: 'grouped', model: 'strict', sabotage } as const
      const found = await runAndTell({ ...control, everyMoments: 5, seed: seed * 7919 })
      if (found === 0) failures += 1
    }
  }
  process.exitCode = failures === 0 ? 0 : 1
}

async function runAndTell(settings: WorkloadSettings): Promise<number> {
  const { events, states, problems } = await runPowerCuts(settings)
  const count = (kind: string): number => problems.filter((problem) => problem.kind === kind).length
  const { syncMode, model, seed, sabotage = 'none' } = settings
  console.log(
    JSON.stringify({
      syncMode,
      model,
      seed,
      sabotage,
      events,
      states,
      lost: count('lost'),
      corrupt: count('corrupt'),
      example: problems[0],
    }),
  )
  return problems.length
}

await main()
