/** What `orion migrate legacy` does: migrates, verifies, cleans up, and reports. */
import { accessSync, constants, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Client } from '../../sdk/client/client.ts'
import { OrionError } from '../../sdk/errors.ts'
import { namedZone, type Zone } from './decode/zone.ts'
import { htmlReport } from './report/html-report.ts'
import { type MigrationReport, type Mode, reportOf, succeeded } from './report/report.ts'
import { type ReportColours, textReport } from './report/text-report.ts'
import { cleanUp } from './run/clean-up.ts'
import { migrate } from './run/migrate.ts'
import { saveVerification } from './run/saved-verification.ts'
import type { Counted } from './run/tally.ts'
import { hasMigrated, type Verification, verify } from './run/verify.ts'
import { type LegacyFile, openLegacyFile, refused } from './source/legacy-file.ts'

/** What is to be done. */
export interface MigrationRequest {
  /** The file of the earlier system. */
  readonly from: string
  /** The file of the store that it goes to, whether it is there or not. */
  readonly storePath: string
  /** Connects to the store; undefined for a dry run where there is no store yet. */
  readonly connect: (() => Promise<Client>) | undefined
  readonly mode: Mode
  readonly batchSize?: number | undefined
  readonly zone?: string | undefined
  readonly types?: readonly string[] | undefined
  /** Where to write the report: a page if it ends in `.html`, JSON if in `.json`, else text. */
  readonly reportFile?: string | undefined
  readonly onProgress?: (step: 'migrate' | 'verify', rows: number, total: number) => void
}

/** What came of it. */
export interface MigrationAnswer {
  readonly report: MigrationReport
  /** Whether everything is verified, or for a dry run whether it came to its end. */
  readonly succeeded: boolean
  text(colours: ReportColours): string
}

/** Rows that are read and written at a time, if nobody says otherwise. */
const usualBatchSize = 400
/** Most of them: two records a row go into one transaction of the store. */
const batchSizeMax = 500

/**
 * Does what is asked for.
 *
 * @throws OrionError `invalid_request` for input that can't be used; nothing was changed then.
 */
export async function migrateLegacy(request: MigrationRequest): Promise<MigrationAnswer> {
  const startedMs = Date.now()
  const { batchSize = usualBatchSize } = request
  if (batchSize > batchSizeMax) {
    const remedy = `leave it out (${usualBatchSize}), or name fewer`
    throw refused(`--batch-size: expected up to ${batchSizeMax} rows, got ${batchSize}`, remedy)
  }
  const zone = request.zone === undefined ? undefined : zoneNamed(request.zone)
  const file = await openLegacyFile(request.from)
  try {
    assertOtherFile(file.path, request.storePath)
    assertReportFits(request.reportFile, [file.path, `${file.path}-wal`, request.storePath])
    const types = typesNamed(file, request.types)
    const client = await request.connect?.()
    try {
      const run = { request, file, client, batchSize, zone, types }
      const done = client === undefined ? await withoutStore(run) : await withStore(run, client)
      const report = reportOf({ mode: request.mode, file, startedMs, ...done })
      writeReport(report, request.reportFile)
      return {
        report,
        succeeded: succeeded(report),
        text: (colours) => textReport(report, colours),
      }
    } finally {
      await client?.close()
    }
  } finally {
    file.close()
  }
}

interface Run {
  readonly request: MigrationRequest
  readonly file: LegacyFile
  readonly client: Client | undefined
  readonly batchSize: number
  readonly zone: Zone | undefined
  readonly types: ReadonlySet<string> | undefined
}

interface Done {
  readonly migration?: Counted
  readonly verification?: Verification
  readonly cleanUp?: Awaited<ReturnType<typeof cleanUp>>
}

async function withoutStore(run: Run): Promise<Done> {
  if (run.request.mode !== 'dry-run') throw new Error('expected a client')
  return { migration: await migration(run, undefined) }
}

async function withStore(run: Run, client: Client): Promise<Done> {
  const { request, file, batchSize, types } = run
  const progress = request.onProgress
  switch (request.mode) {
    case 'dry-run':
      return { migration: await migration(run, client) }
    case 'clean-up': {
      // It opens the file itself, the second time to write.
      file.close()
      const onProgress = (rows: number): void => progress?.('verify', rows, file.rows)
      const done = await cleanUp({ path: file.path, client, batchSize, types, onProgress })
      return { cleanUp: done, verification: done.verification }
    }
    case 'verify':
    case 'migrate': {
      // Where nothing was brought over there is nothing to verify.
      const first = request.mode === 'migrate' || !(await hasMigrated(client))
      const counted = first ? { migration: await migration(run, client) } : {}
      const onProgress = (rows: number): void => progress?.('verify', rows, file.rows)
      const verification = await verify({ file, client, options: { batchSize, types, onProgress } })
      await saveVerification(client, { source: file.path, types, verification })
      return { ...counted, verification }
    }
    default:
      return request.mode satisfies never
  }
}

async function migration(run: Run, client: Client | undefined): Promise<Counted> {
  const { request, file, batchSize, zone, types } = run
  const onProgress = (rows: number): void => request.onProgress?.('migrate', rows, file.rows)
  const dryRun = request.mode === 'dry-run'
  const tally = await migrate({
    file,
    client,
    options: { dryRun, batchSize, zone, types, onProgress },
  })
  return tally.counted()
}

function zoneNamed(name: string): Zone {
  try {
    return namedZone(name)
  } catch (cause) {
    const remedy = 'name one such as UTC, Asia/Seoul or +09:00'
    throw refused(`--zone: there is no zone ${JSON.stringify(name)}`, remedy, cause)
  }
}

function typesNamed(
  { knownTypes }: LegacyFile,
  names: readonly string[] | undefined,
): ReadonlySet<string> | undefined {
  if (names === undefined || names.length === 0) return undefined
  const known = knownTypes()
  const unknown = names.find((name) => !known.has(name))
  if (unknown === undefined) return new Set(names)
  const there = [...known].slice(0, 20).join(', ')
  throw refused(
    `--types: the file has no rows of the type ${JSON.stringify(unknown)}`,
    `it has ${there}`,
  )
}

function assertOtherFile(path: string, storePath: string): void {
  if (!isSameFile(path, storePath)) return
  const remedy = 'name the store with --store DIR, and the file of the earlier system with --from'
  throw refused(`${path} is the store itself, not a file to bring over`, remedy)
}

/** By what they are: a file may have several names. */
function isSameFile(path: string, other: string): boolean {
  const [one, two] = [path, other].map(identityOf)
  return one !== undefined && two !== undefined && one.dev === two.dev && one.ino === two.ino
}

function identityOf(path: string): { readonly dev: bigint; readonly ino: bigint } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true })
  } catch {
    return undefined // A file lies where a directory would have to be: who opens it says so.
  }
}

/** Said before anything is done: a long run must not find out at its end that nobody can read what it did. */
function assertReportFits(report: string | undefined, databases: readonly string[]): void {
  if (report === undefined) return
  const remedy = 'name another file after --report, such as report.html'
  if (databases.some((database) => isSameFile(report, database))) {
    throw refused(`--report: ${report} is a database that would be written over`, remedy)
  }
  if (statSync(report, { throwIfNoEntry: false })?.isDirectory()) {
    throw refused(`--report: expected a file, got the directory ${report}`, remedy)
  }
  try {
    accessSync(dirname(resolve(report)), constants.W_OK)
  } catch (cause) {
    throw refused(`--report: nothing can be written beside ${report}`, remedy, cause)
  }
}

function writeReport(report: MigrationReport, file: string | undefined): void {
  if (file === undefined) return
  const plain = { bold: same, dim: same, red: same, green: same, yellow: same }
  const text = /\.html?$/i.test(file)
    ? htmlReport(report)
    : /\.json$/i.test(file)
      ? `${JSON.stringify(report, null, 2)}\n`
      : textReport(report, plain)
  try {
    writeFileSync(file, text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new OrionError(
      'invalid_request',
      `the report could not be written: ${reason}`,
      {
        remedy:
          'name another file after --report; the migration itself is done, a second run reports it as unchanged',
      },
      { cause },
    )
  }
}

const same = (text: string): string => text
