/**
 * Kills migrations of a large file at random moments and compares the end with one that was not disturbed.
 *
 *   tsx scripts/crash-legacy.ts [KILLS] [ROWS] [FILE]
 *
 * Without FILE the hard rows are repeated under other ids.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLegacyFile } from '../plugins/legacy/source/legacy-file.ts'
import { type CrashOutcome, crashRun } from '../test/legacy/crash-run.ts'
import { makeLegacyFile } from '../test/legacy/legacy-files.ts'

const [kills = '30', count = '20000', given] = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), 'orion-crash-legacy-'))
const from = given ?? join(directory, 'ontology.db')
if (given === undefined) await makeLegacyFile(from, { count: Number(count) })
const file = await openLegacyFile(from)
const { rows } = file
file.close()
const run = async (name: string, times: number): Promise<CrashOutcome> => {
  const own = join(directory, name)
  mkdirSync(own, { mode: 0o700 })
  return await crashRun({
    from,
    directory: own,
    rows,
    kills: times,
    batchSize: 400,
    random: Math.random,
  })
}
const undisturbed = await run('undisturbed', 0)
const killed = await run('killed', Number(kills))
const same = killed.digest === undisturbed.digest && killed.succeeded && undisturbed.succeeded
console.log(
  `${killed.hits} of ${kills} kills hit a migration of ${rows} rows; ${killed.records} records, ${undisturbed.records} undisturbed; ` +
    (same ? 'the same' : 'NOT THE SAME'),
)
rmSync(directory, { recursive: true, force: true })
process.exit(same ? 0 : 1)
