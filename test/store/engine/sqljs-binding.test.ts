import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { EngineError } from '../../../daemon/store/engine/engine.ts'
import { nodeHostIo } from '../../../daemon/store/engine/host-io.ts'
import { loadSqlJsBinding } from '../../../daemon/store/engine/sqljs-binding.ts'
import { loadSqlJsEngine } from '../../../daemon/store/engine/sqljs-engine.ts'
import { type FunctionTable, VfsLayout } from '../../../daemon/store/engine/vfs-layout.ts'
import { WasmEngine } from '../../../daemon/store/engine/wasm-engine.ts'
import { WasmMemory } from '../../../daemon/store/engine/wasm-memory.ts'
import { groupedOptions } from '../../conformance/engine-suite.ts'
import { temporaryDirectory } from './temporary-directory.ts'

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

/** A `sqlite3` at 64 whose VFS is at 128, written by hand. */
const sound = { pointer: 128, iVersion: 3, szOsFile: 56, mxPathname: 512, zName: 256, method: 1 }

const layouts: readonly { readonly wrong: Partial<typeof sound>; readonly message: RegExp }[] = [
  { wrong: {}, message: /^sound$/ },
  { wrong: { pointer: 0 }, message: /expected a pointer to sqlite3_vfs first in sqlite3, found 0/ },
  { wrong: { pointer: 130 }, message: /expected a pointer/ },
  { wrong: { pointer: 70_000 }, message: /expected a pointer/ },
  { wrong: { pointer: -4 }, message: /expected a pointer/ },
  { wrong: { iVersion: 4 }, message: /expected iVersion 3, found 4/ },
  { wrong: { szOsFile: 0 }, message: /expected szOsFile of at least 4, found 0/ },
  { wrong: { mxPathname: 1024 }, message: /expected mxPathname 512, found 1024/ },
  { wrong: { zName: 300 }, message: /expected zName "unix", found ""/ },
  { wrong: { zName: 900_000 }, message: /expected zName "unix", found ""/ },
  { wrong: { method: 0 }, message: /expected xOpen to be a function, found table index 0/ },
  { wrong: { method: 5 }, message: /expected xOpen to be a function, found table index 5/ },
  { wrong: { method: 2 }, message: /expected xOpen to be a function, found table index 2/ },
]
for (const { wrong, message } of layouts) {
  test(`a layout with ${JSON.stringify(wrong)} is told: ${message.source}`, () => {
    const { memory, table } = handWritten({ ...sound, ...wrong })
    const outcome = (): string => {
      try {
        return new VfsLayout(memory, table, 64) && 'sound'
      } catch (error) {
        return String(error)
      }
    }
    assert.match(outcome(), message)
  })
}

test('two loaded engines do not know of each other', async (t) => {
  const directory = temporaryDirectory(t)
  const [one, two] = [await loadSqlJsEngine(), await loadSqlJsEngine()]
  const a = one.open(join(directory, 'a.db'), groupedOptions)
  const b = two.open(join(directory, 'b.db'), groupedOptions)
  for (const [connection, value] of [
    [a, 1],
    [b, 2],
  ] as const) {
    connection.exec('CREATE TABLE t (v)')
    connection.prepare('INSERT INTO t VALUES (?)').run([value])
  }
  await Promise.all([a.sync(), b.sync()])
  assert.deepEqual(a.prepare('SELECT v FROM t').all(), [{ v: 1 }])
  assert.deepEqual(b.prepare('SELECT v FROM t').all(), [{ v: 2 }])
  a.close()
  b.close()
  const swapped = two.open(join(directory, 'a.db'), groupedOptions)
  assert.deepEqual(swapped.prepare('SELECT v FROM t').all(), [{ v: 1 }])
  swapped.close()
})

test('two hundred openings leave no descriptor and no memory behind', async (t) => {
  const directory = temporaryDirectory(t)
  const binding = await loadSqlJsBinding(nodeHostIo)
  const engine = new WasmEngine(binding, { name: 'sql.js', fullText: 'fts4' })
  const cycle = async (i: number): Promise<void> => {
    const connection = engine.open(join(directory, `${i % 3}.db`), {
      ...groupedOptions,
      syncMode: 'off',
    })
    connection.exec('CREATE TABLE IF NOT EXISTS t (v)')
    connection.prepare('INSERT INTO t VALUES (?)').run(['x'.repeat(100_000)])
    assert.throws(() => connection.prepare('SELECT nobody'))
    connection.prepare('SELECT v FROM t LIMIT 3').all()
    if (i % 20 === 0) await connection.backup(join(directory, 'copy.db'), { pagesPerStep: 1000 })
    connection.close()
    assert.throws(() => engine.open(join(directory, 'no', 'x.db'), groupedOptions))
  }
  for (let i = 0; i < 20; i += 1) await cycle(i)
  const before = { descriptors: openDescriptors(), memory: binding.runtime.memory.bytes.length }
  for (let i = 0; i < 200; i += 1) await cycle(i)
  const after = { descriptors: openDescriptors(), memory: binding.runtime.memory.bytes.length }
  assert.deepEqual(after, before)
})

test('a cached statement does not keep the megabytes it was run with', async (t) => {
  const binding = await loadSqlJsBinding(nodeHostIo)
  const engine = new WasmEngine(binding, { name: 'sql.js', fullText: 'fts4' })
  const connection = engine.open(join(temporaryDirectory(t), 'test.db'), groupedOptions)
  const large = 'x'.repeat(8 << 20)
  for (let i = 0; i < groupedOptions.statementsMax; i += 1) {
    connection.prepare(`SELECT ${i}, length(?) AS n`).get([large])
  }
  const { length } = binding.runtime.memory.bytes
  assert.ok(length < 5 * large.length, `${length >> 20} MiB`)
  connection.close()
})

function handWritten(vfs: typeof sound): { memory: WasmMemory; table: FunctionTable } {
  const memory = new WasmMemory({ buffer: new ArrayBuffer(65_536) })
  memory.writeWord(64, vfs.pointer)
  const words = [vfs.iVersion, vfs.szOsFile, vfs.mxPathname, 0, vfs.zName, 0]
  const methods = [vfs.method, vfs.method, vfs.method, vfs.method]
  for (const [index, word] of [...words, ...methods].entries()) {
    memory.writeWord(128 + 4 * index, word)
  }
  memory.bytes.write('unix\0', 256, 'latin1')
  const entries = [null, () => 0, null]
  return { memory, table: { length: entries.length, get: (index) => entries[index] ?? null } }
}

/** How many files this process has open; always the same where the system does not tell. */
function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
