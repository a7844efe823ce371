import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { compileFunction } from 'node:vm'
import { EngineError } from './engine.ts'
import type { HostIo } from './host-io.ts'
import { HostVfs } from './host-vfs.ts'
import { readSqliteVersion, withMemoryDatabase } from './memory-database.ts'
import { type RawApi, rawFunctionNames } from './raw-api.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import { ResultCode } from './sqlite-codes.ts'
import { type FunctionTable, VfsLayout } from './vfs-layout.ts'
import { type LinearMemory, WasmMemory } from './wasm-memory.ts'
import type { WasmRuntime } from './wasm-runtime.ts'
import { keepWasmCallsWhole } from './whole-wasm-calls.ts'

const knownToWork = 'sql.js 1.16.0'

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
  keepWasmCallsWhole()
  try {
    return bind(await instantiate(file), io)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new EngineError(
      'misuse',
      ResultCode.misuse,
      `sql.js ${versionOf(file)} can't be put on the host's file system: ${message}; ` +
        `known to work is ${knownToWork}`,
      cause,
    )
  }
}

function bind({ module, memory, table }: SqlJs, io: HostIo): SqliteBinding {
  const runtime: WasmRuntime = {
    memory,
    allocate: (bytes) => module._malloc(bytes) >>> 0,
    free: (pointer) => module._free(pointer),
    addFunction: (callback, signature) =>
      module.addFunction(
        signature === 'iiiij'
          ? (a: number, b: number, c: number, d: bigint) => callback(a, b, c, Number(d), 0)
          : signature === 'iij'
            ? (a: number, b: bigint) => callback(a, Number(b), 0, 0, 0)
            : callback,
        signature,
      ),
  }
  const api = parseRawApi(module)
  const vfs = new HostVfs(io)
  const sqliteVersion = withMemoryDatabase({ api, runtime }, (database) => {
    const layout = new VfsLayout(memory, table, database)
    layout.replace(vfs.install(runtime, layout.methods))
    return readSqliteVersion({ api, runtime }, database)
  })
  return { api, runtime, io, vfs, sqliteVersion }
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
  // biome-ignore lint/complexity/noBannedTypes: Emscripten takes any function whose shape its signature tells.
  addFunction(callback: Function, signature: string): number
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

function parseRawApi(module: object): RawApi {
  const functions = module as Record<string, unknown>
  const api: Record<string, unknown> = {}
  for (const name of rawFunctionNames) {
    const exported = functions[`_sqlite3_${name}`]
    if (typeof exported !== 'function') throw new Error(`expected the function _sqlite3_${name}`)
    api[name] = exported
  }
  return api as object as RawApi
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

/** The version as package.json says, for messages alone. */
function versionOf(file: string): string {
  try {
    const text = readFileSync(path.join(path.dirname(file), '..', 'package.json'), 'utf8')
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && 'version' in parsed
      ? String(parsed.version)
      : 'of unknown version'
  } catch {
    return 'of unknown version' // Without package.json the rest of the message still helps.
  }
}
