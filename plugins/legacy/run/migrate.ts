/**
 * Brings the rows of a file over.
 *
 *   page of rows -> decide (pure) -> what the store knows of them -> one import a part: record and LegacyRow together
 *                        the next page is read and decided while the store writes the one before
 *
 * What became of a row is written in the transaction that brings its record, so that a run which was killed goes on where
 * it stopped: what is known with the same digest is unchanged.
 */
import type { Client } from '../../../sdk/client/client.ts'
import type { Token } from '../../../sdk/model.ts'
import { CountRecords } from '../../../sdk/protocol/records.ts'
import { ListTypes } from '../../../sdk/protocol/types.ts'
import { JobResult, orionRecordTypes } from '../../orion/record-types.ts'
import { convertRow } from '../convert/convert-row.ts'
import { rowDigestOf, type SourceRow } from '../convert/source-row.ts'
import type { Zone } from '../decode/zone.ts'
import { LegacyRow, legacyRecordTypes } from '../record-types.ts'
import type { LegacyFile } from '../source/legacy-file.ts'
import type { Decided } from './decided.ts'
import { recordsById } from './fetch.ts'
import { Importer } from './importer.ts'
import { besideKey, type KnownRow, keyed, knownRowOf } from './ledger.ts'
import { Settlement } from './settlement.ts'
import { Tally } from './tally.ts'
import { supersededBy } from './twins.ts'

/** What a migration is given. */
export interface MigrateParts {
  readonly file: LegacyFile
  /** The store; without it nothing is known there, and only a dry run is possible. */
  readonly client: Client | undefined
  readonly options: MigrateOptions
}

/** How a migration goes. */
export interface MigrateOptions {
  readonly dryRun: boolean
  /** Rows that are read and written at a time. */
  readonly batchSize: number
  readonly zone: Zone | undefined
  /** Only rows of these types of the earlier system. */
  readonly types: ReadonlySet<string> | undefined
  readonly onProgress?: (rows: number) => void
}

/** Bound of a record if no store says another, in bytes. */
const usualRecordMaxBytes = 1024 * 1024

/** Brings over every row of the file that is not there yet; resolves with what was counted. */
export async function migrate({ file, client, options }: MigrateParts): Promise<Tally> {
  const tally = new Tally()
  const limits: { readonly [name: string]: number } = client?.server.limits ?? {}
  const recordMaxBytes = limits.recordMaxBytes ?? usualRecordMaxBytes
  const known = client === undefined ? new Set<string>() : await knownTypes(client)
  const writes = client !== undefined && !options.dryRun
  const cause = writes ? await begin(client, file) : undefined
  if (writes) for (const { name } of targetTypes) known.add(name)
  const seesRows = client !== undefined && known.has(LegacyRow.name) && (await hasRows(client))
  const settlement = new Settlement({ client, known, tally, source: file.path, cause, writes })
  const importer = writes ? new Importer({ client, limits, cause }) : undefined
  let underWay: Promise<void> = Promise.resolve()
  for (const { rows, read } of file.pages(options.batchSize, options.types)) {
    const decided = rows.map((row) => decide(row, { file, zone: options.zone, recordMaxBytes }))
    await underWay
    const store = client !== undefined && seesRows ? client : undefined
    underWay = write({
      decided,
      store,
      client: known.has(JobResult.name) ? client : undefined,
      settlement,
      importer,
    })
    // It is awaited with the next page; until then a failure has no other listener.
    underWay.catch(() => {})
    options.onProgress?.(read)
    // The connection has its turn between two pages.
    await new Promise((resolve) => setImmediate(resolve))
  }
  await underWay
  file.assertUnchanged()
  if (writes) {
    const { read, piles } = tally.counted()
    await client.publish(
      'Migration.finished',
      { source: file.path, read, piles },
      cause === undefined ? {} : { cause },
    )
  }
  return tally
}

const targetTypes = [...orionRecordTypes, ...legacyRecordTypes]

async function begin(client: Client, { path, rows }: LegacyFile): Promise<Token> {
  for (const type of targetTypes) await client.define(type)
  const { token } = await client.publish('Migration.started', { source: path, rows })
  return token
}

async function knownTypes(client: Client): Promise<Set<string>> {
  const { types } = await client.request(ListTypes, {})
  return new Set(types.map(({ name }) => name))
}

async function hasRows(client: Client): Promise<boolean> {
  const { count } = await client.request(CountRecords, {
    type: LegacyRow.name,
    lifecycle: ['active', 'archived', 'deleted'],
  })
  return count > 0
}

function decide(
  row: SourceRow,
  given: {
    readonly file: LegacyFile
    readonly zone: Zone | undefined
    readonly recordMaxBytes: number
  },
): Decided {
  const { file, zone, recordMaxBytes } = given
  const conclusion = convertRow(row, { zone, recordMaxBytes })
  const kept = supersededBy(row, conclusion, file) ?? conclusion
  return { ...keyed(row, rowDigestOf(row)), conclusion: kept }
}

async function write(parts: {
  readonly decided: readonly Decided[]
  /** The store, if an earlier run has left something there. */
  readonly store: Client | undefined
  /** The store, if it may have results of the same jobs. */
  readonly client: Client | undefined
  readonly settlement: Settlement
  readonly importer: Importer | undefined
}): Promise<void> {
  const { store, client, settlement, importer } = parts
  const known =
    store === undefined ? new Map<string, KnownRow>() : await knownRows(store, parts.decided)
  const fresh: Decided[] = []
  for (const one of await withSharedJobs(client, parts.decided)) {
    const before = known.get(one.key)
    if (before === undefined) fresh.push(one)
    else if (before.digest === one.digest) settlement.unchanged(one)
    else await settlement.changed(one, { before, beside: known.get(besideKey(one)) })
  }
  if (importer === undefined) {
    await settlement.wouldImport(fresh)
    return
  }
  await importer.importRows(fresh, settlement)
}

async function knownRows(
  store: Client,
  decided: readonly Decided[],
): Promise<Map<string, KnownRow>> {
  const ids = decided.map(({ key }) => key)
  const found = await recordsById(store, LegacyRow.name, ids)
  const known = new Map([...found].map(([id, record]) => [id, knownRowOf(record)]))
  const changed = decided.filter(({ key, digest }) => {
    const before = known.get(key)
    return before !== undefined && before.digest !== digest
  })
  if (changed.length === 0) return known
  const beside = await recordsById(store, LegacyRow.name, changed.map(besideKey))
  for (const [id, record] of beside) known.set(id, knownRowOf(record))
  return known
}

/** Adds a notice to the results of jobs that have another result already, in the store or before them in the page. */
async function withSharedJobs(
  client: Client | undefined,
  decided: readonly Decided[],
): Promise<readonly Decided[]> {
  const jobOf = ({ conclusion }: Decided): string | undefined => {
    if (conclusion.pile === 'quarantined' || conclusion.record.type !== JobResult.name)
      return undefined
    const { jobId } = conclusion.record.data
    return typeof jobId === 'string' ? jobId : undefined
  }
  const jobs = [...new Set(decided.flatMap((one) => jobOf(one) ?? []))]
  if (jobs.length === 0) return decided
  const seen = new Set<string>()
  if (client !== undefined) {
    const { groups = [] } = await client.request(CountRecords, {
      type: JobResult.name,
      where: { jobId: { in: jobs } },
      groupBy: 'jobId',
      lifecycle: ['active', 'archived', 'deleted'],
    })
    for (const { value } of groups) seen.add(String(value))
  }
  return decided.map((one) => {
    const job = jobOf(one)
    if (job === undefined || one.conclusion.pile === 'quarantined') return one
    if (!seen.has(job)) {
      seen.add(job)
      return one
    }
    const notices = [...one.conclusion.notices, 'job_id_shared' as const]
    return { ...one, conclusion: { ...one.conclusion, notices } }
  })
}
