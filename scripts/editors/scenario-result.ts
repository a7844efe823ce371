/** What scenarios came to when they were played last. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { cacheFolder } from './cache-folder.ts'

const scenarioResult = z.object({
  scenario: z.string(),
  /** When it was played, as an instant. */
  at: z.string(),
  versions: z.record(z.string(), z.string()),
  tests: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      ms: z.number(),
      error: z.string().optional(),
    }),
  ),
  figures: z.array(z.tuple([z.string(), z.string()])),
  pictures: z.array(z.object({ name: z.string(), bytes: z.int() })),
})
/** What one scenario came to. */
export type ScenarioResult = z.output<typeof scenarioResult>

/** Whether all of it went well. */
export function isGood({ tests }: ScenarioResult): boolean {
  return tests.length > 0 && tests.every(({ ok }) => ok)
}

/** Keeps it for a run that plays others. */
export function keepResult(result: ScenarioResult): void {
  writeFileSync(fileOf(result.scenario), JSON.stringify(result, undefined, 2))
}

/** What a scenario came to last; undefined if it was never played here. */
export function lastResult(scenario: string): ScenarioResult | undefined {
  const file = fileOf(scenario)
  return existsSync(file) ? scenarioResult.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}

function fileOf(scenario: string): string {
  return join(cacheFolder('results'), `${scenario}.json`)
}
