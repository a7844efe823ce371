/** What a proposal is based on: fixed when it is made, looked at again before anything follows from it. */
import { OrionError } from '../../sdk/errors.ts'
import type { Record } from '../../sdk/model.ts'
import { proposalType } from '../../sdk/proposal-states.ts'
import type { Guard, TransactOperation } from '../../sdk/protocol/records.ts'
import { uuidV7 } from '../../sdk/uuid-v7.ts'
import type { ManagedTransaction } from '../store/managed-api.ts'
import type { Plan } from './proposal-plan.ts'

/** Operations with every id and version said, and the versions of all that they are about. */
export interface Resolved {
  readonly operations: readonly TransactOperation[]
  readonly bases: readonly Guard[]
}

/** A record that is not at the version that a proposal is based on. */
export interface Moved {
  readonly type: string
  readonly id: string
  readonly expected: number | null
  readonly found: number | null
}

/**
 * Fixes exactly what would happen, by trying it out and taking it back.
 *
 * @throws OrionError of the operation that would be refused, or of a guard that does not hold.
 */
export function resolve(work: ManagedTransaction, asked: Plan): Resolved {
  const tried = work.attempt(() => resolveAndDo(work, asked), 'never')
  if (tried.outcome === 'refused') throw tried.error
  return tried.value
}

/** Told of each operation: the record before it, if there was one, and after it. */
type OnEffect = (before: Record | undefined, after: Record) => void

/** Does what is asked for, and says exactly what that was. */
export function resolveAndDo(
  work: ManagedTransaction,
  asked: Plan,
  onEffect: OnEffect = () => {},
): Resolved {
  const bases = new Map<string, Guard>()
  for (const guard of asked.guards) {
    work.guard(guard)
    bases.set(keyOf(guard), guard)
  }
  const operations = work.batch((perform) =>
    asked.operations.map((operation, index) => {
      assertProposable(operation, index)
      const { type } = operation
      const id = operation.id ?? uuidV7()
      const current = work.read(type, id)
      const version = current?.version ?? null
      if (!bases.has(keyOf({ type, id }))) bases.set(keyOf({ type, id }), { type, id, version })
      const whole: TransactOperation =
        operation.op === 'create'
          ? { ...operation, id }
          : { ...operation, expectedVersion: operation.expectedVersion ?? version ?? undefined }
      onEffect(current, perform(whole).record)
      return whole
    }),
  )
  return { operations, bases: [...bases.values()] }
}

/** A proposal says what it would do to which version; and none changes proposals, itself least of all. */
function assertProposable(operation: TransactOperation, index: number): void {
  const problem =
    operation.op !== 'create' && operation.force
      ? 'force can’t be fixed beforehand: it says nothing of what it would overwrite'
      : operation.type === proposalType
        ? 'proposals can’t be changed by a proposal'
        : undefined
  if (problem === undefined) return
  throw new OrionError('invalid_request', `operation ${index}: ${problem}`, {
    operation: index,
    remedy: 'leave the operation out',
  })
}

/** What is not at the version any more that a proposal is based on. */
export function movedSince(work: ManagedTransaction, bases: readonly Guard[]): Moved[] {
  return bases.flatMap(({ type, id, version: expected }) => {
    const found = work.read(type, id)?.version ?? null
    return found === expected ? [] : [{ type, id, expected, found }]
  })
}

function keyOf({ type, id }: Pick<Guard, 'type' | 'id'>): string {
  return `${type}\n${id}`
}
