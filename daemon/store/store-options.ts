/** What a store is opened with. */
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { Clock } from '../clock.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'
import type { VerifyCopy } from './backup.ts'
import type { Engine } from './engine/engine.ts'
import type { FormatMigration } from './migrations/migration.ts'
import type { StoreMemory } from './store-memory.ts'

/** What a store is opened with. The caller holds the owner lock. */
export interface StoreOptions {
  /** Absolute path of the database file. */
  readonly path: string
  readonly engine: Engine
  readonly clock: Clock
  readonly limits: Limits
  readonly log: Log
  /** Types that are there from the first day: defined, or extended, before anybody asks. */
  readonly bundledTypes: readonly RecordTypeDefinition[]
  /** Record types whose history outlives their events, and for how long. */
  readonly historyKeptMs?: Readonly<Record<string, number>>
  /** The store went back to an earlier state: tokens given before are of another epoch. */
  readonly beginEpoch?: boolean
  /** What the user remembers of this and other stores; without it a file overwritten in place is not noticed. */
  readonly memory?: StoreMemory
  /** Looks at each backup before it gets its name. */
  readonly verifyCopy?: VerifyCopy
  /** Told when work that nobody waits for, such as a backup that was due, begins or ends. */
  readonly onWork?: () => void
  /** What brings a store to the present format; a test may give others. */
  readonly migrations?: readonly FormatMigration[]
  /** Told when a sync failed: only opening the store again tells what is stored. */
  readonly onFailure?: (failure: Error) => void
}
