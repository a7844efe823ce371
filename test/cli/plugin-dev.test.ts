/** `orion plugin dev`: a plugin runs while it is written, and leaves nothing behind. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { changed, fingerprint } from '../../plugins/cli/plugin-dev/file-watch.ts'
import { LogFollower } from '../../plugins/cli/plugin-dev/log-follower.ts'
import { temporaryDirectory } from '../support/launch.ts'
import { ended, linesOf, makePlace } from './orion-process.ts'

const timeout = 300_000
const sample = fileURLToPath(new URL('../plugins/v1/by-hand.mjs', import.meta.url))

function developer(t: TestContext, ...args: string[]) {
  const place = makePlace(t)
  const file = join(place.directory, 'plugin.mjs')
  copyFileSync(sample, file)
  const child = place.start(['plugin', 'dev', './plugin.mjs', '--json', ...args], {
    cwd: place.directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = linesOf(child)
  /** The next thing that is told, beside what the plugin logs. */
  const next = async () => {
    for (;;) {
      const told = JSON.parse(await line())
      if (told.news !== 'log') return told
    }
  }
  const edit = (from: string, to: string): void =>
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  const end = async (): Promise<number | null> => {
    const over = ended(child)
    child.kill('SIGINT')
    return (await over).code
  }
  return { place, next, edit, end }
}

const runs = { news: 'loaded', name: 'by-hand', state: 'running' }

test('a change starts the plugin anew, a mistake is told, and nothing is left of a throwaway', {
  timeout,
}, async (t) => {
  const { place, next, edit, end } = developer(t, '--throwaway', '--set', 'depth=3')
  const { store } = await next()
  assert.deepEqual(await next(), runs)
  const listed = JSON.stringify(await place.json(['plugin', 'list', '--store', store]))
  assert.match(listed, /"settings":\{"depth":3\}/)
  const say = async (word: string) =>
    await place.orion([
      'action',
      'run',
      'v1.say',
      '--params',
      JSON.stringify({ word }),
      '--store',
      store,
    ])
  const refused = await say('bad')
  assert.equal(refused.code, 5)
  assert.match(refused.stderr, /a bad word/)

  edit('a bad word', 'a very bad word')
  assert.deepEqual(await next(), runs)
  assert.match((await say('bad')).stderr, /a very bad word/)

  edit('const manifest', 'const const manifest')
  const wrong = await next()
  assert.equal(wrong.news, 'refused')
  assert.match(wrong.reason, /SyntaxError/)
  edit('const const manifest', 'const manifest')
  assert.deepEqual(await next(), runs)

  assert.equal(await end(), 0)
  assert.ok(!existsSync(store))
  assert.deepEqual(place.daemons(), [])
})

test('a plugin that was not in the store is out of it again at the end', { timeout }, async (t) => {
  const { place, next, end } = developer(t, '--yes')
  assert.deepEqual(await next(), runs)
  const names = async () => {
    const status = await place.json(['status'])
    assert.ok(typeof status === 'object' && status !== null && 'plugins' in status)
    return status.plugins
  }
  assert.notDeepEqual(await names(), [])
  assert.equal(await end(), 0)
  assert.deepEqual(await names(), [])
})

test('without a terminal nothing is let do what it asks for', { timeout }, async (t) => {
  const { orion, directory } = makePlace(t)
  copyFileSync(sample, join(directory, 'plugin.mjs'))
  const told = await orion(['plugin', 'dev', './plugin.mjs'], { cwd: directory })
  assert.equal(told.code, 2)
  assert.match(told.stderr, /say --yes/)
  const wrong = await orion(['plugin', 'dev', './plugin.mjs', '--throwaway', '--set', 'depth'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /--set: expected KEY=VALUE, got "depth"/)
})

test('a file that is written, renamed or gone is a change; what is installed is none', async (t) => {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'a.ts')
  writeFileSync(file, 'a')
  const first = fingerprint(directory)
  assert.equal(fingerprint(directory), first)
  utimesSync(file, 1, 1)
  const second = fingerprint(directory)
  assert.notEqual(second, first)
  assert.equal(await changed(directory, first, new AbortController().signal), second)
  assert.equal(await changed(directory, second, AbortSignal.abort()), undefined)
})

test('a log is read on line by line, over its being begun anew', (t) => {
  const path = join(temporaryDirectory(t), 'log')
  const follower = new LogFollower(path, 'start')
  assert.deepEqual(follower.lines(), [])
  writeFileSync(path, 'one\nré')
  assert.deepEqual(follower.lines(), ['one'])
  writeFileSync(path, 'one\nrésumé\n')
  assert.deepEqual(follower.lines(), ['résumé'])
  assert.deepEqual(new LogFollower(path, 'end').lines(), [])
  writeFileSync(path, 'new\n')
  assert.deepEqual(follower.lines(), ['new'])
})
