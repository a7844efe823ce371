/**
 * What lies in a store's files, read by another SQLite than the daemon's: the program `sqlite3`. The files are copied
 * first, with the log that is not in the database yet, so that the store itself is left as the daemon left it.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Json } from '../../../sdk/json.ts'

const json: z.ZodType<Json> = z.json()
const data = z.record(z.string(), json)

/** A row of the log. */
const logged = z.object({
  seq: z.int(),
  txn: z.int(),
  topic: z.string().nullable(),
  type: z.string().nullable(),
  id: z.string().nullable(),
  op: z.string().nullable(),
  version: z.int().nullable(),
  previous: z.int().nullable(),
  lifecycle: z.string().nullable(),
  reason: z.string().nullable(),
  data: data.nullable(),
})
export type Logged = z.infer<typeof logged>

/** A row of a record type's table, its fields as JSON. */
const stored = z.object({
  type: z.string(),
  id: z.string(),
  version: z.int(),
  lifecycle: z.string(),
  seq: z.int(),
  data,
})
export type Stored = z.infer<typeof stored>

/** What was found in the files. */
export interface Found {
  readonly storeId: string
  readonly epoch: string
  /** The newest event that is not served any more. */
  readonly floorSeq: number
  /** After the position that was asked for. */
  readonly log: readonly Logged[]
  /** Records that an event after that position changed last. */
  readonly records: readonly Stored[]
  /** The last versions of what was purged, as `type/id`. */
  readonly tombstones: ReadonlyMap<string, number>
  /** What SQLite says of the file; undefined when it was not asked. */
  readonly integrity: string | undefined
}

/** What is read of it. */
export interface Wanted {
  /** Directory of the store. */
  readonly store: string
  /** Where the copy is put; it is gone afterwards. */
  readonly scratch: string
  readonly afterSeq: number
  /** Also have SQLite look at every page. */
  readonly thorough: boolean
}

/** Reads a store that nobody has open. @throws when `sqlite3` is not there, or can't read it. */
export function readDisk({ store, scratch, afterSeq, thorough }: Wanted): Found {
  const copy = join(scratch, 'copy.sqlite')
  const source = join(store, 'store.sqlite')
  const files = ['', '-wal', '-shm'].map((ending) => `${copy}${ending}`)
  for (const file of files) rmSync(file, { force: true })
  copyFileSync(source, copy)
  if (existsSync(`${source}-wal`)) copyFileSync(`${source}-wal`, `${copy}-wal`)
  try {
    const types = ask(copy, typesQuery).map((text) => typeForm.parse(JSON.parse(text)))
    const recordQueries = types.map((type) => recordsQuery(type, afterSeq))
    const queries = [metaQuery, logQuery(afterSeq), tombstonesQuery, ...recordQueries]
    const lines = ask(copy, queries.join('')).map((text) => lineForm.parse(JSON.parse(text)))
    const meta = new Map(lines.flatMap((line) => ('meta' in line ? [line.meta] : [])))
    return {
      storeId: meta.get('storeId') ?? '',
      epoch: meta.get('epoch') ?? '',
      floorSeq: Number(meta.get('floorSeq') ?? 0),
      log: lines.flatMap((line) => ('log' in line ? [line.log] : [])),
      records: lines.flatMap((line) => ('record' in line ? [line.record] : [])),
      tombstones: new Map(lines.flatMap((line) => ('tombstone' in line ? [line.tombstone] : []))),
      integrity: thorough ? ask(copy, 'PRAGMA integrity_check;').join('\n') : undefined,
    }
  } finally {
    for (const file of files) rmSync(file, { force: true })
  }
}

/** Runs statements that give one text a row. */
function ask(path: string, statements: string): string[] {
  const args = ['-batch', '-noheader', '-list', path]
  const options = { input: statements, encoding: 'utf8', maxBuffer: 1 << 30 } as const
  const { status, stdout, stderr, error } = spawnSync('sqlite3', args, options)
  if (error !== undefined) {
    throw new Error(
      'expected the program sqlite3 to read stores with: install it (Debian: sqlite3)',
      {
        cause: error,
      },
    )
  }
  // Before it opens a file sqlite3 says nothing of it: an error is one of the statements, or of the file.
  if (status !== 0 || stderr !== '') throw new Error(`sqlite3 can't read ${path}: ${stderr}`)
  return stdout.split('\n').filter((line) => line !== '')
}

const typeForm = z.object({
  name: z.string(),
  definition: z.object({ fields: z.record(z.string(), z.object({ kind: z.string() })) }),
})
type Type = z.infer<typeof typeForm>

const lineForm = z.union([
  z.object({ meta: z.tuple([z.string(), z.string()]) }),
  z.object({ log: logged }),
  z.object({ record: stored }),
  z.object({ tombstone: z.tuple([z.string(), z.int()]) }),
])

const typesQuery = `SELECT json_object('name', name, 'definition', json(definition)) FROM record_types;`
const metaQuery = `SELECT json_object('meta', json_array(key, value)) FROM meta;`
const tombstonesQuery = `SELECT json_object('tombstone', json_array(type || '/' || id, version)) FROM tombstones;`

function logQuery(afterSeq: number): string {
  return `SELECT json_object('log', json_object(
    'seq', seq, 'txn', txn, 'topic', topic, 'type', type, 'id', id, 'op', op, 'version', version,
    'previous', previous_version, 'lifecycle', lifecycle, 'reason', reason, 'data', json(data)
  )) FROM log WHERE seq > ${afterSeq} ORDER BY seq;`
}

/** Fields that hold nothing are absent, as they are in the log. */
function recordsQuery({ name, definition }: Type, afterSeq: number): string {
  const pairs = Object.entries(definition.fields).map(([field, { kind }]) => {
    const column = `"${field.replaceAll('"', '""')}"`
    const isNested = ['list', 'object', 'json'].includes(kind)
    const value = kind === 'boolean' ? `iif(${column}, json('true'), json('false'))` : column
    return `'${field}', ${isNested ? `json(${column})` : value}`
  })
  const table = `"r_${name.replaceAll('"', '""')}"`
  return `SELECT json_object('record', json_object(
    'type', '${name}', 'id', id, 'version', version, 'lifecycle', lifecycle, 'seq', seq,
    'data', json_patch('{}', json_object(${pairs.join(', ')}))
  )) FROM ${table} WHERE seq > ${afterSeq};`
}
