import { runFuzz } from '../test/e2e/fuzz/fuzz-run.ts'
import { tryDamagedFiles } from '../test/legacy/damaged-files.ts'

/**
 * The long form of the fuzz test: `tsx scripts/fuzz-daemon.ts [--seed N] [--inputs N] [--runs N]`, by default one run of
 * 200,000 inputs with a new seed, and as many thousandths of damaged files of the earlier system. Prints a report for each
 * run, and ends with 1 if anything was wrong. A seed that finds something belongs into test/e2e/fuzz/seeds.ts.
 */
async function main(args: readonly string[]): Promise<void> {
  const seed = numberAfter(args, '--seed') ?? Date.now() % 1_000_000
  const inputs = numberAfter(args, '--inputs') ?? 200_000
  const runs = numberAfter(args, '--runs') ?? 1
  for (let run = 0; run < runs; run++) {
    const cleanUps: (() => unknown)[] = []
    const after = (cleanUp: () => unknown): void => void cleanUps.push(cleanUp)
    const report = await runFuzz({ after }, { seed: seed + run, inputs })
    for (const cleanUp of cleanUps.reverse()) await cleanUp()
    const files = await tryDamagedFiles(seed + run, Math.ceil(inputs / 1000))
    console.log(JSON.stringify({ ...report, files }, undefined, 2))
    if (report.problems.length + files.problems.length > 0) process.exitCode = 1
  }
}

function numberAfter(args: readonly string[], flag: string): number | undefined {
  const at = args.indexOf(flag)
  if (at < 0) return undefined
  const value = Number(args[at + 1])
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new Error(`expected a whole number after ${flag}, got ${args[at + 1]}`)
}

await main(process.argv.slice(2))
