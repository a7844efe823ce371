/** The moves of a record between its lifecycles. */
import { OrionError } from '../../sdk/errors.ts'
import type { Lifecycle, Operation, Record } from '../../sdk/model.ts'

/** What deleting, restoring and archiving make of a record. */
export const moves: {
  readonly [M in 'delete' | 'restore' | 'archive']: {
    readonly lifecycle: Lifecycle
    readonly op: Operation
  }
} = {
  delete: { lifecycle: 'deleted', op: 'deleted' },
  restore: { lifecycle: 'active', op: 'restored' },
  archive: { lifecycle: 'archived', op: 'archived' },
}

/** A record in a state of its life in which this can't be done to it. */
export function wrongLifecycle(record: Record, what: string): OrionError {
  return new OrionError(
    'invalid_request',
    `${record.type} ${JSON.stringify(record.id)} is ${record.lifecycle} and can't be ${what}`,
    { remedy: `Restore it first, with record/restore and expectedVersion ${record.version}.` },
  )
}
