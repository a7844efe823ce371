import type { HitCollector } from './hit-collector.ts'
import type { HostIo } from './host-io.ts'
import type { HostVfs } from './host-vfs.ts'
import type { RawApi } from './raw-api.ts'
import type { TextFunctions } from './text-functions.ts'
import type { TimeBound } from './time-bound.ts'
import type { WasmRuntime } from './wasm-runtime.ts'

/**
 * A loaded SQLite build that stands on a `HostVfs`: all that connections and statements need to
 * know of it.
 */
export interface SqliteBinding {
  readonly api: RawApi
  readonly runtime: WasmRuntime
  readonly io: HostIo
  readonly vfs: HostVfs
  readonly timeBound: TimeBound
  readonly hits: HitCollector
  readonly texts: TextFunctions
  /** Makes what its full-text module needs known to a connection; gives SQLite's result code. */
  installFullText(database: number): number
  readonly sqliteVersion: string
}
