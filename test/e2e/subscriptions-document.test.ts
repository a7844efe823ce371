/** The examples of docs/subscriptions.md are one program, from top to bottom: it compiles, and it runs. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { ended, makePlace } from '../cli/orion-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sourceOf: { readonly [specifier: string]: string } = {
  'orion/sdk': join(root, 'sdk/index.ts'),
  'orion/plugins/orion': join(root, 'plugins/orion/index.ts'),
}
const document = readFileSync(join(root, 'docs/subscriptions.md'), 'utf8')
const program = [...document.matchAll(/```ts\n(.*?)```/gs)]
  .map(([, block = '']) => block)
  .join('')
  .replace(/from '(orion[^']*)'/g, (_, name: string) => `from '${sourceOf[name] ?? name}'`)

/** What the compiler says of a program, under the settings of the project. */
function complaints(text: string): string[] {
  const path = join(root, 'docs', 'example.ts')
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  // The example names the sources by their paths, which nothing rewrites.
  const settings = {
    ...options,
    noEmit: true,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
  }
  const host = ts.createCompilerHost(settings)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => name === path || fileExists(name)
  host.getSourceFile = (name, version) =>
    name === path
      ? ts.createSourceFile(name, text, version, true)
      : getSourceFile.call(host, name, version)
  const checked = ts.createProgram([path], settings, host)
  return ts
    .getPreEmitDiagnostics(checked, checked.getSourceFile(path))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

test('the examples compile, and a wrong one would not', () => {
  assert.ok(program.includes('liveQuery'))
  assert.deepEqual(complaints(program), [])
  const wrong = complaints(program.replace("where: { domain: 'ci' }", 'where: { domian: 1 }'))
  assert.equal(wrong.length, 1)
})

test('the examples run to their end', async (t) => {
  const place = makePlace(t)
  const path = join(place.directory, 'example.mts')
  assert.equal(dirname(path), place.directory)
  writeFileSync(path, program)
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path], {
    env: place.env,
    cwd: place.directory,
  })
  t.after(() => child.kill('SIGKILL'))
  const { code, stdout, stderr } = await ended(child)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /slow on Mondays.*as of o1\./s)
  assert.match(stdout, /^\+1 ~0 -0$/m)
  assert.match(stdout, /slow on Mondays was there$/m)
  assert.match(stdout, /^SUCCESS$/m)
})
