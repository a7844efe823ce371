import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { engineNames } from '../../../daemon/store/engine/load-engine.ts'
import { compilesWasmCallsWrongly } from '../../../daemon/store/engine/whole-wasm-calls.ts'
import { temporaryDirectory } from './temporary-directory.ts'

for (const engine of engineNames) {
  test(`a process that binds texts, bytes and numbers on ${engine} lives on when V8 has compiled the way there`, (t) => {
    const child = fileURLToPath(new URL('./hot-values-child.ts', import.meta.url))
    const file = join(temporaryDirectory(t), 'hot.db')
    const { status, signal, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), child, file],
      { encoding: 'utf8', timeout: 120_000, env: { ...process.env, ORION_ENGINE: engine } },
    )
    const stdoutExpected = '60000 came back as they went\n'
    assert.deepEqual(
      { status, signal, stdout, stderr },
      { status: 0, signal: null, stdout: stdoutExpected, stderr: '' },
    )
  })
}

for (const [version, isWrong] of [
  ['11.3.244.8-node.38', true],
  ['10.2.154.26-node.37', true],
  ['11.8.172.17-node.20', false],
  ['12.4.254.21-node.33', false],
  ['13.6.233.10-node.28', false],
] as const) {
  test(`V8 ${version} compiles calls of WebAssembly ${isWrong ? 'wrongly' : 'rightly'}`, () => {
    assert.equal(compilesWasmCallsWrongly(version), isWrong)
  })
}
