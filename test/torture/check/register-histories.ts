/** What clients did to each record as a history of one register with versions, and whether the histories hold. */
import type { Operation, Result, Shown } from '../journal.ts'
import type { Read, Write } from './client-account.ts'
import { findDisorder, type Model, type Timed } from './linearizability.ts'

/** A record as far as operations on it depend on it. Version 0: there is none yet. */
export interface Register {
  readonly version: number
  readonly lifecycle: string
  readonly value: string
}

const none: Register = { version: 0, lifecycle: 'none', value: '' }
const model: Model<Register> = {
  initial: none,
  name: ({ version, lifecycle, value }) => `${version} ${lifecycle} ${value}`,
}

/** Records whose history no order of the operations explains. */
export function registerProblems(writes: Iterable<Write>, reads: Iterable<Read>): string[] {
  const histories = registerHistories(writes, reads)
  return [...histories].flatMap(([key, operations]) => {
    const stuck = operations.length < 2 ? undefined : findDisorder(operations, model)
    if (stuck === undefined) return []
    const next = stuck.candidates.slice(0, 5).join('; ')
    return [`not linearizable: ${key}, after ${stuck.after} of ${operations.length}, by ${next}`]
  })
}

/** The operations on each record, by `type/id`. */
export function registerHistories(
  writes: Iterable<Write>,
  reads: Iterable<Read>,
): Map<string, Timed<Register>[]> {
  const histories = new Map<string, Timed<Register>[]>()
  const add = (key: string, operation: Timed<Register>): void => {
    const known = histories.get(key)
    if (known === undefined) histories.set(key, [operation])
    else known.push(operation)
  }
  for (const write of writes) {
    for (const [index, operation] of write.operations.entries()) {
      const step = stepOf(write, operation, index)
      if (step === undefined) continue
      const { key, sentUs, heardUs = Number.POSITIVE_INFINITY, answer } = write
      const told = `${key} ${operation.op} ${operation.expectedVersion ?? ''} ${answer.as}`
      const place = `${operation.type}/${operation.id}`
      add(place, { calledAt: sentUs, returnedAt: heardUs, step, told })
    }
  }
  for (const { type, id, sentUs, heardUs, record } of reads) {
    const told = `a read of version ${record?.version ?? 0}`
    const step = (state: Register) => (isShown(state, record) ? state : undefined)
    add(`${type}/${id}`, { calledAt: sentUs, returnedAt: heardUs, step, told })
  }
  return histories
}

type Step = Timed<Register>['step']

function stepOf(
  { answer, operations }: Write,
  operation: Operation,
  index: number,
): Step | undefined {
  switch (answer.as) {
    case 'acknowledged': {
      const result = answer.results[index]
      if (result === undefined) return () => undefined
      return (state) => acknowledgedStep(state, operation, result)
    }
    case 'refused': {
      const { current, kind } = answer
      // Of a transaction it is not said here which operation lost.
      if (operations.length > 1) return undefined
      if (kind === 'not_found') return (state) => (state.version === 0 ? state : undefined)
      if (kind !== 'conflict' || current === undefined) return undefined
      return (state) => {
        const lost = state.version !== (operation.expectedVersion ?? 0)
        return lost && isShown(state, current) ? state : undefined
      }
    }
    default:
      return (state) => applied(state, operation)
  }
}

function acknowledgedStep(state: Register, operation: Operation, result: Result) {
  if (!result.changed) return state.version === result.version ? state : undefined
  const after = applied(state, operation)
  return after?.version === result.version ? after : undefined
}

/** The state after an operation that has an effect; undefined where it would not have one. */
function applied(state: Register, operation: Operation): Register | undefined {
  const { op, expectedVersion, data, set } = operation
  if (expectedVersion !== undefined && expectedVersion !== state.version) return undefined
  if ((op === 'create') !== (state.version === 0)) return undefined
  if (op === 'update' && state.lifecycle !== 'active') return undefined
  const lifecycle = op === 'delete' ? 'deleted' : 'active'
  if ((op === 'delete' || op === 'restore') && lifecycle === state.lifecycle) return undefined
  const written = (data ?? set)?.summary
  const value = typeof written === 'string' ? written : state.value
  return { version: state.version + 1, lifecycle, value }
}

function isShown(state: Register, record: Shown | null): boolean {
  if (record === null) return state.version === 0
  const value = typeof record.data.summary === 'string' ? record.data.summary : ''
  const { version, lifecycle } = record
  return state.version === version && state.lifecycle === lifecycle && state.value === value
}

/**
 * Whether the order of the log is one in which things happened: a write that was sent after another had been answered
 * stands after it.
 */
export function orderProblems(writes: Iterable<Write>): string[] {
  const placed = [...writes].flatMap(({ key, sentUs, heardUs, answer }) => {
    const result =
      answer.as === 'acknowledged' ? answer.results.find(({ changed }) => changed) : undefined
    if (result === undefined || heardUs === undefined) return []
    const seq = Number(result.token.slice(result.token.lastIndexOf('.') + 1))
    return [{ key, seq, sentUs, heardUs }]
  })
  placed.sort((left, right) => right.seq - left.seq)
  const problems: string[] = []
  let soonest = { key: '', seq: 0, heardUs: Number.POSITIVE_INFINITY }
  for (const write of placed) {
    if (soonest.heardUs < write.sentUs) {
      problems.push(
        `out of order: ${write.key} was sent after ${soonest.key} was answered, and has seq ${write.seq} before ${soonest.seq}`,
      )
    }
    if (write.heardUs < soonest.heardUs) soonest = write
  }
  return problems
}
