/** Reads back what was brought over, and compares each row of the file with what the store has of it. */
import { createHash } from 'node:crypto'
import type { Client } from '../../../sdk/client/client.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import { isJsonObject, type Json } from '../../../sdk/json.ts'
import type { Record } from '../../../sdk/model.ts'
import { CountRecords, GetRecord } from '../../../sdk/protocol/records.ts'
import { type Repair, type RepairKind, repairTexts } from '../convert/repairs.ts'
import { rowDigestOf, type SourceRow } from '../convert/source-row.ts'
import { LegacyRow, LegacyRowPart } from '../record-types.ts'
import type { LegacyFile } from '../source/legacy-file.ts'
import { differences } from './compare-row.ts'
import { recordsById } from './fetch.ts'
import { besideKey, type KeyedRow, keyed, knownRowOf, partId } from './ledger.ts'
import { unpackRow } from './raw-row.ts'
import type { Example, Group } from './tally.ts'

/** What a verification found. */
export interface Verification {
  /** Whether every row is accounted for: a record that says the same, or its cells kept aside. */
  readonly verified: boolean
  readonly rows: number
  /** Rows whose record was read back and says all that they say. */
  readonly proven: number
  /** Rows that are quarantined, and whose cells are kept byte for byte. */
  readonly kept: number
  /** Records that were changed here since, and whose first version is compacted away: there is nothing to compare. */
  readonly edited: number
  readonly problems: readonly Group[]
  /** Digest of the proven rows. */
  readonly digest: string
}

/** How a row was found. */
type Finding =
  | { readonly found: 'proven' | 'kept' | 'edited' }
  | { readonly found: 'problem'; readonly kind: ProblemKind; readonly detail: string }

/** What can be wrong with a row. */
type ProblemKind = keyof typeof problemTexts

const problemTexts = {
  not_migrated: 'the store knows nothing of it',
  changed_in_file: 'it was changed in the file since it was brought over',
  record_missing: 'its record is not there any more',
  record_differs: 'its record says something else',
  cells_differ: 'the cells that were kept of it are not the same',
} as const

/** What a verification is given. */
export interface VerifyParts {
  readonly file: LegacyFile
  readonly client: Client
  readonly options: {
    readonly batchSize: number
    readonly types: ReadonlySet<string> | undefined
    readonly onProgress?: (rows: number) => void
    /** Told of each row that is proven. */
    readonly onProven?: (row: SourceRow) => void
  }
}

/** Compares every row of the file with the store. Writes nothing. */
export async function verify({ file, client, options }: VerifyParts): Promise<Verification> {
  const counts = { proven: 0, kept: 0, edited: 0 }
  const problems = new Map<ProblemKind, { rows: number; examples: Example[] }>()
  const hash = createHash('sha256')
  let rows = 0
  for (const page of file.pages(options.batchSize, options.types)) {
    const checked = await checkPage(client, page.rows)
    for (const [one, finding] of checked) {
      if (finding.found === 'problem') {
        const group = problems.get(finding.kind) ?? { rows: 0, examples: [] }
        group.rows += 1
        const { key: row, detail } = { ...one, ...finding }
        if (group.examples.length < 3) group.examples.push({ row, id: row, detail })
        problems.set(finding.kind, group)
        continue
      }
      counts[finding.found] += 1
      if (finding.found !== 'proven') continue
      hash.update(`${one.key}\0${one.digest}\n`)
      options.onProven?.(one.row)
    }
    rows += page.rows.length
    options.onProgress?.(page.read)
  }
  file.assertUnchanged()
  return {
    verified: problems.size === 0,
    rows,
    ...counts,
    problems: [...problems].map(([kind, group]) => ({ kind, text: problemTexts[kind], ...group })),
    digest: hash.digest('hex'),
  }
}

/** Whether anything of the earlier system was brought over to this store. */
export async function hasMigrated(client: Client): Promise<boolean> {
  try {
    const lifecycle = ['active', 'archived', 'deleted'] as ('active' | 'archived' | 'deleted')[]
    const { count } = await client.request(CountRecords, { type: LegacyRow.name, lifecycle })
    return count > 0
  } catch (error) {
    if (isOrionError(error, 'unknown_type')) return false
    throw error
  }
}

async function checkPage(
  client: Client,
  page: readonly SourceRow[],
): Promise<(readonly [KeyedRow, Finding])[]> {
  const rows = page.map((row) => keyed(row, rowDigestOf(row)))
  const entries = await recordsById(
    client,
    LegacyRow.name,
    rows.map(({ key }) => key),
  )
  const changed = rows.filter(({ key, digest }) => digestOf(entries.get(key)) !== digest)
  const beside = await recordsById(client, LegacyRow.name, changed.map(besideKey))
  const entryOf = (one: KeyedRow): Record | undefined =>
    digestOf(entries.get(one.key)) === one.digest
      ? entries.get(one.key)
      : beside.get(besideKey(one))
  const wanted = new Map<string, string[]>()
  for (const one of rows) {
    const entry = entryOf(one)
    const { recordType, recordId } = entry === undefined ? none : knownRowOf(entry)
    if (recordType === undefined || recordId === undefined) continue
    wanted.set(recordType, [...(wanted.get(recordType) ?? []), recordId])
  }
  const records = new Map<string, Map<string, Record>>()
  for (const [type, ids] of wanted) records.set(type, await recordsById(client, type, ids))
  const checked: (readonly [KeyedRow, Finding])[] = []
  for (const one of rows) {
    const entry = entryOf(one)
    if (entry === undefined) {
      const kind = entries.has(one.key) ? 'changed_in_file' : 'not_migrated'
      checked.push([one, { found: 'problem', kind, detail: '' }])
      continue
    }
    const { recordType = '', recordId = '' } = knownRowOf(entry)
    const record = records.get(recordType)?.get(recordId)
    checked.push([one, await check(client, { one, entry, record })])
  }
  return checked
}

const none = { recordType: undefined, recordId: undefined }

function digestOf(entry: Record | undefined): Json | undefined {
  return entry?.data.digest
}

async function check(
  client: Client,
  row: { readonly one: KeyedRow; readonly entry: Record; readonly record: Record | undefined },
): Promise<Finding> {
  const { one, entry, record } = row
  const { recordType, recordVersion } = knownRowOf(entry)
  const keepsCells = entry.data.raw !== undefined || entry.data.rawParts !== undefined
  if (keepsCells || recordType === undefined) {
    const kept = await keptDigest(client, entry, one)
    if (kept !== one.digest) return { found: 'problem', kind: 'cells_differ', detail: '' }
    if (recordType === undefined) return { found: 'kept' }
  }
  if (record === undefined) return { found: 'problem', kind: 'record_missing', detail: '' }
  const taken =
    record.version === recordVersion ? record : await oldVersion(client, record, recordVersion)
  if (taken === undefined) return { found: 'edited' }
  if (keepsCells) return { found: 'proven' }
  const told = differences(one.row, taken, repairsOf(entry))
  if (told.length === 0) return { found: 'proven' }
  return { found: 'problem', kind: 'record_differs', detail: told.join('; ') }
}

/** The record as it was taken over; undefined if its history does not reach back so far. */
async function oldVersion(
  client: Client,
  { type, id }: Record,
  version: number | undefined,
): Promise<Record | undefined> {
  if (version === undefined) return undefined
  try {
    return await client.request(GetRecord, { type, id, version })
  } catch (error) {
    if (isOrionError(error, 'not_found') || isOrionError(error, 'gone')) return undefined
    throw error
  }
}

async function keptDigest(
  client: Client,
  entry: Record,
  one: KeyedRow,
): Promise<string | undefined> {
  const packed = await keptCells(client, entry)
  if (packed === undefined) return undefined
  return rowDigestOf({ ...one.row, ...unpackRow(packed) })
}

/** The packed cells that are kept of a row; undefined if a part is missing. */
export async function keptCells(client: Client, entry: Record): Promise<string | undefined> {
  const { raw, rawParts, digest } = entry.data
  if (typeof raw === 'string') return raw
  if (typeof rawParts !== 'number') return undefined
  const texts: string[] = []
  for (let number = 0; number < rawParts; number += 1) {
    const id = partId(String(digest), number)
    const part = (await recordsById(client, LegacyRowPart.name, [id])).get(id)
    if (typeof part?.data.text !== 'string') return undefined
    texts.push(part.data.text)
  }
  return texts.join('')
}

function repairsOf({ data }: Record): Repair[] {
  if (!Array.isArray(data.repairs)) return []
  return data.repairs.flatMap((repair: Json): Repair[] => {
    if (!isJsonObject(repair)) return []
    const { field, kind, was } = repair
    if (typeof field !== 'string' || typeof was !== 'string' || !isKind(kind)) return []
    return [{ field, kind, was }]
  })
}

function isKind(kind: Json | undefined): kind is RepairKind {
  return typeof kind === 'string' && Object.hasOwn(repairTexts, kind)
}
