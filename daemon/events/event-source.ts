/** What the events part of the daemon needs of a store. */
import type { Token } from '../../sdk/model.ts'
import type { SnapshotRequest, SnapshotSlice, StoreLog } from '../store/store-api.ts'

/** The log, the records as of a position, and what gives positions and topics their names. */
export interface EventSource {
  readonly log: StoreLog
  tokenAt(seq: number): Token
  typeNames(): readonly string[]
  /** Some records of a type as of a position at or above the floor; see `SnapshotSlice`. */
  readSnapshot(request: SnapshotRequest): SnapshotSlice
}
