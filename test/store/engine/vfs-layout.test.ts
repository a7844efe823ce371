import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FunctionTable, VfsLayout } from '../../../daemon/store/engine/vfs-layout.ts'
import { WasmMemory } from '../../../daemon/store/engine/wasm-memory.ts'

/** A VFS at 128, written by hand. */
const sound = { struct: 128, iVersion: 3, szOsFile: 56, mxPathname: 512, zName: 256, method: 1 }

const layouts: readonly { readonly wrong: Partial<typeof sound>; readonly message: RegExp }[] = [
  { wrong: {}, message: /^sound$/ },
  { wrong: { struct: 0 }, message: /expected a pointer to a sqlite3_vfs, found 0/ },
  { wrong: { struct: 130 }, message: /expected a pointer/ },
  { wrong: { struct: 70_000 }, message: /expected a pointer/ },
  { wrong: { struct: -4 }, message: /expected a pointer/ },
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
    const vfs = { ...sound, ...wrong }
    const { memory, table } = handWritten(vfs)
    const outcome = (): string => {
      try {
        return new VfsLayout(memory, table, { struct: vfs.struct, name: 'unix' }) && 'sound'
      } catch (error) {
        return String(error)
      }
    }
    assert.match(outcome(), message)
  })
}

function handWritten(vfs: typeof sound): { memory: WasmMemory; table: FunctionTable } {
  const memory = new WasmMemory({ buffer: new ArrayBuffer(65_536) })
  const words = [vfs.iVersion, vfs.szOsFile, vfs.mxPathname, 0, vfs.zName, 0]
  const methods = [vfs.method, vfs.method, vfs.method, vfs.method]
  for (const [index, word] of [...words, ...methods].entries()) {
    memory.writeWord(128 + 4 * index, word)
  }
  memory.bytes.write('unix\0', 256, 'latin1')
  const entries = [null, () => 0, null]
  return { memory, table: { length: entries.length, get: (index) => entries[index] ?? null } }
}
