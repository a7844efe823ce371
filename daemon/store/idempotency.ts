/** The answers of writes that carried a key, kept in the same transaction as the write, for successes only. */
import { OrionError } from '../../sdk/errors.ts'
import type { Json } from '../../sdk/json.ts'
import { digestOf } from './argument-digest.ts'
import type { Connection } from './engine/engine.ts'
import type { SqlCompiler } from './sql.ts'

/** Names one write for good: the same key of another principal or method is another write. */
export interface IdempotencyScope {
  readonly method: string
  readonly key: string
  /** All three as the key of the table. */
  readonly writeKey: string
}

/** No method and no principal holds a line break. Keys of one client often follow one another, and so do their rows. */
export function idempotencyScope(principal: string, method: string, key: string): IdempotencyScope {
  return { method, key, writeKey: `${method}\n${principal}\n${key}` }
}

/** Looks answers up and keeps them. */
export class IdempotencyAnswers {
  readonly #connection: Connection
  readonly #find: string
  readonly #keep: string
  /** Where the walk of `forgetBefore` stands. */
  #walkedTo = ''

  constructor(connection: Connection, compiler: SqlCompiler) {
    this.#connection = connection
    this.#find = compiler
      .selectFrom('idempotency')
      .select(['fingerprint', 'result'])
      .where('write_key', '=', '')
      .compile().sql
    this.#keep = compiler
      .insertInto('idempotency')
      .columns(['write_key', 'fingerprint', 'result', 'at_s'])
      .values({ write_key: '', fingerprint: '', result: '', at_s: 0 })
      .compile().sql
  }

  /**
   * The answer that was given to this key.
   *
   * @throws OrionError `idempotency_mismatch` when the key came with other arguments.
   */
  find(scope: IdempotencyScope, fingerprint: string): Json | undefined {
    const row = this.#connection.prepare(this.#find).get([scope.writeKey])
    if (row === undefined) return undefined
    if (row.fingerprint !== fingerprint) {
      throw new OrionError(
        'idempotency_mismatch',
        `the idempotency key ${JSON.stringify(scope.key)} was used for ${scope.method} with other arguments`,
        {
          remedy:
            'Take a fresh key for each write, and the same key only to repeat the same write.',
        },
      )
    }
    return JSON.parse(String(row.result))
  }

  /** Keeps an answer; it holds no values of records, so a purge need not look here. */
  keep(
    scope: IdempotencyScope,
    answer: { fingerprint: string; result: Json; atMicros: number },
  ): void {
    this.#connection
      .prepare(this.#keep)
      .run([
        scope.writeKey,
        answer.fingerprint,
        JSON.stringify(answer.result),
        Math.floor(answer.atMicros / 1_000_000),
      ])
  }

  /**
   * Walks on over at most `limit` answers and forgets those from before a second since 1970. There is no index by
   * time, which every write would pay for: who wants all the old ones forgotten calls until the walk is over.
   *
   * @returns whether the walk is over; the next call begins a new one.
   */
  forgetBefore(second: number, limit: number): boolean {
    const rows = this.#connection
      .prepare(
        'SELECT write_key, at_s FROM idempotency WHERE write_key > ? ORDER BY write_key LIMIT ?',
      )
      .all([this.#walkedTo, limit])
    const forget = this.#connection.prepare('DELETE FROM idempotency WHERE write_key = ?')
    for (const row of rows) {
      if (Number(row.at_s) < second) forget.run([row.write_key ?? null])
    }
    const isOver = rows.length < limit
    this.#walkedTo = isOver ? '' : String(rows.at(-1)?.write_key)
    return isOver
  }
}

/** Members that may differ when a write is repeated. */
const notArguments: ReadonlySet<string> = new Set([
  'idempotencyKey',
  'expectedEpoch',
  'return',
  'deadlineMs',
  'toolCall',
])

/** A digest that is equal for equal arguments, whatever the order of their members. */
export function fingerprintOf(params: object): string {
  const args: { [name: string]: Json } = {}
  for (const [name, value] of Object.entries(params)) {
    if (!notArguments.has(name) && value !== undefined) args[name] = value
  }
  return digestOf(args)
}
