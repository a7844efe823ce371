/** Compares what a store's file holds with itself: the log, the records, their types, and the rest. */
import { counted } from '../../sdk/counted.ts'
import { instantMicros } from '../../sdk/instant.ts'
import { jsonEqual } from '../../sdk/json.ts'
import type { Record, Token } from '../../sdk/model.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import type { Connection, SqlRow } from './engine/engine.ts'
import type { Finding } from './finding.ts'
import { quarantineFinding, wholeFit } from './inspect-quarantine.ts'
import { parseLoggedData } from './log-row.ts'
import { type OldShapes, oldShapesOf } from './old-shapes.ts'
import { envelopeColumns } from './record-type-entry.ts'
import { RowCodec } from './row-codec.ts'
import { recordTableName } from './sql.ts'
import { newestPosition, readMeta } from './store-meta.ts'
import { indexesOf, quoteName } from './tables.ts'

/** The log above the floor has no holes, its transactions are whole, and time does not run back in it. */
export function inspectLog(connection: Connection, nowMicros: number): Finding[] {
  const floor = Number(readMeta(connection, 'floorSeq') ?? 0)
  const newest = newestPosition(connection)
  const one = (sql: string, values: number[]): SqlRow => connection.prepare(sql).get(values) ?? {}
  const { count } = one('SELECT count(*) AS count FROM log WHERE seq > ?', [floor])
  const missing = newest - floor - Number(count)
  const { torn } = one(
    `SELECT count(*) AS torn FROM log WHERE seq > ? AND txn > ? AND txn NOT IN (SELECT seq FROM log)`,
    [floor, floor],
  )
  const faults = [
    ...(missing === 0 ? [] : [`of the events above the floor, ${missing} are missing`]),
    ...(Number(torn) === 0 ? [] : [`${torn} events belong to a transaction without a beginning`]),
  ]
  const events = newest - floor
  return [
    faults.length === 0
      ? { check: 'log', level: 'ok', message: `${counted(events, 'event')}, no holes` }
      : { check: 'log', level: 'fail', message: faults.join('; '), remedy: goBack },
    clockFinding(connection, nowMicros),
  ]
}

const goBack = '`orion backup restore FILE` goes back to a good backup.'
const clockSlackMicros = 60_000_000

function clockFinding(connection: Connection, nowMicros: number): Finding {
  const row = connection.prepare('SELECT at FROM log ORDER BY seq DESC LIMIT 1').get()
  const aheadMicros = row === undefined ? 0 : instantMicros(String(row.at)) - nowMicros
  const check = 'clock'
  if (aheadMicros <= clockSlackMicros) {
    return { check, level: 'ok', message: 'the newest event is not of the future' }
  }
  return {
    check,
    level: 'warn',
    message: `the newest event is ${Math.round(aheadMicros / 1_000_000)} s ahead of this machine's clock, which was set back`,
    remedy: 'Set the clock right. Until then new events get instants just after the newest one.',
  }
}

/** Each record type's definition can be read, and its table has the columns and indexes that it needs. */
export function inspectTypes(connection: Connection): Finding[] {
  const faults: string[] = []
  const types = typesOf(connection, faults)
  const names = (kind: string): Set<string> =>
    new Set(
      connection
        .prepare('SELECT name FROM sqlite_schema WHERE type = ?')
        .all([kind])
        .map((row) => String(row.name)),
    )
  const tables = names('table')
  for (const definition of types) {
    const table = recordTableName(definition.name)
    if (!tables.has(table)) {
      faults.push(`${definition.name} has no table`)
      continue
    }
    const columns = new Set(
      connection
        .prepare(`PRAGMA table_info(${quoteName(table)})`)
        .all()
        .map((row) => String(row.name)),
    )
    for (const column of [...envelopeColumns, ...Object.keys(definition.fields)]) {
      if (!columns.has(column)) faults.push(`${definition.name} has no column ${column}`)
    }
    const indexes = indexedColumns(connection, table)
    const needed = indexesOf(definition).map(
      ({ fields, unique }) => `${columnsOf(fields)} ${unique}`,
    )
    for (const index of ['created_at,id false', ...needed]) {
      if (!indexes.has(index))
        faults.push(`${definition.name} has no index over ${index.split(' ')[0]}`)
    }
  }
  const check = 'record types'
  if (faults.length === 0) {
    return [
      { check, level: 'ok', message: `${counted(types.length, 'type')}, their tables as declared` },
    ]
  }
  return [{ check, level: 'fail', message: someOf(faults), remedy: goBack }]
}

/** `createdAt` stands for two columns. */
function columnsOf(fields: readonly string[]): string {
  return fields.map((field) => (field === 'createdAt' ? 'created_at,id' : field)).join(',')
}

/** The indexes of a table as their columns, and whether they are unique; what they are called is no matter. */
function indexedColumns(connection: Connection, table: string): ReadonlySet<string> {
  const rows = connection.prepare(`PRAGMA index_list(${quoteName(table)})`).all()
  return new Set(
    rows.map((row) => {
      const columns = connection.prepare(`PRAGMA index_info(${quoteName(String(row.name))})`).all()
      return `${columns.map(({ name }) => String(name)).join(',')} ${row.unique === 1}`
    }),
  )
}

/** The definitions of a file; those that can't be read are added to the faults. */
export function typesOf(connection: Connection, faults: string[]): RecordTypeDefinition[] {
  const rows = connection.prepare('SELECT name, definition FROM record_types ORDER BY name').all()
  return rows.flatMap((row) => {
    try {
      const definition: RecordTypeDefinition = JSON.parse(String(row.definition))
      return [definition]
    } catch {
      faults.push(`the definition of ${row.name} can't be read`)
      return []
    }
  })
}

/** Each record is what the newest event of it says, and no purged one is still there. */
export function inspectRecords(connection: Connection): Finding[] {
  const faults: string[] = []
  const misfits: string[] = []
  let count = 0
  const shapes = oldShapesOf(connection)
  for (const definition of typesOf(connection, [])) {
    try {
      count += compareType(connection, { definition, shapes, faults, misfits })
    } catch (error) {
      faults.push(`${definition.name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const check = 'records'
  const compared: Finding =
    faults.length === 0
      ? {
          check,
          level: 'ok',
          message: `${counted(count, 'record')}, each as its newest event says`,
        }
      : { check, level: 'fail', message: someOf(faults), remedy: goBack }
  return [compared, quarantineFinding(connection, misfits)]
}

const rowsAtOnce = 500

interface TypeInspection {
  readonly definition: RecordTypeDefinition
  readonly shapes: OldShapes
  readonly faults: string[]
  /** Records that do not fit their type, and why. */
  readonly misfits: string[]
}

function compareType(
  connection: Connection,
  { definition, shapes, faults, misfits }: TypeInspection,
): number {
  const table = quoteName(recordTableName(definition.name))
  const codec = new RowCodec(definition)
  const fit = wholeFit(definition)
  const rows = connection.prepare(`SELECT r.*, log.id AS log_id, log.type AS log_type,
      log.version AS log_version, log.lifecycle AS log_lifecycle, log.data AS log_data
    FROM ${table} AS r LEFT JOIN log ON log.seq = r.seq
    WHERE r.row_id > ? ORDER BY r.row_id LIMIT ${rowsAtOnce}`)
  let count = 0
  for (let after = -1; ; ) {
    const slice = rows.all([after])
    for (const row of slice) {
      const { record } = codec.decode(row, () => '' as Token)
      const misfit = record.quarantined?.reason ?? fit(record.data)
      if (misfit !== undefined) misfits.push(`${definition.name} ${row.id} (${misfit})`)
      if (record.quarantined !== undefined) continue
      const fault = compareRow(row, { definition, record, shapes })
      if (fault !== undefined) faults.push(`${definition.name} ${row.id}: ${fault}`)
    }
    count += slice.length
    if (slice.length < rowsAtOnce) break
    after = Number(slice.at(-1)?.row_id)
  }
  const newer = connection
    .prepare(
      `SELECT log.id FROM log JOIN ${table} AS r ON r.id = log.id
       WHERE log.type = ? AND log.seq > r.seq LIMIT 5`,
    )
    .all([definition.name])
  for (const { id } of newer) faults.push(`${definition.name} ${id} misses its newest change`)
  const risen = connection
    .prepare(
      `SELECT t.id FROM tombstones AS t JOIN ${table} AS r ON r.id = t.id
       WHERE t.type = ? AND r.version <= t.version LIMIT 5`,
    )
    .all([definition.name])
  for (const { id } of risen) faults.push(`${definition.name} ${id} was purged and is there`)
  return count
}

function compareRow(
  row: SqlRow,
  {
    definition,
    record,
    shapes,
  }: Pick<TypeInspection, 'definition' | 'shapes'> & {
    readonly record: Record
  },
): string | undefined {
  if (row.log_id === null) return `its event ${row.seq} is not in the log`
  if (row.log_id !== row.id || row.log_type !== definition.name) {
    return `its event ${row.seq} is of another record`
  }
  if (row.log_version !== row.version || row.log_lifecycle !== row.lifecycle) {
    return `has version ${row.version}, its newest event says ${row.log_version}`
  }
  const written = parseLoggedData(row.log_data)
  const logged = written && shapes.renew({ ...record, data: written }, Number(row.seq)).data
  // An event that can't be read is told with those that don't fit.
  if (logged === undefined && row.log_data !== null) return undefined
  if (logged === undefined) return 'the values of its newest event are erased'
  for (const name of new Set([...Object.keys(logged), ...Object.keys(record.data)])) {
    const [stored, said] = [record.data[name], logged[name]]
    // A field that was added later has its default in the record alone.
    const added = said === undefined && definition.fields[name]?.default !== undefined
    if (added || stored === undefined || said === undefined) {
      if (!added && stored !== said) return `field ${name} is not as its newest event says`
    } else if (!jsonEqual(stored, said)) {
      return `field ${name} is not as its newest event says`
    }
  }
  return undefined
}

/** Named positions and idempotency keys are of this store's past, not of its future. */
export function inspectRest(connection: Connection, nowMicros: number): Finding[] {
  const epoch = readMeta(connection, 'epoch') ?? ''
  const count = (sql: string, values: (string | number)[] = []): number =>
    Number(connection.prepare(sql).get(values)?.count ?? 0)
  const ahead = count('SELECT count(*) AS count FROM positions WHERE epoch = ? AND seq > ?', [
    epoch,
    newestPosition(connection),
  ])
  const positions = count('SELECT count(*) AS count FROM positions')
  const nowS = nowMicros / 1_000_000 + clockSlackMicros / 1_000_000
  const early = count('SELECT count(*) AS count FROM idempotency WHERE at_s > ?', [nowS])
  const broken = count('SELECT count(*) AS count FROM idempotency WHERE NOT json_valid(result)')
  const keys = count('SELECT count(*) AS count FROM idempotency')
  return [
    ahead === 0
      ? { check: 'positions', level: 'ok', message: `${positions} named positions` }
      : {
          check: 'positions',
          level: 'fail',
          message: `${ahead} named positions are ahead of the log`,
          remedy: goBack,
        },
    broken > 0
      ? {
          check: 'keys',
          level: 'fail',
          message: `the answers of ${broken} idempotency keys can't be read`,
          remedy: goBack,
        }
      : early > 0
        ? {
            check: 'keys',
            level: 'warn',
            message: `${early} of ${keys} idempotency keys are of the future: the clock was set back`,
            remedy: 'Nothing to do: they are kept a little longer than others.',
          }
        : { check: 'keys', level: 'ok', message: `${keys} idempotency keys` },
  ]
}

const shownMax = 5

function someOf(faults: readonly string[]): string {
  const rest = faults.length - shownMax
  return `${faults.slice(0, shownMax).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
}
