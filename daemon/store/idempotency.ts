/** The answers of writes that carried a key, kept in the same transaction as the write, for successes only. */
import { createHash } from 'node:crypto'
import { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import { canonicalJson, type Json } from '../../sdk/json.ts'
import type { Connection } from './engine/engine.ts'
import type { SqlCompiler } from './sql.ts'

/** Names one write for good: the same key of another principal or method is another write. */
export interface IdempotencyScope {
  readonly principal: string
  readonly method: string
  readonly key: string
}

/** Looks answers up and keeps them. */
export class IdempotencyAnswers {
  readonly #connection: Connection
  readonly #find: string
  readonly #keep: string
  readonly #forget: string

  constructor(connection: Connection, compiler: SqlCompiler) {
    this.#connection = connection
    this.#find = compiler
      .selectFrom('idempotency')
      .select(['fingerprint', 'result'])
      .where('key', '=', '')
      .where('principal', '=', '')
      .where('method', '=', '')
      .compile().sql
    this.#keep = compiler
      .insertInto('idempotency')
      .columns(['principal', 'method', 'key', 'fingerprint', 'result', 'at'])
      .values({ principal: '', method: '', key: '', fingerprint: '', result: '', at: '' })
      .compile().sql
    this.#forget = `DELETE FROM idempotency WHERE entry IN (SELECT entry FROM idempotency WHERE at < ? ORDER BY entry LIMIT ?)`
  }

  /**
   * The answer that was given to this key.
   *
   * @throws OrionError `idempotency_mismatch` when the key came with other arguments.
   */
  find(scope: IdempotencyScope, fingerprint: string): Json | undefined {
    const row = this.#connection.prepare(this.#find).get([scope.key, scope.principal, scope.method])
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
  keep(scope: IdempotencyScope, answer: { fingerprint: string; result: Json; at: Instant }): void {
    this.#connection
      .prepare(this.#keep)
      .run([
        scope.principal,
        scope.method,
        scope.key,
        answer.fingerprint,
        JSON.stringify(answer.result),
        answer.at,
      ])
  }

  /** Forgets at most `limit` answers older than an instant, oldest first; tells how many. */
  forgetBefore(at: Instant, limit: number): number {
    return this.#connection.prepare(this.#forget).run([at, limit])
  }
}

/** Members that may differ when a write is repeated. */
const notArguments: ReadonlySet<string> = new Set(['idempotencyKey', 'expectedEpoch', 'return'])

/** A digest that is equal for equal arguments, whatever the order of their members. */
export function fingerprintOf(params: object): string {
  const args: { [name: string]: Json } = {}
  for (const [name, value] of Object.entries(params)) {
    if (!notArguments.has(name) && value !== undefined) args[name] = value
  }
  return createHash('sha256').update(canonicalJson(args)).digest('base64url')
}
