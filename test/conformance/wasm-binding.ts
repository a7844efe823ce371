import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { nodeHostIo } from '../../daemon/store/engine/host-io.ts'
import type { SqliteBinding } from '../../daemon/store/engine/sqlite-binding.ts'
import { WasmEngine } from '../../daemon/store/engine/wasm-engine.ts'
import { temporaryDirectory } from '../store/engine/temporary-directory.ts'
import { groupedOptions } from './engine-suite.ts'

/** What every WebAssembly build on our VFS must do beside what every engine must: keep to itself, and leave nothing. */
export function wasmBindingConformance(
  loadBinding: (io: typeof nodeHostIo) => Promise<SqliteBinding>,
): void {
  const load = async () => {
    const binding = await loadBinding(nodeHostIo)
    return { binding, engine: new WasmEngine(binding, { name: 'tested', fullText: 'fts4' }) }
  }

  test('two loaded engines do not know of each other', async (t) => {
    const directory = temporaryDirectory(t)
    const [one, two] = [await load(), await load()]
    const a = one.engine.open(join(directory, 'a.db'), groupedOptions)
    const b = two.engine.open(join(directory, 'b.db'), groupedOptions)
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
    const swapped = two.engine.open(join(directory, 'a.db'), groupedOptions)
    assert.deepEqual(swapped.prepare('SELECT v FROM t').all(), [{ v: 1 }])
    swapped.close()
  })

  test('two hundred openings leave no descriptor and no memory behind', async (t) => {
    const directory = temporaryDirectory(t)
    const { binding, engine } = await load()
    const cycle = async (i: number): Promise<void> => {
      const connection = engine.open(join(directory, `${i % 3}.db`), {
        ...groupedOptions,
        syncMode: 'off',
      })
      // The files do not grow, so that nothing else has a reason to.
      connection.exec('CREATE TABLE IF NOT EXISTS t (v); DELETE FROM t')
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
    const { binding, engine } = await load()
    const connection = engine.open(join(temporaryDirectory(t), 'test.db'), groupedOptions)
    const large = 'x'.repeat(8 << 20)
    for (let i = 0; i < groupedOptions.statementsMax; i += 1) {
      connection.prepare(`SELECT ${i}, length(?) AS n`).get([large])
    }
    const { length } = binding.runtime.memory.bytes
    assert.ok(length < 5 * large.length, `${length >> 20} MiB`)
    connection.close()
  })
}

/** How many files this process has open; always the same where the system does not tell. */
function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
