/** A store with a daemon of its own, a file of the earlier system, and the migration of one to the other. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  type MigrationAnswer,
  type MigrationRequest,
  migrateLegacy,
} from '../../plugins/legacy/migrate-legacy.ts'
import type { Client } from '../../sdk/client/client.ts'
import { startDaemon, type TestDaemonOptions } from '../support/daemon.ts'
import { loadTestEngine } from '../support/engine.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { type LegacyFileOptions, makeLegacyFile, realFile, scratch } from './legacy-files.ts'

/** A store, a file of the earlier system, and the migration of one to the other. */
export interface LegacyPlace {
  readonly client: Client
  readonly from: string
  readonly storePath: string
  run(
    mode?: 'migrate' | 'dry-run' | 'verify' | 'clean-up',
    types?: string[],
    more?: Partial<Pick<MigrationRequest, 'from' | 'batchSize' | 'zone'>>,
  ): Promise<MigrationAnswer>
}

/** Makes a place for a test. */
export async function makeLegacyPlace(
  t: TestContext,
  options: LegacyFileOptions | 'real' = {},
  daemon: TestDaemonOptions = {},
): Promise<LegacyPlace> {
  const started = await startDaemon(t, daemon)
  const client = await daemonClient(t, started)
  const directory = scratch(t)
  const from = join(directory, 'ontology.db')
  if (options === 'real') writeFileSync(from, readFileSync(realFile))
  else await makeLegacyFile(from, options)
  const storePath = started.location.databasePath
  const run: LegacyPlace['run'] = (mode = 'migrate', types = [], more = {}) =>
    // Each run closes the client that it is given.
    daemonClient(t, started).then((own) =>
      migrateLegacy({ from, storePath, mode, types, connect: async () => own, ...more }),
    )
  return { client, from, storePath, run }
}

/** Changes a file by SQL. */
export async function edit(path: string, sql: string): Promise<void> {
  const engine = await loadTestEngine()
  const connection = engine.open(path, { syncMode: 'off', cacheKib: 1024, statementsMax: 8 })
  connection.exec(sql)
  connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  connection.close()
}

/** Which files lie beside a file, and what is in each. */
export function snapshotOf(path: string): string[] {
  const directory = join(path, '..')
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(directory, name))
      return `${name} ${createHash('sha256').update(bytes).digest('hex')}`
    })
}
