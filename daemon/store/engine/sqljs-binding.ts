import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { compileFunction } from 'node:vm'
import type { HostIo } from './host-io.ts'
import { versionBeside } from './package-version.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import type { FunctionTable } from './vfs-layout.ts'
import { builtOtherwise, standOnHost, type WasmBuild } from './wasm-build.ts'
import { type LinearMemory, WasmMemory } from './wasm-memory.ts'

const knownToWork = '1.16.0'

/**
 * Loads sql.js and puts it on a `HostVfs`. The only file that knows sql.js.
 *
 * sql.js as published keeps its files in memory and can't be told otherwise. But it exports
 * SQLite's C functions and `addFunction`, and Emscripten's documented `instantiateWasm` hook gives
 * us its memory and its function table. So we look up the `sqlite3_vfs` it uses and put our methods
 * into it; files with other names still go to its own.
 *
 * Each call loads an instance of its own, which shares nothing with others or with the program's
 * own use of sql.js.
 *
 * @param file - The script of sql.js, with its `.wasm` beside it; the installed one if left out.
 * @throws EngineError `misuse` if the installed sql.js is not built as this file expects.
 */
export async function loadSqlJsBinding(
  io: HostIo,
  file = createRequire(import.meta.url).resolve('sql.js'),
): Promise<SqliteBinding> {
  try {
    return standOnHost(buildOf(await instantiate(file)), io)
  } catch (cause) {
    throw builtOtherwise({ name: 'sql.js', version: versionBeside(file), knownToWork }, cause)
  }
}

function buildOf({ module, memory, table }: SqlJs): WasmBuild {
  const functions = module as object as Record<string, unknown>
  return {
    memory,
    table,
    vfsName: 'unix',
    exported: (name) => functions[`_${name}`],
    allocate: (bytes) => module._malloc(bytes),
    free: (pointer) => module._free(pointer),
    addFunction: (callback, signature) => module.addFunction(callback, signature),
    // It does not export `sqlite3_vfs_find`. That a `sqlite3` starts with a pointer to its VFS is the one thing here
    // that sqlite3.h does not promise; what is found there is checked before anything is written.
    findVfs: (database) => memory.readWord(database),
  }
}

/**
 * Evaluates sql.js anew, because it remembers one instance for ever, and instantiates it
 * synchronously: an asynchronous instantiation with nothing else alive can hang Node 20 at its
 * exit.
 */
async function instantiate(file: string): Promise<SqlJs> {
  const module = { exports: {} }
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname']
  const evaluate = compileFunction(readFileSync(file, 'utf8'), parameters, { filename: file })
  evaluate(module.exports, createRequire(file), module, file, path.dirname(file))
  const compiled = new WebAssembly.Module(readFileSync(file.replace(/\.js$/, '.wasm')))
  let wasmExports: object = {}
  const initialise = parseFunction(module.exports, 'sql.js')
  const loaded = await initialise({
    instantiateWasm(imports: object, onReady: (instance: object, module: object) => void): object {
      const instance = new WebAssembly.Instance(compiled, imports)
      wasmExports = instance.exports
      onReady(instance, compiled)
      return wasmExports
    },
  })
  return { module: parseModule(loaded), ...parseWasmExports(wasmExports) }
}

interface SqlJs {
  readonly module: SqlJsModule
  readonly memory: WasmMemory
  readonly table: FunctionTable
}

/** What we use of the Emscripten module, besides the `_sqlite3_` functions. */
interface SqlJsModule {
  _malloc(bytes: number): number
  _free(pointer: number): void
  addFunction(callback: (...values: never[]) => number, signature: string): number
}

function parseFunction(value: unknown, what: string): (config: object) => Promise<unknown> {
  if (typeof value !== 'function') throw new Error(`expected ${what} to export a function`)
  return value as (config: object) => Promise<unknown>
}

function parseModule(value: unknown): SqlJsModule {
  const module = value as Record<string, unknown>
  for (const name of ['_malloc', '_free', 'addFunction']) {
    if (typeof module[name] !== 'function') throw new Error(`expected the function ${name}`)
  }
  return value as SqlJsModule
}

/**
 * Finds the memory and the table by what they are: a release build gives its exports names like `O`
 * and `Q`.
 */
function parseWasmExports(exports: object): { memory: WasmMemory; table: FunctionTable } {
  const values: unknown[] = Object.values(exports)
  const memory = values.find((value) => value instanceof WebAssembly.Memory)
  const table = values.find((value) => value instanceof WebAssembly.Table)
  if (memory === undefined || table === undefined) {
    throw new Error('expected an exported memory and an exported function table')
  }
  return { memory: new WasmMemory(memory as LinearMemory), table: table as FunctionTable }
}
