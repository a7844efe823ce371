/** One open transaction in the hands of the daemon's own methods: see `managed-api.ts`. */
import { OrionError } from '../../sdk/errors.ts'
import type { Instant } from '../../sdk/instant.ts'
import type { JsonObject } from '../../sdk/json.ts'
import type { Event, Record, Token, WriteResult } from '../../sdk/model.ts'
import type { Guard, TransactOperation } from '../../sdk/protocol/records.ts'
import { atOperation } from './at-operation.ts'
import { conflictError } from './conflicts.ts'
import type { Authorship } from './event-log.ts'
import type { Attempt, Effect, ManagedTransaction } from './managed-api.ts'
import { RecordWriter } from './record-writer.ts'
import type { Caller } from './store-api.ts'
import type { StoreContext } from './store-context.ts'

/** The work of one managed request. */
export class ManagedWork implements ManagedTransaction {
  readonly tokenOf: (seq: number) => Token
  readonly #context: StoreContext
  readonly #caller: Caller
  readonly #authorship: Authorship

  constructor(
    context: StoreContext,
    parts: {
      readonly caller: Caller
      readonly authorship: Authorship
      readonly tokenOf: (seq: number) => Token
    },
  ) {
    const { caller, authorship } = parts
    this.tokenOf = parts.tokenOf
    this.#context = context
    this.#caller = caller
    this.#authorship = authorship
  }

  get at(): Instant {
    return this.#authorship.at
  }

  get lastSeq(): number {
    return this.#context.log.lastSeq
  }

  read(type: string, id: string): Record | undefined {
    return this.#context.read(this.#context.type(type), id)?.record
  }

  guard({ type, id, version }: Guard, reason: 'guard' | 'version' = 'guard'): void {
    const current = this.read(type, id)
    if ((current?.version ?? null) === version) return
    const race = { reason, type, id, current, expectedVersion: version }
    throw conflictError(this.#context, this.#caller, race)
  }

  batch<T>(run: (perform: (operation: TransactOperation) => Effect) => T): T {
    const writer = this.#writer('end')
    let index = 0
    const value = run((operation) => atOperation(index++, () => writer.perform(operation)))
    writer.finish(atOperation)
    return value
  }

  create(
    fresh: { readonly type: string; readonly id: string; readonly data: JsonObject },
    move: string,
  ): Effect {
    return this.#writer('once').perform({ op: 'create', ...fresh }, move)
  }

  change({ type, id, version }: Record, set: JsonObject, move: string): Effect {
    const update = { op: 'update', type, id, expectedVersion: version, set } as const
    return this.#writer('once').perform(update, move)
  }

  attempt<T>(run: () => T, kept: 'when done' | 'never' = 'when done'): Attempt<T> {
    const { connection, log } = this.#context
    const mark = log.lastSeq
    connection.prepare('SAVEPOINT attempt').run()
    let attempt: Attempt<T>
    try {
      attempt = { outcome: 'done', value: run() }
    } catch (error) {
      // Anything else fails the whole transaction, which undoes this part of it too.
      if (!(error instanceof OrionError)) throw error
      attempt = { outcome: 'refused', error }
    }
    if (attempt.outcome === 'refused' || kept === 'never') {
      connection.prepare('ROLLBACK TO attempt').run()
      log.reset(mark)
    }
    connection.prepare('RELEASE attempt').run()
    return attempt
  }

  #writer(checksAt: 'once' | 'end'): RecordWriter {
    return new RecordWriter(this.#context, {
      caller: this.#caller,
      authorship: this.#authorship,
      checksAt,
    })
  }

  resultOf({ changed, record, seq }: Effect): WriteResult {
    const { type, id, version } = record
    return { type, id, version, changed, token: this.tokenOf(seq) }
  }

  eventsSince(seq: number): readonly Event[] {
    return this.#context.log.unsyncedAfter(seq)
  }
}
