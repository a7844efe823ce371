/** `orion types migrate` and `orion types --check`, on a real daemon. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makePlace } from './orion-process.ts'

const sdk = fileURLToPath(new URL('../../sdk/index.ts', import.meta.url))

const older = `export const Memo = defineRecordType('Memo', { fields: { summary: text() } })`
const newer = `const title = defineMigration('title', {
  up: [renameField('summary', 'title')],
  down: [renameField('title', 'summary')],
})
export const Memo = defineRecordType('Memo', { fields: { title: text() }, migrations: [title] })`

test('a store is checked, migrated with a dry run first, and taken back', async (t) => {
  const place = makePlace(t)
  const module = (name: string, text: string): string => {
    const path = join(place.directory, name)
    const names = 'defineMigration, defineRecordType, renameField, text'
    writeFileSync(path, `import { ${names} } from ${JSON.stringify(sdk)}\n${text}\n`)
    return path
  }
  const [before, after] = [module('before.mts', older), module('after.mts', newer)]
  const script = module(
    'define.mts',
    `import { connect } from ${JSON.stringify(sdk)}
${older}
const client = await connect({ store: process.argv[2], client: { name: 'define', version: '1', kind: 'script' } })
await client.repository(Memo).create({ summary: 'a' }, { id: 'a' })
await client.close()`,
  )
  await place.json(['types'])
  assert.deepEqual(await place.json(['types', '--check', '--module', before]), {
    types: [{ type: 'Memo', state: 'absent', differences: ['the store does not have it yet'] }],
  })
  const { spawnSync } = await import('node:child_process')
  const made = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), script, place.store],
    {
      cwd: place.directory,
      env: place.env,
      encoding: 'utf8',
    },
  )
  assert.equal(made.status, 0, made.stderr)
  const check = await place.orion(['types', '--check', '--module', after])
  assert.equal(check.code, 1)
  assert.match(check.stdout, /✖ Memo has to be migrated\n {4}migration title was not applied/)
  const tried = await place.orion(['types', 'migrate', '--module', after, '--dry-run'])
  assert.equal(tried.code, 0, tried.stderr)
  assert.match(tried.stdout, /title would be applied\n {2}field summary becomes title/)
  const done = await place.orion(['types', 'migrate', '--module', after])
  assert.match(
    done.stdout,
    /title applied[\s\S]*1 record, 1 changed; schema version 2[\s\S]*backup: /,
  )
  assert.equal((await place.orion(['types', '--check', '--module', after])).code, 0)
  const late = await place.orion(['types', '--check', '--module', before])
  assert.match(`${late.code} ${late.stdout}`, /1 ✖ Memo .*\n.*summary was renamed to title/)
  const back = await place.orion(['types', 'migrate', '--module', after, '--down', '--no-backup'])
  assert.match(back.stdout, /title undone/)
  assert.match((await place.orion(['get', 'Memo', 'a'])).stdout, /summary +a/)
  const none = await place.orion(['types', 'migrate', '--module', join(place.directory, 'no.js')])
  assert.deepEqual([none.code, none.stdout], [2, ''])
})
