/** What clients sent and were answered, held against what their store has. */
import {
  type Answer,
  type JournalLine,
  type Operation,
  type Result,
  type Shown,
  saysNothingOfEarlier,
} from '../journal.ts'
import type { Logged } from './disk.ts'
import { sameJson } from './same-json.ts'

/** One write over all the times that it was sent. */
export interface Write {
  readonly key: string
  readonly operations: readonly Operation[]
  /** When it was first sent, and first answered for good; undefined as long as nobody knows. */
  readonly sentUs: number
  readonly heardUs: number | undefined
  readonly answer: Answer & { as: 'acknowledged' | 'refused' | 'unknown' }
  /** It was sent again, because nobody knew what had come of it. */
  readonly isRepeated: boolean
}

/** One look at a record. */
export interface Read {
  readonly type: string
  readonly id: string
  readonly sentUs: number
  readonly heardUs: number
  readonly record: Shown | null
}

/** Refusals that a run brings about: a lost race, the end of a daemon, a disk that fails. */
const expectedKinds: ReadonlySet<string> = new Set([
  'conflict',
  'draining',
  'overloaded',
  'storage_full',
  'storage_failed',
])
/** What was deleted meanwhile is not updated, and what is there is not brought back. */
const onMoved: ReadonlySet<string> = new Set(['invalid_request'])

/** Collects the journals of all clients of one store. */
export class ClientAccount {
  readonly writes = new Map<string, Write>()
  readonly reads: Read[] = []
  readonly #looking = new Map<string, { type: string; id: string; sentUs: number }>()
  readonly #effects = new Map<string, Logged[]>()
  /** Writes and events that came since the last judgement. */
  readonly #touched = new Set<string>()
  acknowledged = 0
  refused = 0
  repeated = 0

  /** Takes a line of a journal, and says what is wrong with an answer by itself. */
  take(line: JournalLine): string[] {
    if (line.line === 'sent') {
      const { key, atUs, write, read } = line
      if (read !== undefined) this.#looking.set(key, { ...read, sentUs: atUs })
      if (write !== undefined) this.#sent(key, atUs, write)
    }
    return line.line === 'heard' ? this.#heard(line.key, line.atUs, line.answer) : []
  }

  /** Takes events of the log, oldest first. */
  takeLog(rows: readonly Logged[]): void {
    for (const row of rows) {
      const key = row.reason ?? ''
      const known = this.#effects.get(key)
      if (known === undefined) this.#effects.set(key, [row])
      else known.push(row)
      this.#touched.add(key)
    }
  }

  /** Judges what came since the last time, or all of it. */
  judge(scope: 'new' | 'all'): string[] {
    const keys =
      scope === 'new' ? [...this.#touched] : [...this.writes.keys(), ...this.#effects.keys()]
    this.#touched.clear()
    return [...new Set(keys)].flatMap((key) => this.#judge(key))
  }

  #sent(key: string, atUs: number, operations: readonly Operation[]): void {
    const known = this.writes.get(key)
    this.#touched.add(key)
    if (known !== undefined) {
      this.repeated += 1
      this.writes.set(key, { ...known, isRepeated: true })
      return
    }
    const answer = { as: 'unknown', why: 'not answered' } as const
    const first = { key, operations, sentUs: atUs, heardUs: undefined, isRepeated: false }
    this.writes.set(key, { ...first, answer })
  }

  #heard(key: string, heardUs: number, answer: Answer): string[] {
    if (answer.as === 'read') {
      const looking = this.#looking.get(key)
      this.#looking.delete(key)
      if (looking === undefined) return [`${key} heard what it did not ask for`]
      this.reads.push({ ...looking, heardUs, record: answer.record })
      return []
    }
    const write = this.writes.get(key)
    if (write === undefined) return this.#looking.has(key) ? [] : [`${key} was never sent`]
    this.#touched.add(key)
    if (answer.as === 'unknown' || (write.isRepeated && saysNothingOfEarlier(answer))) return []
    if (write.answer.as === 'acknowledged') return repeatProblems(key, write.answer.results, answer)
    if (answer.as === 'acknowledged') this.acknowledged += 1
    else this.refused += 1
    this.writes.set(key, { ...write, heardUs, answer })
    return answer.as === 'refused' ? refusalProblems(write, answer.kind) : []
  }

  #judge(key: string): string[] {
    const found = this.#effects.get(key) ?? []
    const write = this.writes.get(key)
    if (write === undefined) {
      return found.map(
        ({ seq }) => `phantom: nobody wrote the event ${seq} (${key || 'no reason'})`,
      )
    }
    const { answer } = write
    if (answer.as === 'refused') {
      return found.map(
        ({ seq }) => `phantom: ${key} was refused (${answer.kind}), and is in ${seq}`,
      )
    }
    if (answer.as === 'acknowledged') return acknowledgedProblems(write, answer.results, found)
    return found.length === 0 ? [] : effectProblems(write, write.operations, found)
  }
}

function refusalProblems({ key, operations }: Write, kind: string): string[] {
  if (expectedKinds.has(kind)) return []
  // Whether it could be missing is for the history of the record to say.
  if (kind === 'not_found' && operations.some(({ op }) => op !== 'create')) return []
  if (
    onMoved.has(kind) &&
    operations.some(({ expectedVersion }) => expectedVersion !== undefined)
  ) {
    return []
  }
  return [`${key} was refused as ${kind}`]
}

function repeatProblems(key: string, first: readonly Result[], again: Answer): string[] {
  if (again.as === 'refused' && again.kind !== 'conflict' && expectedKinds.has(again.kind))
    return []
  if (again.as !== 'acknowledged') return [`${key} was acknowledged, and then ${again.as}`]
  return again.results.flatMap((result, index) => {
    const { version, token, id } = first[index] ?? {}
    const isSame = result.id === id && result.version === version && result.token === token
    return isSame && result.replayed === true
      ? []
      : [`${key} was answered ${id} ${version}, and ${JSON.stringify(result)} when repeated`]
  })
}

function acknowledgedProblems(
  write: Write,
  results: readonly Result[],
  found: readonly Logged[],
): string[] {
  const changed = write.operations.filter((_, index) => results[index]?.changed !== false)
  if (found.length === 0 && changed.length > 0) {
    return [`lost: ${write.key} was acknowledged (${JSON.stringify(results)}), and is not there`]
  }
  const problems = effectProblems(write, changed, found)
  for (const { id, version, token, changed: isChange } of results) {
    if (!isChange) continue
    const place = Number(token.slice(token.lastIndexOf('.') + 1))
    // A result's token is that of its event or of the end of its transaction.
    const isThere = found.some((row) => row.id === id && row.version === version)
    const isPlaced = found.some(({ seq }) => seq === place)
    if (!isThere) problems.push(`lost: ${write.key} was acknowledged as ${id} ${version}`)
    else if (!isPlaced) problems.push(`${write.key} was acknowledged at ${place}, and is elsewhere`)
  }
  return problems
}

/** A write has each of its effects once, all of them in one transaction, with the values that were sent. */
function effectProblems(
  { key }: Write,
  operations: readonly Operation[],
  found: readonly Logged[],
): string[] {
  const [first] = found
  const isWhole =
    found.length === operations.length &&
    found.every(({ txn }) => txn === first?.txn) &&
    operations.every(
      ({ type, id }, index) => found[index]?.type === type && found[index]?.id === id,
    )
  if (!isWhole) {
    const places = found.map(({ id, seq, txn }) => `${id} in ${seq} of ${txn}`).join(', ')
    const wanted = operations.map(({ id }) => id).join(', ')
    return [`doubled or torn: ${key} is ${places} rather than ${wanted} once and together`]
  }
  return operations.flatMap(({ data, set, id }, index) => {
    const sent = data ?? set ?? {}
    const kept = found[index]?.data ?? {}
    const wrong = Object.keys(sent).filter((name) => !sameJson(sent[name], kept[name]))
    return wrong.map((name) => `${key} sent another ${name} of ${id} than is kept`)
  })
}

/** Additions must add up: each of them is one more than the event before it has. */
export function additionProblems(
  writes: ReadonlyMap<string, Write>,
  log: readonly Logged[],
): string[] {
  const sums = new Map<string, number>()
  const problems: string[] = []
  for (const { type, id, reason, data, seq } of log) {
    const value = data?.frequencyCount
    if (typeof value !== 'number') continue
    const key = `${type}/${id}`
    const about = writes.get(reason ?? '')?.operations.find((one) => one.id === id)
    const expected = about?.apply === undefined ? value : (sums.get(key) ?? 0) + 1
    if (value !== expected)
      problems.push(`seq ${seq} makes ${key} ${value} rather than ${expected}`)
    sums.set(key, value)
  }
  return problems
}
