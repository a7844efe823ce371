import type { VfsMethodIndexes, VfsMethods } from './host-vfs.ts'
import type { WasmMemory } from './wasm-memory.ts'

/**
 * Places of the members of `struct sqlite3_vfs` in 32-bit words. sqlite3.h promises this order for
 * version 3.
 */
const slot = {
  iVersion: 0,
  szOsFile: 1,
  mxPathname: 2,
  zName: 4,
  xOpen: 6,
  xDelete: 7,
  xAccess: 8,
  xFullPathname: 9,
} as const

const expected = { version: 3, pathBytesMax: 512 } as const

/**
 * The default VFS of a loaded build, found in its memory and checked member by member.
 *
 * A build that has something else at that address would be corrupted by writing there, so everything that can be
 * compared is.
 */
export class VfsLayout {
  readonly #memory: WasmMemory
  readonly #struct: number
  readonly #table: FunctionTable

  /**
   * @param found - Where the VFS should be, and what it should be called.
   * @throws Error that says what was expected and what was found.
   */
  constructor(
    memory: WasmMemory,
    table: FunctionTable,
    found: { readonly struct: number; readonly name: string },
  ) {
    this.#memory = memory
    this.#table = table
    this.#struct = found.struct
    this.#check(found.name)
  }

  /** The methods that are in it now. */
  get methods(): VfsMethods {
    return {
      xOpen: this.#function('xOpen'),
      xDelete: this.#function('xDelete'),
      xAccess: this.#function('xAccess'),
      xFullPathname: this.#function('xFullPathname'),
    }
  }

  /** Puts other methods in their place, for every connection opened from now on. */
  replace(indexes: VfsMethodIndexes): void {
    for (const name of methodNames) this.#memory.writeWord(this.#address(name), indexes[name])
  }

  #check(expectedName: string): void {
    const room = this.#memory.bytes.length - 4 * (slot.xFullPathname + 1)
    if (this.#struct <= 0 || this.#struct % 4 !== 0 || this.#struct > room) {
      throw mismatch('a pointer to a sqlite3_vfs', this.#struct)
    }
    this.#expect('iVersion', expected.version)
    this.#expect('mxPathname', expected.pathBytesMax)
    if (this.#word('szOsFile') < 4) throw mismatch('szOsFile of at least 4', this.#word('szOsFile'))
    const name = this.#memory.readText(this.#word('zName')).slice(0, 40)
    if (name !== expectedName) throw mismatch(`zName "${expectedName}"`, `"${name}"`)
    for (const method of methodNames) this.#function(method)
  }

  #expect(member: 'iVersion' | 'mxPathname', value: number): void {
    if (this.#word(member) !== value) throw mismatch(`${member} ${value}`, this.#word(member))
  }

  #function(name: keyof VfsMethods): TableFunction {
    const index = this.#word(name)
    const entry = index > 0 && index < this.#table.length ? this.#table.get(index) : null
    if (entry === null) throw mismatch(`${name} to be a function`, `table index ${index}`)
    return entry
  }

  #word(member: keyof typeof slot): number {
    return this.#memory.readWord(this.#address(member))
  }

  #address(member: keyof typeof slot): number {
    return this.#struct + 4 * slot[member]
  }
}

/** The part of `WebAssembly.Table` that is needed. */
export interface FunctionTable {
  readonly length: number
  get(index: number): TableFunction | null
}

type TableFunction = (...values: number[]) => number

const methodNames = ['xOpen', 'xDelete', 'xAccess', 'xFullPathname'] as const

function mismatch(wanted: string, found: number | string): Error {
  return new Error(`sqlite3_vfs: expected ${wanted}, found ${found}`)
}
