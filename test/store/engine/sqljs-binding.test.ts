import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { EngineError } from '../../../daemon/store/engine/engine.ts'
import { nodeHostIo } from '../../../daemon/store/engine/host-io.ts'
import { loadSqlJsBinding } from '../../../daemon/store/engine/sqljs-binding.ts'
import { wasmBindingConformance } from '../../conformance/wasm-binding.ts'
import { temporaryDirectory } from './temporary-directory.ts'

wasmBindingConformance(loadSqlJsBinding)

const script = createRequire(import.meta.url).resolve('sql.js')

test('a sql.js that is built otherwise is refused, and the message says what to do', async (t) => {
  const dist = join(temporaryDirectory(t), 'dist')
  mkdirSync(dist)
  writeFileSync(join(dist, '..', 'package.json'), '{"version":"9.9.9"}')
  copyFileSync(script, join(dist, 'sql-wasm.js'))
  const wasm = readFileSync(script.replace(/\.js$/, '.wasm'))
  const name = wasm.indexOf('\0unix\0')
  assert.ok(name > 0)
  wasm.write('vfs9', name + 1, 'latin1')
  writeFileSync(join(dist, 'sql-wasm.wasm'), wasm)
  await assert.rejects(
    loadSqlJsBinding(nodeHostIo, join(dist, 'sql-wasm.js')),
    (error: unknown) => {
      assert.ok(error instanceof EngineError)
      assert.equal(
        error.message,
        "sql.js 9.9.9 can't be put on the host's file system: " +
          'sqlite3_vfs: expected zName "unix", found "vfs9"; known to work is sql.js 1.16.0',
      )
      return true
    },
  )
})

test('a script that is not sql.js is refused', async (t) => {
  const directory = temporaryDirectory(t)
  copyFileSync(script.replace(/\.js$/, '.wasm'), join(directory, 'other.wasm'))
  for (const text of ['module.exports = 7', 'module.exports = async () => ({})', 'syntax error']) {
    writeFileSync(join(directory, 'other.js'), text)
    await assert.rejects(loadSqlJsBinding(nodeHostIo, join(directory, 'other.js')), /known to work/)
  }
})
