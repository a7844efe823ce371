/** Tells which records and events can't be read as what they should be, and how they are mended. */
import { counted } from '../../sdk/counted.ts'
import type { JsonObject } from '../../sdk/json.ts'
import { RecordSchema } from '../../sdk/record-schema.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { referencePlaces } from '../../sdk/references.ts'
import type { Connection } from './engine/engine.ts'
import type { Finding } from './finding.ts'

/** What the check is called; its faults are those of single records, not of the file. */
export const quarantineCheck = 'quarantine'

/**
 * Prepares the whole check of a type's data: also what would cost a read too much. References are not looked at: what they
 * name is told by a check of its own.
 */
export function wholeFit(
  definition: RecordTypeDefinition,
): (data: JsonObject) => string | undefined {
  const schema = new RecordSchema(definition)
  const references = new Set(referencePlaces(definition.fields).map(({ field }) => field))
  return (data) => {
    const checked = schema.check(data)
    if (checked.outcome === 'valid') return undefined
    const issue = checked.issues.find(({ path }) => !references.has(path.split('.')[0] ?? ''))
    return issue && `${issue.path}: ${issue.message}`
  }
}

/**
 * Lists what does not fit.
 *
 * @param misfits - Records that do not fit their type, and why.
 */
export function quarantineFinding(connection: Connection, misfits: readonly string[]): Finding {
  const { count, first } = unreadableEvents(connection)
  const check = quarantineCheck
  if (misfits.length + count === 0) {
    return { check, level: 'ok', message: 'every record fits its type, every event can be read' }
  }
  const told = [
    ...(misfits.length === 0
      ? []
      : [`${counted(misfits.length, 'record')} not fitting the type: ${someOf(misfits)}`]),
    ...(count === 0
      ? []
      : [`${counted(count, 'event')} that can't be read: seq ${first.join(', ')}`]),
  ]
  return {
    check,
    level: 'fail',
    message: told.join('; '),
    remedy: misfits.length === 0 ? ofEvents : ofRecords,
  }
}

const ofRecords =
  '`orion get TYPE ID` shows what is stored; `orion update TYPE ID --set` with every field that does not fit mends the record, and so does `orion revert TYPE ID VERSION`. They are marked until then, and nothing else may be done with them but to purge them.'
const ofEvents =
  'Records are not touched: their events come back marked. `orion backup restore FILE` goes back to a log that is whole.'

/** Entries of the log whose JSON is none. Nothing is made of what is in a part that holds no JSON at all. */
function unreadableEvents(connection: Connection): {
  readonly count: number
  readonly first: readonly number[]
} {
  const first: number[] = []
  let count = 0
  connection.prepare(unreadable).walk([], ({ seq }) => {
    count++
    if (first.length < shownMax) first.push(Number(seq))
    return true
  })
  return { count, first }
}

const unreadable = `SELECT seq FROM log WHERE NOT json_valid(actor)
  OR (changed_fields IS NOT NULL AND NOT json_valid(changed_fields))
  OR (data IS NOT NULL AND CASE WHEN NOT json_valid(data) THEN true
    WHEN type IS NOT NULL THEN json_type(data) <> 'object' END)
  ORDER BY seq`

/** Most records and events that are told by name. */
const shownMax = 20

function someOf(misfits: readonly string[]): string {
  const rest = misfits.length - shownMax
  return `${misfits.slice(0, shownMax).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
}
