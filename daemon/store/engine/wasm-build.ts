import { EngineError } from './engine.ts'
import { type Fts5Build, Fts5Hits } from './fts5-hits.ts'
import { HitCollector } from './hit-collector.ts'
import type { HostIo } from './host-io.ts'
import { HostVfs } from './host-vfs.ts'
import { readSqliteVersion, withMemoryDatabase } from './memory-database.ts'
import { type RawApi, rawFunctionNames } from './raw-api.ts'
import type { SqliteBinding } from './sqlite-binding.ts'
import { ResultCode } from './sqlite-codes.ts'
import { TextFunctions } from './text-functions.ts'
import { TimeBound } from './time-bound.ts'
import { type FunctionTable, VfsLayout } from './vfs-layout.ts'
import type { WasmMemory } from './wasm-memory.ts'
import type { WasmCallback, WasmRuntime } from './wasm-runtime.ts'
import { keepWasmCallsWhole } from './whole-wasm-calls.ts'

/**
 * A loaded WebAssembly build of SQLite that does not stand on the host's file system yet. Each package has a file
 * of its own that makes one.
 */
export interface WasmBuild {
  readonly memory: WasmMemory
  readonly table: FunctionTable
  /** Name of the VFS that it opens files with by default. */
  readonly vfsName: string
  /** One of SQLite's functions by its name in C, such as `sqlite3_open`; anything else if it has none. */
  exported(name: string): unknown
  /** Bytes from SQLite's own allocator; 0 if there are none left. */
  allocate(bytes: number): number
  free(pointer: number): void
  /** Puts a function into the table for good; where its signature has a `j` it is given a bigint. */
  addFunction(callback: (...values: never[]) => number, signature: string): number
  /**
   * Address of its default VFS.
   *
   * @param database - Address of an open `sqlite3`.
   */
  findVfs(database: number): number
  /** `sqlite3_bind_pointer` without a destructor, by which version 5 of the full-text module is reached. */
  readonly bindPointer?: Fts5Build['bindPointer']
}

/**
 * Puts a build on a `HostVfs`: our methods take the place of those of its default VFS, which keeps the files with
 * other names.
 *
 * @throws Error that says what was expected of the build and what was found.
 */
export function standOnHost(build: WasmBuild, io: HostIo): SqliteBinding {
  keepWasmCallsWhole()
  const { memory } = build
  const runtime: WasmRuntime = {
    memory,
    allocate: (bytes) => build.allocate(bytes) >>> 0,
    free: (pointer) => build.free(pointer),
    addFunction: (callback, signature) =>
      build.addFunction(withNumbers(callback, signature), signature),
  }
  const api = parseRawApi(build)
  const vfs = new HostVfs(io)
  const sqliteVersion = withMemoryDatabase({ api, runtime }, (database) => {
    const found = { struct: build.findVfs(database), name: build.vfsName }
    const layout = new VfsLayout(memory, build.table, found)
    layout.replace(vfs.install(runtime, layout.methods))
    return readSqliteVersion({ api, runtime }, database)
  })
  const timeBound = new TimeBound(api, runtime)
  const hits = new HitCollector(api, runtime)
  const texts = new TextFunctions(api, runtime)
  const installFullText = fullTextOf(build, { api, runtime, hits })
  return { api, runtime, io, vfs, timeBound, hits, texts, installFullText, sqliteVersion }
}

function fullTextOf(
  { bindPointer, table }: WasmBuild,
  { api, runtime, hits }: Pick<SqliteBinding, 'api' | 'runtime' | 'hits'>,
): (database: number) => number {
  if (bindPointer === undefined) return (database) => hits.install(database)
  const counted = new Fts5Hits({ api, runtime, table, bindPointer }, hits)
  return (database) => counted.install(database)
}

/** The error for a package that is not built as its file expects. */
export function builtOtherwise(
  found: { readonly name: string; readonly version: string; readonly knownToWork: string },
  cause: unknown,
): EngineError {
  const { name, version, knownToWork } = found
  const message = cause instanceof Error ? cause.message : String(cause)
  return new EngineError(
    'misuse',
    ResultCode.misuse,
    `${name} ${version} can't be put on the host's file system: ${message}; ` +
      `known to work is ${name} ${knownToWork}`,
    cause,
  )
}

/** Turns the file positions that SQLite gives as 64-bit integers into numbers. */
function withNumbers(callback: WasmCallback, signature: string): (...values: never[]) => number {
  if (signature === 'iiiij') {
    return (a: number, b: number, c: number, d: bigint) => callback(a, b, c, Number(d), 0)
  }
  if (signature === 'iij') return (a: number, b: bigint) => callback(a, Number(b), 0, 0, 0)
  return callback
}

function parseRawApi(build: WasmBuild): RawApi {
  const api: Record<string, unknown> = {}
  for (const name of rawFunctionNames) {
    const exported = build.exported(`sqlite3_${name}`)
    if (typeof exported !== 'function') throw new Error(`expected the function sqlite3_${name}`)
    api[name] = exported
  }
  return api as object as RawApi
}
