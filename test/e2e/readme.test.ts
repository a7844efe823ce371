/** The README's client runs as it stands there, and prints what it says it does. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ended, makePlace } from '../cli/orion-process.ts'

const sourceOf: { readonly [specifier: string]: string } = {
  'orion/sdk': new URL('../../sdk/index.ts', import.meta.url).href,
  'orion/plugins/orion': new URL('../../plugins/orion/index.ts', import.meta.url).href,
}

test('the client in ten lines creates, updates, sees its events and lists', async (t) => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  assert.ok(example.trim().split('\n').length <= 12, 'about ten lines')
  const program = example.replace(/from '(orion[^']*)'/g, (_, name: string) => {
    assert.ok(sourceOf[name], `an export of this package: ${name}`)
    return `from '${sourceOf[name]}'`
  })
  const place = makePlace(t)
  const path = join(place.directory, 'client.mts')
  writeFileSync(path, program)
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path], {
    env: place.env,
    cwd: place.directory,
  })
  t.after(() => child.kill('SIGKILL'))
  const { code, stdout, stderr } = await ended(child)
  assert.equal(code, 0, stderr)
  const lines = stdout.trim().split('\n')
  assert.ok(lines.includes('OrionInsight.created 1 owner'), stdout)
  assert.ok(lines.includes('flaky on Mondays'), stdout)
})
