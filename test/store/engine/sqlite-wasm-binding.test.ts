import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EngineError } from '../../../daemon/store/engine/engine.ts'
import { nodeHostIo } from '../../../daemon/store/engine/host-io.ts'
import { loadSqliteWasmBinding } from '../../../daemon/store/engine/sqlite-wasm-binding.ts'
import { wasmBindingConformance } from '../../conformance/wasm-binding.ts'
import { temporaryDirectory } from './temporary-directory.ts'

wasmBindingConformance(loadSqliteWasmBinding)

const installed = createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm')
const wasm = join(dirname(installed), 'sqlite3.wasm')

/** A package that a test may change. */
function copyOfPackage(t: TestContext): { readonly module: string; readonly wasm: string } {
  const dist = join(temporaryDirectory(t), 'dist')
  mkdirSync(dist)
  writeFileSync(join(dist, '..', 'package.json'), '{"version":"9.9.9"}')
  const copy = { module: join(dist, 'node.mjs'), wasm: join(dist, 'sqlite3.wasm') }
  copyFileSync(installed, copy.module)
  copyFileSync(wasm, copy.wasm)
  return copy
}

test('a package that is built otherwise is refused, and the message says what to do', async (t) => {
  const copy = copyOfPackage(t)
  const bytes = readFileSync(wasm)
  const name = bytes.indexOf('\0unix-none\0')
  assert.ok(name > 0)
  bytes.write('vfs9-none', name + 1, 'latin1')
  writeFileSync(copy.wasm, bytes)
  await assert.rejects(loadSqliteWasmBinding(nodeHostIo, copy.module), (error: unknown) => {
    assert.ok(error instanceof EngineError)
    assert.equal(
      error.message,
      "@sqlite.org/sqlite-wasm 9.9.9 can't be put on the host's file system: " +
        'sqlite3_vfs: expected zName "unix-none", found "vfs9-none"; ' +
        'known to work is @sqlite.org/sqlite-wasm 3.54.1-build1',
    )
    return true
  })
})

const strangers: readonly (readonly [text: string, says: RegExp])[] = [
  ['export default 7', /expected its default export to load it/],
  ['export default async () => ({})', /expected the function sqlite3_malloc/],
  ['export default async () => { throw new Error("not today") }', /not today/],
  ['syntax error', /known to work/],
]
for (const [text, says] of strangers) {
  test(`a module that is ${text} is refused`, async (t) => {
    const copy = copyOfPackage(t)
    writeFileSync(copy.module, text)
    const loading = loadSqliteWasmBinding(nodeHostIo, copy.module)
    await assert.rejects(
      loading,
      (error) => error instanceof EngineError && says.test(error.message),
    )
  })
}

test('who opens a store with sql.js loads nothing of the second engine', () => {
  const engine = new URL('../../../daemon/chosen-engine.ts', import.meta.url)
  const script = `
    const { loadChosenEngine } = await import(${JSON.stringify(engine.href)})
    const isLoaded = () => 'sqlite3InitModule' in globalThis
    const first = await loadChosenEngine('sql.js')
    const found = [first.name, isLoaded()]
    const second = await loadChosenEngine('sqlite-wasm')
    console.log(JSON.stringify([...found, second.name, isLoaded()]))`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: fileURLToPath(new URL('../../../', import.meta.url)), encoding: 'utf8' },
  )
  assert.equal(stderr, '')
  // The package leaves a name of its own in the global object.
  assert.deepEqual(JSON.parse(stdout), ['sql.js', false, 'sqlite-wasm', true])
})
