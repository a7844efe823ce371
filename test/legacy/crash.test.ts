import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { crashRun } from './crash-run.ts'
import { makeLegacyFile, scratch } from './legacy-files.ts'

test('a migration that is killed again and again ends as one that was not', async (t) => {
  const directory = scratch(t)
  const from = join(directory, 'ontology.db')
  const rows = 240
  await makeLegacyFile(from, { count: rows })
  const run = async (name: string, kills: number) => {
    const own = join(directory, name)
    mkdirSync(own, { mode: 0o700 })
    return await crashRun({ from, directory: own, rows, kills, batchSize: 20, random: Math.random })
  }
  const undisturbed = await run('undisturbed', 0)
  assert.equal(undisturbed.succeeded, true)
  const killed = await run('killed', 2)
  assert.equal(killed.succeeded, true)
  assert.equal(killed.records, undisturbed.records)
  assert.equal(killed.digest, undisturbed.digest)
})
