/** What is to become of each kind of odd row. */
import type { Conclusion } from '../../plugins/legacy/convert/convert-row.ts'
import type { Expectation } from './legacy-files.ts'

type Verdict = Conclusion['pile']

const pileOf: { readonly [expect in Expectation]: Verdict } = {
  ok: 'migrated',
  repair: 'repaired',
  quarantine: 'quarantined',
  skip: 'carried',
}

/** Where we decide otherwise than was proposed; docs/migrating-from-orion-oda.md says why. */
const otherwise: ReadonlyMap<string, Verdict> = new Map([
  ['id_long', 'repaired'],
  ['id_spaces', 'repaired'],
  ['id_unicode', 'repaired'],
  ['version_huge', 'repaired'],
  ['json_deep', 'repaired'],
  ['json_big_int', 'repaired'],
  ['job_duplicate_job_id', 'migrated'],
])

/** The pile in which a row of a kind is to end. */
export function verdictOf(edge: string, expect: Expectation): Verdict {
  return otherwise.get(edge) ?? pileOf[expect]
}
