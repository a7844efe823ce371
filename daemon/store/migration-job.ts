/** What migrations are run with, and one that is decided. */
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { Log } from '../log.ts'
import type { Backups } from './backups.ts'
import type { LeftTables } from './left-tables.ts'
import type { MigrationPlan } from './migration-plan.ts'
import type { RecordTypeEntry } from './record-type-entry.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import type { TypeRegistry } from './type-registry.ts'
import type { WriteQueue } from './write-queue.ts'

/** What migrations are run with. */
export interface MigrationParts {
  readonly context: StoreContext
  readonly queue: WriteQueue
  readonly registry: TypeRegistry
  readonly backups: Backups
  readonly left: LeftTables
  readonly log: Log
  /** Has what is read in slices begin anew, because a table is another one. */
  readonly interruptReads: () => void
  /** The types that Orion itself has to find as it declares them. */
  readonly bundled: readonly RecordTypeDefinition[]
}

/** A migration that is decided, but for its transaction. */
export interface MigrationJob {
  readonly entry: RecordTypeEntry
  /** Undefined when the type is removed. */
  readonly next?: RecordTypeEntry
  readonly plan: MigrationPlan
  readonly caller: Caller
  readonly backup: string | undefined
  readonly startedMs: number
  readonly total: number
}
