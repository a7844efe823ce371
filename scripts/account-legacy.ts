/**
 * Brings files of the earlier system over and accounts for every row from the outside: one pile, nothing lost, every record
 * read back through its repository.
 *
 *   tsx scripts/account-legacy.ts [ROWS]                     six files of hard rows: three seeds, both schemas
 *   tsx scripts/account-legacy.ts FILE [MANIFEST] [FILE …]   these; a manifest (.jsonl) has `id`, `edge` and `expect` of each row
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inProcess } from '../daemon/in-process.ts'
import { migrateLegacy } from '../plugins/legacy/migrate-legacy.ts'
import { connect } from '../sdk/client/connect.ts'
import { accountFor } from '../test/legacy/account-for.ts'
import type { Expectation } from '../test/legacy/legacy-files.ts'
import { makeSeededFile } from '../test/legacy/seeded-file.ts'
import { verdictOf } from '../test/legacy/verdicts.ts'

const given = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), 'orion-account-legacy-'))
try {
  if (given.length > 1 || /\D/.test(given[0] ?? '')) {
    for (const [at, name] of given.entries()) {
      if (name.endsWith('.jsonl')) continue
      const manifest = given[at + 1]
      const verdicts = manifest?.endsWith('.jsonl') ? verdictsIn(manifest) : new Map()
      await account(resolve(name), verdicts)
    }
  } else {
    const count = Number(given[0] ?? 20_000)
    for (const seed of [1, 2, 3]) {
      for (const variant of ['a', 'b'] as const) {
        const from = join(directory, `seed-${seed}-${variant}.db`)
        await account(from, await makeSeededFile(from, { seed, variant, count }))
      }
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
process.exit(0)

async function account(from: string, verdicts: ReadonlyMap<string, string>): Promise<void> {
  const home = mkdtempSync(join(directory, 'store-'))
  const store = join(home, '.orion')
  mkdirSync(store)
  const env = { ...process.env, XDG_RUNTIME_DIR: home, HOME: home }
  const open = () =>
    connect({
      client: { name: 'account' },
      store,
      env,
      daemon: 'in-process',
      inProcess: inProcess(),
    })
  const storePath = join(store, 'store.sqlite')
  const { report, succeeded } = await migrateLegacy({
    from,
    storePath,
    mode: 'migrate',
    connect: open,
  })
  if (!succeeded)
    throw new Error(`${from} is not verified: ${JSON.stringify(report.verification?.problems)}`)
  const client = await open()
  const piles = await accountFor({ client, from, report, verdict: (id) => verdicts.get(id) })
  await client.close()
  console.log(`${from}: ${report.source.rows} rows, all of them accounted for`, piles)
}

function verdictsIn(manifest: string): Map<string, string> {
  const lines = readFileSync(manifest, 'utf8').trim().split('\n')
  return new Map(
    lines.map((line) => {
      const { id, edge, expect }: { id: string; edge: string; expect: Expectation } =
        JSON.parse(line)
      return [id, verdictOf(edge, expect)]
    }),
  )
}
