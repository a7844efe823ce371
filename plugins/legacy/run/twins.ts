/** Files of the second design may hold an object twice: in `objects` and in its typed table. */
import { type Conclusion, convertRow, sameContent } from '../convert/convert-row.ts'
import {
  legacyTypeOf,
  objectsTable,
  type SourceRow,
  textAt,
  typedTables,
} from '../convert/source-row.ts'
import type { LegacyFile } from '../source/legacy-file.ts'

const tableByType = new Map([...typedTables].map(([table, type]) => [type, table]))

/**
 * What becomes of a row whose object is there twice. The one with the higher version counts, then the one that was changed
 * later, then the one of the typed table. The other one is kept aside, unless both say the same.
 *
 * @returns undefined if the row counts, or is the only one.
 */
export function supersededBy(
  row: SourceRow,
  conclusion: Conclusion,
  file: Pick<LegacyFile, 'find'>,
): Conclusion | undefined {
  if (conclusion.pile !== 'migrated' && conclusion.pile !== 'repaired') return undefined
  const inObjects = row.table === objectsTable
  const other = inObjects ? tableByType.get(legacyTypeOf(row) ?? '') : objectsTable
  const id = textAt(row, 'id')
  if (other === undefined || id === undefined) return undefined
  const twin = file.find(other, id)
  if (twin === undefined || legacyTypeOf(twin) !== legacyTypeOf(row)) return undefined
  const options = { zone: undefined, recordMaxBytes: Number.MAX_SAFE_INTEGER }
  const theirs = convertRow(twin, options)
  if (theirs.pile === 'quarantined' || theirs.record.type !== conclusion.record.type)
    return undefined
  const [ours, its] = [conclusion.record, theirs.record]
  const later =
    its.version - ours.version ||
    compare(its.updatedAt ?? '', ours.updatedAt ?? '') ||
    (inObjects ? 1 : -1)
  if (later < 0) return undefined
  const same =
    sameContent({ data: its.data, lifecycle: its.lifecycle ?? 'active' }, ours) &&
    its.version === ours.version
  const what = same ? 'the same state' : `version ${its.version}`
  return {
    pile: 'quarantined',
    reason: 'superseded',
    detail: `the table ${other} has ${what} of ${JSON.stringify(id)}, changed ${its.updatedAt}; that one counts`,
  }
}

function compare(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1
}
