import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { EngineError } from './engine.ts'
import { type HostIo, hostErrorCode } from './host-io.ts'
import { versionBeside } from './package-version.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import { ResultCode } from './sqlite-codes.ts'
import type { FunctionTable } from './vfs-layout.ts'
import { builtOtherwise, standOnHost, type WasmBuild } from './wasm-build.ts'
import { type LinearMemory, WasmMemory } from './wasm-memory.ts'

/** The package, and the version of it that was tested. */
export const sqliteWasmPackage = {
  name: '@sqlite.org/sqlite-wasm',
  knownToWork: '3.54.1-build1',
} as const

/**
 * Loads @sqlite.org/sqlite-wasm and puts it on a `HostVfs`. The only file that knows that package, and it loads
 * the package at the first call, not before.
 *
 * Of the package we use its loader, the raw exports of the WebAssembly module, and the helpers that reach its
 * memory and its function table. Its own JavaScript interface stays aside: it costs several times what a statement
 * does.
 *
 * Each call loads an instance of its own.
 *
 * @param file - The package's module for Node, with `sqlite3.wasm` beside it; the installed one if left out.
 * @throws EngineError `misuse` if the package is not installed, or not built as this file expects.
 */
export async function loadSqliteWasmBinding(
  io: HostIo,
  file: string = installedFile(),
): Promise<SqliteBinding> {
  try {
    return standOnHost(buildOf(await instantiate(file)), io)
  } catch (cause) {
    throw builtOtherwise({ ...sqliteWasmPackage, version: versionBeside(file) }, cause)
  }
}

function installedFile(): string {
  const { name } = sqliteWasmPackage
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw new EngineError('misuse', ResultCode.misuse, `${name} is not installed`, cause)
  }
}

/**
 * Instantiates synchronously: an asynchronous instantiation with nothing else alive can hang Node 20 at its exit.
 */
async function instantiate(file: string): Promise<SqliteWasm> {
  const compiled = new WebAssembly.Module(
    readFileSync(path.join(path.dirname(file), 'sqlite3.wasm')),
  )
  const loaded = await load(file)
  const initialise = memberOf(loaded, 'default')
  if (typeof initialise !== 'function') throw new Error('expected its default export to load it')
  const sqlite3: unknown = await initialise({
    // Stdout may carry the protocol.
    print: () => undefined,
    printErr: () => undefined,
    instantiateWasm(imports: object, onReady: (instance: object, module: object) => void): object {
      const instance = new WebAssembly.Instance(compiled, imports)
      onReady(instance, compiled)
      return instance.exports
    },
  })
  return parseSqliteWasm(memberOf(sqlite3, 'wasm'))
}

/**
 * The package is an ECMAScript module. On Node 20 the built program runs from kept code, which can't import (see
 * `bin/load-program.cjs`), but a `require` of the package's own can load it.
 */
async function load(file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    if (hostErrorCode(error) !== 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING') throw error
    return createRequire(file)(file)
  }
}

function buildOf({ exports, memory, table, installFunction }: SqliteWasm): WasmBuild {
  return {
    memory,
    table,
    vfsName: 'unix-none',
    exported: (name) => exports[name],
    allocate: (bytes) => exports.sqlite3_malloc(bytes),
    free: (pointer) => exports.sqlite3_free(pointer),
    addFunction: (callback, signature) => installFunction(signature, callback),
    findVfs: () => exports.sqlite3_vfs_find(0),
    bindPointer: (statement, index, pointer, zType) =>
      exports.sqlite3_bind_pointer(statement, index, pointer, zType, 0),
  }
}

/** What we use of the package. */
interface SqliteWasm {
  readonly exports: SqliteWasmExports
  readonly memory: WasmMemory
  readonly table: FunctionTable
  readonly installFunction: (signature: string, callback: (...values: never[]) => number) => number
}

/** The raw exports that we call ourselves, beside those of `RawApi`. */
interface SqliteWasmExports {
  readonly [name: string]: unknown
  sqlite3_malloc(bytes: number): number
  sqlite3_free(pointer: number): void
  /** The default VFS, for a name that is NULL. */
  sqlite3_vfs_find(zName: number): number
  sqlite3_bind_pointer(
    statement: number,
    index: number,
    pointer: number,
    zType: number,
    destructor: number,
  ): number
}

const neededExports = [
  'sqlite3_malloc',
  'sqlite3_free',
  'sqlite3_vfs_find',
  'sqlite3_bind_pointer',
] as const

function parseSqliteWasm(wasm: unknown): SqliteWasm {
  const exports = memberOf(wasm, 'exports')
  for (const name of neededExports) {
    if (typeof memberOf(exports, name) !== 'function') {
      throw new Error(`expected the function ${name}`)
    }
  }
  const memory = memberOf(wasm, 'memory')
  const functionTable = memberOf(wasm, 'functionTable')
  const table: unknown = typeof functionTable === 'function' ? functionTable() : undefined
  const installFunction = memberOf(wasm, 'installFunction')
  if (!(memory instanceof WebAssembly.Memory) || !(table instanceof WebAssembly.Table)) {
    throw new Error('expected a memory and a function table')
  }
  if (typeof installFunction !== 'function') throw new Error('expected wasm.installFunction')
  return {
    exports: exports as SqliteWasmExports,
    memory: new WasmMemory(memory as LinearMemory),
    table: table as FunctionTable,
    installFunction: installFunction as SqliteWasm['installFunction'],
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
