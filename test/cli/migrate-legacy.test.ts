import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hardRows, makeLegacyFile, realFile } from '../legacy/legacy-files.ts'
import { edit } from '../legacy/legacy-place.ts'
import { type Ended, makePlace, type Place } from './orion-process.ts'

const rows = hardRows.filter(({ edge }) =>
  ['clean', 'json_truncated', 'unknown_type', 'ts_iso_offset', 'log_error_object'].includes(edge),
)

interface LegacyCli extends Place {
  readonly from: string
  migrate(...args: string[]): Promise<Ended>
  quarantine(...args: string[]): Promise<Ended>
}

function legacyCli(t: TestContext): LegacyCli {
  const place = makePlace(t)
  const from = join(place.directory, 'ontology.db')
  return {
    ...place,
    from,
    migrate: (...args) => place.orion(['migrate', 'legacy', ...args]),
    quarantine: (...args) => place.orion(['migrate', 'quarantine', ...args]),
  }
}

test('a file is looked at, brought over, verified, tried again and cleaned up by commands alone', async (t) => {
  const { directory, store, from, migrate, quarantine, json } = legacyCli(t)
  await makeLegacyFile(from, { rows })
  const file = digestOf(from)

  const dry = await migrate('--from', from, '--dry-run', '--json', '--report', 'dry.txt')
  assert.equal(dry.code, 0, dry.stderr)
  const planned = JSON.parse(dry.stdout)
  assert.deepEqual([planned.mode, planned.migration.read], ['dry-run', rows.length])
  assert.deepEqual(readdirSync(store), [], 'a dry run makes no store')
  assert.match(readFileSync(join(directory, 'dry.txt'), 'utf8'), /nothing was written/)

  const done = await migrate('--legacy-db', from, '--report', 'report.html', '--batch-size', '7')
  assert.equal(done.code, 0, done.stderr)
  assert.equal(done.stderr, '', 'where there is no terminal there is no bar')
  assert.match(done.stdout, /Verified: \d+ rows read back and the same, 1 kept aside byte for byte/)
  assert.match(done.stdout, /orion migrate quarantine list/)
  assert.match(
    readFileSync(join(directory, 'report.html'), 'utf8'),
    /^<!doctype html>.*<\/html>\n$/s,
  )

  const verified = await migrate('--from', from, '--verify', '--json', '--report', 'verified.json')
  assert.equal(verified.code, 0, verified.stderr)
  const report = JSON.parse(verified.stdout)
  assert.equal(report.mode, 'verify')
  assert.equal(report.migration, undefined, 'what was brought over is only compared')
  assert.equal(report.verification.proven + report.verification.kept, rows.length)
  assert.deepEqual(JSON.parse(readFileSync(join(directory, 'verified.json'), 'utf8')), report)

  const listed = await quarantine('list')
  assert.equal(listed.code, 0)
  assert.match(listed.stdout, /the payload is no JSON: .*\n1 in all\n$/)
  const id = /^objects:\S+/m.exec(listed.stdout)?.[0] ?? ''
  const shown = await quarantine('show', id)
  assert.equal(shown.code, 0, shown.stderr)
  const odd = rows.find(({ edge }) => edge === 'json_truncated')
  assert.ok(shown.stdout.includes(String(odd?.cells[5])), 'the cells are there as they were')
  assert.equal((await quarantine('show', 'objects:none')).code, 3)
  assert.equal((await quarantine('retry')).code, 2)
  assert.equal((await quarantine('retry', '--all', id)).code, 2)
  assert.match((await quarantine('list', '--reason', 'none')).stdout, /with the reason none\.\n$/)
  const retried = await quarantine('retry', id)
  assert.deepEqual(
    [retried.code, retried.stdout],
    [8, '0 of 1 rows were brought over. 1 still do not fit.\n'],
  )

  assert.equal(digestOf(from), file)
  const cleaned = await migrate('--from', from, '--cleanup', '--json')
  assert.equal(cleaned.code, 0, cleaned.stderr)
  const { deleted, exportedTo } = JSON.parse(cleaned.stdout).cleanUp
  assert.equal(deleted, rows.length - 1)
  assert.ok(existsSync(exportedTo))
  const rest = await migrate('--from', from, '--dry-run', '--json')
  assert.equal(JSON.parse(rest.stdout).migration.piles.unchanged, 1)
  const early = await migrate('--from', from, '--cleanup')
  assert.equal(early.code, 2)
  assert.match(early.stderr, /is not what was verified.*--verify/s)
  // What came over is found by its words.
  const insight = rows.find(({ cells, edge }) => edge === 'clean' && cells[1] === 'OrionInsight')
  const { summary } = JSON.parse(String(insight?.cells[5])).content
  const { hits } = Object(await json(['search', summary, '--type', 'OrionInsight']))
  assert.equal(hits[0].record.id, insight?.cells[0])
})

test('what is not accounted for ends with exit code 8, and is named', async (t) => {
  const { from, migrate, orion } = legacyCli(t)
  await makeLegacyFile(from, { rows: rows.filter(({ edge }) => edge === 'clean').slice(0, 3) })
  assert.equal((await migrate('--from', from, '--verify')).code, 0, 'it brings over what is new')
  await edit(from, 'UPDATE objects SET version = version + 1 WHERE rowid = 1')
  const told = await migrate('--from', from, '--verify')
  assert.equal(told.code, 8)
  assert.match(told.stdout, /Not verified.*changed in the file since/s)
  const made = await orion(['token', 'create', '--name', 'agent:a', '--scope', 'read,write'])
  const token = /o\w+_\S+|\S{30,}/.exec(made.stdout)?.[0] ?? ''
  const refused = await migrate('--from', from, '--token', token)
  assert.equal(refused.code, 5, refused.stderr)
})

const refusals: readonly (readonly [
  what: string,
  args: (place: LegacyCli) => Promise<string[]> | string[],
  told: RegExp,
  code?: number,
])[] = [
  ['without a file', () => [], /--from is required.*name the file/s],
  [
    'with two steps at once',
    ({ from }) => ['--from', from, '--verify', '--cleanup'],
    /steps of their own/,
  ],
  [
    'into a zone that there is not',
    ({ from }) => ['--from', from, '--zone', 'Mars/Olympus'],
    /no zone "Mars.*Asia\/Seoul/s,
  ],
  [
    'of an empty file',
    ({ directory }) => {
      writeFileSync(join(directory, 'empty.db'), '')
      return ['--from', 'empty.db']
    },
    /the file is empty.*another file/s,
  ],
  [
    'of the store itself',
    ({ store, from }) => {
      linkSync(from, join(store, 'store.sqlite'))
      return ['--from', from]
    },
    /is the store itself.*--store DIR/s,
  ],
  [
    'into a file that another program has made',
    async ({ store, from }) => {
      await edit(
        join(store, 'store.sqlite'),
        'CREATE TABLE bookmarks (id, url); INSERT INTO bookmarks VALUES (1, 2)',
      )
      return ['--from', from]
    },
    /a database of another program.*--store/s,
    6,
  ],
  [
    'into a file of another program that has no write-ahead log',
    async ({ store, from }) => {
      await makeLegacyFile(join(store, 'store.sqlite'), { rows, withoutLog: true })
      return ['--from', from]
    },
    /a database of another program.*--store/s,
    6,
  ],
  [
    'into a file in place of a store’s directory',
    ({ from }) => ['--from', from, '--store', from],
    /to be a directory.*--store/s,
    6,
  ],
  [
    'of two files',
    ({ from }) => ['--from', from, '--legacy-db', `${from}.old`],
    /are one flag.*give one of them/s,
  ],
  [
    'of more rows at a time than go into a transaction',
    ({ from }) => ['--from', from, '--batch-size', '501'],
    /expected up to 500 rows, got 501.*name fewer/s,
  ],
]

test('what can’t be used is refused with what to do, and every file stays as it was', async (t) => {
  for (const [what, args, told, code = 2] of refusals) {
    await t.test(`a migration ${what}`, async (t) => {
      const cli = legacyCli(t)
      copyFileSync(realFile, cli.from)
      const given = await args(cli)
      const before = [digestsIn(cli.directory), digestsIn(cli.store)]
      const refused = await cli.migrate(...given)
      assert.equal(refused.code, code, refused.stderr)
      assert.match(refused.stderr, told)
      assert.equal(refused.stdout, '')
      const [files, stores] = [digestsIn(cli.directory), digestsIn(cli.store)]
      assert.deepEqual(files, before[0])
      for (const file of before[1] ?? []) assert.ok(stores.includes(file), file)
    })
  }
})

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** The files in a directory, and what is in each. */
function digestsIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => `${name} ${digestOf(join(directory, name))}`)
    .sort()
}
