/** A real store in a directory of its own, for tests of the store alone. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Clock, systemClock } from '../../daemon/clock.ts'
import { defaultLimits, type Limits } from '../../daemon/limits.ts'
import { silentLog } from '../../daemon/log.ts'
import type { VerifyCopy } from '../../daemon/store/backup.ts'
import { type HostIo, nodeHostIo } from '../../daemon/store/engine/host-io.ts'
import type { FormatMigration } from '../../daemon/store/migrations/migration.ts'
import { openStore } from '../../daemon/store/open-store.ts'
import type { Caller, StoreApi } from '../../daemon/store/store-api.ts'
import type { StoreMemory } from '../../daemon/store/store-memory.ts'
import {
  boolean,
  enumeration,
  instant,
  integer,
  json,
  list,
  number,
  text,
} from '../../sdk/field.ts'
import { defineRecordType, type RecordTypeDefinition } from '../../sdk/record-type.ts'
import { loadTestEngine } from './engine.ts'

/** A type with every kind of trait that the store treats specially. */
export const Note = defineRecordType('Note', {
  description: 'What the tests write.',
  fields: {
    title: text({ maxLength: 200, indexed: true }),
    slug: text({ optional: true, unique: true }),
    origin: text({ optional: true, immutable: true }),
    state: enumeration(['open', 'done'], { default: 'open', managed: true }),
    count: integer({ default: 0, minimum: 0, maximum: 1000 }),
    ratio: number({ optional: true }),
    flag: boolean({ optional: true }),
    due: instant({ optional: true }),
    tags: list(text(), { default: [] }),
    extra: json({ optional: true }),
  },
})

/** A second type, for transactions over several. */
export const Tally = defineRecordType('Tally', { fields: { total: integer({ default: 0 }) } })

/** How a test's store differs from an ordinary one. */
export interface TestStoreOptions {
  readonly path?: string
  readonly limits?: Partial<Limits>
  readonly io?: Partial<HostIo>
  readonly clock?: Clock
  readonly types?: readonly RecordTypeDefinition[]
  readonly onFailure?: (failure: Error) => void
  readonly beginEpoch?: boolean
  readonly memory?: StoreMemory
  readonly verifyCopy?: VerifyCopy
  readonly migrations?: readonly FormatMigration[]
}

/** A directory that is gone after the test. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'orion-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Opens a store; it is closed after the test. */
export async function openTestStore(
  t: TestContext,
  options: TestStoreOptions = {},
): Promise<StoreApi> {
  const path = options.path ?? join(temporaryDirectory(t), 'store.db')
  const engine = await loadTestEngine({ io: { ...nodeHostIo, ...options.io } })
  const store = await openStore({
    path,
    engine,
    clock: options.clock ?? systemClock,
    limits: { ...defaultLimits, ...options.limits },
    log: silentLog,
    bundledTypes: options.types ?? [Note.definition, Tally.definition],
    beginEpoch: options.beginEpoch ?? false,
    ...(options.verifyCopy === undefined ? {} : { verifyCopy: options.verifyCopy }),
    ...(options.migrations === undefined ? {} : { migrations: options.migrations }),
    ...(options.memory === undefined ? {} : { memory: options.memory }),
    ...(options.onFailure === undefined ? {} : { onFailure: options.onFailure }),
  })
  t.after(() => store.close())
  return store
}

/** A caller that may do everything. */
export function caller(principal = 'owner', more: Partial<Caller> = {}): Caller {
  return { principal, client: 'test/1', mayRead: () => true, ...more }
}
