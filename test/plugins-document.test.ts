/** docs/plugins.md: its steps are run, and its sources are those that are tested. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ended, linesOf, makePlace, type Place, program, until } from './cli/orion-process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const document = readFileSync(join(root, 'docs/plugins.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, text = '']) => text,
  )

test('the steps of docs/plugins.md lead a newcomer to a plugin that is tested and runs', {
  timeout: 300_000,
}, async (t) => {
  const [make = '', use = '', look = '', ...others] = blocks('sh')
  assert.deepEqual(others, [], 'every block of commands is run here')
  const place = installedPlace(t)

  const made = await shell(place, make, place.directory)
  assert.match(made, /Made package\.json, .* in .*my-first/)
  assert.match(made, /\bpass 1\n/)

  assert.match(blocks('console').join(''), /^\$ orion plugin dev --throwaway$/m)
  const directory = join(place.directory, 'my-first')
  const child = place.start(['plugin', 'dev', '--throwaway', '--json'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = linesOf(child)
  const { store } = JSON.parse(await line())
  assert.equal(typeof store, 'string')
  await told(line, ({ news, state }) => news === 'loaded' && state === 'running')

  assert.match(await shell(place, use, directory, { ORION_STORE: store }), /three little words/)
  await told(line, ({ news, line: text }) => news === 'log' && /counted a note/.test(text ?? ''))
  assert.match(await shell(place, look, directory, { ORION_STORE: store }), /notes\s+1/)
  const over = ended(child)
  child.kill('SIGINT')
  assert.equal((await over).code, 0)
  await until(() => place.daemons().length === 0)
})

test('the sources of docs/plugins.md are those that are tested', () => {
  const sources = ['reviews.ts', 'clock.test.ts'].map((name) =>
    readFileSync(join(root, 'test/plugins/document', name), 'utf8')
      .replaceAll("'../../../daemon/testing/index.ts'", "'orion/sdk/testing'")
      .replaceAll("'../../../sdk/index.ts'", "'orion/sdk'"),
  )
  assert.deepEqual(blocks('ts'), sources)
})

/** A place in which this checkout is installed as a package. */
function installedPlace(t: TestContext): Place {
  const place = makePlace(t)
  const above = dirname(place.directory)
  const installed = join(above, 'node_modules', 'orion')
  mkdirSync(installed, { recursive: true })
  const own = { './sdk': 'sdk/index.ts', './sdk/testing': 'daemon/testing/index.ts' }
  const exports = Object.fromEntries(
    Object.entries(own).map(([name, path]) => [name, `./checkout/${path}`]),
  )
  const manifest = { name: 'orion', type: 'module', exports }
  writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest))
  symlinkSync(root, join(installed, 'checkout'))
  symlinkSync(join(root, 'node_modules', 'tsx'), join(above, 'node_modules', 'tsx'))
  const bin = join(above, 'bin')
  mkdirSync(bin)
  const command = `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`
  writeFileSync(join(bin, 'orion'), command)
  chmodSync(join(bin, 'orion'), 0o755)
  return { ...place, env: { ...place.env, PATH: `${bin}${delimiter}${process.env.PATH}` } }
}

/** Runs commands as they stand; what they print. */
async function shell(place: Place, commands: string, cwd: string, env = {}): Promise<string> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd,
    env: { ...place.env, ...env, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { code, stdout, stderr } = await ended(child)
  assert.equal(code, 0, `${commands}\n${stdout}\n${stderr}`)
  return stdout
}

/** Reads what is told until it is what is waited for. */
async function told(
  line: () => Promise<string>,
  wanted: (news: { news: string; state?: string; line?: string }) => boolean,
): Promise<void> {
  while (!wanted(JSON.parse(await line())));
}
