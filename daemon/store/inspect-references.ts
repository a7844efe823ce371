/** Compares the table of who names whom with the records, and tells which checked references name nothing. */
import { counted } from '../../sdk/counted.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { type ReferencePlace, referencePlaces } from '../../sdk/references.ts'
import type { Connection } from './engine/engine.ts'
import type { Finding } from './finding.ts'
import {
  danglingReferences,
  isNamed,
  type RecordsOfType,
  recordsOf,
  referencesIn,
} from './reference-table.ts'
import { RowCodec } from './row-codec.ts'

const check = 'references'

/** Every reference of a record has its row, every row is of a reference, and what is checked names a record. */
export function inspectReferences(
  connection: Connection,
  types: readonly RecordTypeDefinition[],
): Finding[] {
  const wrong: string[] = []
  const dangling: string[] = []
  let count = 0
  const names = new Set(types.map(({ name }) => name))
  const rows = rowsByType(connection)
  for (const definition of types) {
    const references = referencePlaces(definition.fields)
    const type = { definition, references, codec: new RowCodec(definition) }
    const { expected, missing } = compareRows(connection, type)
    const stored = rows.get(definition.name) ?? 0
    rows.delete(definition.name)
    count += expected
    const stale = stored - (expected - missing)
    if (missing + stale > 0) wrong.push(definition.name)
    dangling.push(...danglingOf(connection, definition.name, references, names))
  }
  // Rows of types that are gone.
  wrong.push(...rows.keys())
  return [tableFinding(wrong, count), ...danglingFinding(dangling)]
}

function compareRows(connection: Connection, type: RecordsOfType) {
  let expected = 0
  let missing = 0
  for (const { id, data } of recordsOf(connection, type)) {
    for (const reference of referencesIn(type.references, data).values()) {
      expected++
      if (!isNamed(connection, { type: type.definition.name, id }, reference)) missing++
    }
  }
  return { expected, missing }
}

function rowsByType(connection: Connection): Map<string, number> {
  const rows = connection
    .prepare('SELECT type, count(*) AS count FROM record_references GROUP BY type')
    .all()
  return new Map(rows.map(({ type, count }) => [String(type), Number(count)]))
}

function danglingOf(
  connection: Connection,
  type: string,
  references: readonly ReferencePlace[],
  names: ReadonlySet<string>,
): string[] {
  return references
    .filter(({ weak }) => !weak)
    .flatMap(({ path }) => {
      const from = { type, path, limit: shownMax + 1 }
      return danglingReferences(connection, from, (name) => names.has(name)).map(
        ({ id, target }) => `${type} ${id} names ${target.type} ${target.id} (${path})`,
      )
    })
}

function tableFinding(wrong: readonly string[], count: number): Finding {
  if (wrong.length === 0) {
    return { check, level: 'ok', message: `${counted(count, 'reference')}, each in its table` }
  }
  return {
    check,
    level: 'fail',
    message: `the table of who names whom differs from the records of ${wrong.join(', ')}`,
    remedy: '`orion doctor --repair` builds it anew; no record is touched.',
    references: wrong,
  }
}

function danglingFinding(dangling: readonly string[]): Finding[] {
  if (dangling.length === 0) return []
  const more = dangling.length > shownMax ? '; and more' : ''
  return [
    {
      check,
      level: 'warn',
      message: `references name records that are not there: ${dangling.slice(0, shownMax).join('; ')}${more}`,
      remedy: 'They were purged by force. Name other records, with `orion update`, or nothing.',
    },
  ]
}

const shownMax = 5
