/** `orion plugin create`: what it writes, and what it leaves alone. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { toolVersions } from '../../plugins/cli/plugin-template/plugin-files.ts'
import { pluginNames } from '../../plugins/cli/plugin-template/plugin-names.ts'
import { makePlace } from './orion-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('a plugin is made where its author is, and finds the Orion that made it', async (t) => {
  const { directory, orion } = makePlace(t)
  const told = await orion(['plugin', 'create', 'release-notes'])
  assert.equal(told.code, 0, told.stderr)
  assert.match(told.stdout, /Next:\n {2}cd release-notes\n {2}npm install\n {2}npm test\n/)
  const made = join(directory, 'release-notes')
  assert.deepEqual(readdirSync(made).sort(), [
    '.gitignore',
    'README.md',
    'package.json',
    'plugin.test.ts',
    'plugin.ts',
    'tsconfig.json',
  ])
  const manifest = JSON.parse(readFileSync(join(made, 'package.json'), 'utf8'))
  assert.deepEqual(manifest.orion, { plugin: './plugin.ts' })
  assert.equal(manifest.devDependencies.orion, `file:${dirname(join(root, 'x'))}`)
  const source = readFileSync(join(made, 'plugin.ts'), 'utf8')
  for (const name of ['ReleaseNotesNote', 'release_notes.add', "name: 'release-notes'"]) {
    assert.ok(source.includes(name), name)
  }
})

test('what is there already is left alone', async (t) => {
  const { directory, orion } = makePlace(t)
  mkdirSync(join(directory, 'mine'))
  writeFileSync(join(directory, 'mine', 'plugin.ts'), 'mine')
  const told = await orion(['plugin', 'create', 'mine', '--json'])
  assert.equal(told.code, 2)
  assert.match(JSON.parse(told.stderr).message, /there is something in .*mine already/)
  assert.deepEqual(readdirSync(join(directory, 'mine')), ['plugin.ts'])
  const elsewhere = await orion(['plugin', 'create', 'mine', '--directory', 'deep/er', '--json'])
  assert.equal(elsewhere.code, 0, elsewhere.stderr)
  assert.equal(JSON.parse(elsewhere.stdout).directory, join(directory, 'deep', 'er'))
})

test('a name that no plugin can have is refused before anything is written', async (t) => {
  const { directory, orion } = makePlace(t)
  const told = await orion(['plugin', 'create', '../Evil'])
  assert.equal(told.code, 2)
  assert.match(told.stderr, /small letters, digits and dashes .*, got \.\.\/Evil/)
  assert.ok(!existsSync(join(directory, '..', 'Evil')))
})

test('the names of a plugin’s parts have the forms that they need', () => {
  assert.deepEqual(pluginNames('a--b2-'), { plugin: 'a--b2-', types: 'AB2', actions: 'a__b2_' })
  assert.equal(pluginNames('x'.repeat(63))?.types.length, 50)
  for (const wrong of ['', 'A', '1a', 'a_b', 'a.b', 'a/b', 'x'.repeat(64), 'é']) {
    assert.equal(pluginNames(wrong), undefined, wrong)
  }
})

test('a new plugin is given the tools that this version was tested with', () => {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const own = { ...dependencies, ...devDependencies }
  const named = Object.keys(toolVersions).map((name) => [name, own[name]])
  assert.deepEqual(toolVersions, Object.fromEntries(named))
})
