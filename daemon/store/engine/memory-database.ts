import type { RawApi } from './raw-api.ts'
import { ResultCode } from './sqlite-codes.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

const scratchBytes = 64
const textAt = 8

/**
 * Lends a database in memory to `use`: the way to look at a build before anything is opened on
 * disk.
 */
export function withMemoryDatabase<Result>(
  { api, runtime }: Build,
  use: (database: number) => Result,
): Result {
  const { memory } = runtime
  const scratch = runtime.allocate(scratchBytes)
  memory.bytes.write(':memory:\0', scratch + textAt, 'latin1')
  const code = api.open(scratch + textAt, scratch)
  const database = memory.readWord(scratch)
  try {
    if (code !== ResultCode.ok) throw new Error(`a database in memory can't be opened: ${code}`)
    return use(database)
  } finally {
    api.close_v2(database)
    runtime.free(scratch)
  }
}

/** The version of SQLite that a build holds, such as `3.54.1`. */
export function readSqliteVersion({ api, runtime }: Build, database: number): string {
  const { memory } = runtime
  const scratch = runtime.allocate(scratchBytes)
  memory.bytes.write('SELECT sqlite_version()\0', scratch + textAt, 'latin1')
  api.prepare_v2(database, scratch + textAt, -1, scratch, 0)
  const statement = memory.readWord(scratch)
  api.step(statement)
  const version = memory.readText(api.column_text(statement, 0))
  api.finalize(statement)
  runtime.free(scratch)
  return version
}

interface Build {
  readonly api: RawApi
  readonly runtime: WasmRuntime
}
