/** Makes files of hard and ordinary rows, in another order and other shares for each seed. */
import { Random } from '../e2e/fuzz/random.ts'
import {
  firstObjectsTableSql,
  type HardRow,
  hardRows,
  makeLegacyFile,
  renamed,
} from './legacy-files.ts'
import { verdictOf } from './verdicts.ts'

/** Which file. */
export interface SeededFile {
  readonly seed: number
  /** `a`: the first schema, `b`: the later one. Files of `b` are left without a write-ahead log. */
  readonly variant: 'a' | 'b'
  readonly count: number
}

/** Makes a file; says in which pile the row of each id is to end. */
export async function makeSeededFile(
  path: string,
  { seed, variant, count }: SeededFile,
): Promise<Map<string, string>> {
  const random = new Random(seed)
  const fitting = hardRows.filter(
    ({ cells }) => variant === 'b' || [1, 3, 4].every((at) => cells[at] !== null),
  )
  const rows: HardRow[] = []
  // Each kind once, then ordinary ones and others as they come.
  const kinds = shuffled([...new Map(fitting.map((row) => [row.edge, row])).values()], random)
  const more = fitting.filter(({ edge }) => edge !== 'id_empty')
  const clean = fitting.filter(({ edge }) => edge === 'clean')
  for (let made = 0; made < count; made += 1) {
    const from = random.chance(0.5) ? more : clean
    const row = kinds[made] ?? from[random.below(from.length)]
    if (row !== undefined) rows.push(made < kinds.length ? row : renamed(row, made))
  }
  const verdicts = new Map(
    rows.map(({ edge, expect, cells }) => [String(cells[0]), verdictOf(edge, expect)]),
  )
  await makeLegacyFile(path, {
    rows: shuffled(rows, random),
    ...(variant === 'a' ? { objectsSql: firstObjectsTableSql } : { withoutLog: true }),
  })
  return verdicts
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((left, right) => left.at - right.at)
    .map(({ item }) => item)
}
