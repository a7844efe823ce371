/** Deliberate breaks of the store, the log, subscriptions and the daemon's life, and the tests that have to notice. */
import type { SourcePatch } from './source-patch.ts'

/** One break. */
export interface Mutant extends SourcePatch {
  /** What is broken, for people: ends the sentence "a daemon in which …". */
  readonly what: string
  readonly area: 'store' | 'log' | 'subscriptions' | 'life'
  /** The file that has to fail. */
  readonly test: string
}

const writeQueue = 'daemon/store/write-queue.ts'
const recordWriter = 'daemon/store/record-writer.ts'
const writeRequests = 'daemon/store/write-requests.ts'
const pump = 'daemon/events/connection-pump.ts'

/** All of them. */
export const mutants: readonly Mutant[] = [
  {
    what: 'writers are answered before the sync',
    area: 'store',
    file: writeQueue,
    find: 'await this.#sync(group)',
    replace: 'void this.#sync(group)',
    test: 'test/store/durability.test.ts',
  },
  {
    what: 'a read does not wait for the sync of what it saw',
    area: 'store',
    file: writeQueue,
    find: 'if (seq <= this.#events.durableSeq) return undefined',
    replace: 'if (seq >= 0) return undefined',
    test: 'test/store/durability.test.ts',
  },
  {
    what: 'the store goes on writing after a sync has failed',
    area: 'store',
    file: writeQueue,
    find: "this.#state = 'failed'\n",
    replace: '\n',
    test: 'test/store/durability.test.ts',
  },
  {
    what: 'a refused request of several operations leaves the first of them behind',
    area: 'store',
    file: writeQueue,
    find: "this.#connection.prepare('ROLLBACK TO request').run()",
    replace: '',
    test: 'test/store/transactions.test.ts',
  },
  {
    what: 'a write wins although the record has another version than it names',
    area: 'store',
    file: recordWriter,
    find: '!operation.force && version !== expectedVersion',
    replace: '!operation.force && version < expectedVersion',
    test: 'test/store/writes.test.ts',
  },
  {
    what: 'a record that was purged begins with version 1 again',
    area: 'store',
    file: recordWriter,
    find: '((tombstone?.version ?? 0) + 1) as Version',
    replace: '1 as Version',
    test: 'test/store/writes.test.ts',
  },
  {
    what: 'guards of a transaction are not looked at',
    area: 'store',
    file: writeRequests,
    find: 'if ((current?.version ?? null) === version) return',
    replace: 'if (current !== null) return',
    test: 'test/store/transactions.test.ts',
  },
  {
    what: 'a repeated key is written once more',
    area: 'store',
    file: writeRequests,
    find: 'if (kept !== undefined) return body.replay(kept)',
    replace: '',
    test: 'test/store/transactions.test.ts',
  },
  {
    what: 'a key that comes with other arguments is answered with what the first ones did',
    area: 'store',
    file: 'daemon/store/idempotency.ts',
    find: 'if (row.fingerprint !== fingerprint) {',
    replace: 'if (row.fingerprint === undefined) {',
    test: 'test/store/transactions.test.ts',
  },
  {
    what: 'time goes back when the clock does',
    area: 'log',
    file: 'daemon/store/store-context.ts',
    find: 'Math.max(this.#clock.nowMicros(), this.#lastMicros + 1)',
    replace: 'this.#clock.nowMicros()',
    test: 'test/store/durability.test.ts',
  },
  {
    what: 'the seq of a refused request is not given back',
    area: 'log',
    file: 'daemon/store/event-log.ts',
    find: '    this.#lastSeq = mark\n',
    replace: '',
    test: 'test/store/transactions.test.ts',
  },
  {
    what: 'a page of the log from memory ends inside a transaction',
    area: 'log',
    file: 'daemon/store/log-tail.ts',
    find: 'if (cut > from) return cut',
    replace: 'if (cut > from) return end',
    test: 'test/store/log-pages.test.ts',
  },
  {
    what: 'a page of the log from the file ends inside a transaction',
    area: 'log',
    file: 'daemon/store/event-log.ts',
    find: 'if (cut > 0) return events.slice(0, cut)',
    replace: 'if (cut > 0) return events.slice(0, limit)',
    test: 'test/store/log-pages.test.ts',
  },
  {
    what: 'a compaction does not wait for subscribers that have yet to read',
    area: 'log',
    file: 'daemon/store/retention.ts',
    find: 'Math.min(bounded, Math.max(held, capped), events.durableSeq)',
    replace: 'Math.min(bounded, events.durableSeq)',
    test: 'test/daemon/compaction.test.ts',
  },
  {
    what: 'subscribers are not told of one event in ten',
    area: 'subscriptions',
    file: pump,
    find: 'turns.collect(fanOut.deliveries(events),',
    replace: 'turns.collect(fanOut.deliveries(events.filter(({ seq }) => seq % 10 !== 0)),',
    test: 'test/events/connection-pump.test.ts',
  },
  {
    what: 'the pump goes on while the transport takes no more',
    area: 'subscriptions',
    file: 'daemon/events/notification-writer.ts',
    find: '    await this.#lastWrite\n',
    replace: '',
    test: 'test/events/connection-pump.test.ts',
  },
  {
    what: 'something comes for a subscription that was closed',
    area: 'subscriptions',
    file: pump,
    find: 'subscribers.filter(({ closed }) => !closed)',
    replace: 'subscribers.filter(() => true)',
    test: 'test/events/connection-pump.test.ts',
  },
  {
    what: 'a position below the floor is served without a word',
    area: 'subscriptions',
    file: pump,
    find: "subscriber.gap ??= 'compacted'",
    replace: 'subscriber.gap ??= undefined',
    test: 'test/events/subscription-model.test.ts',
  },
  {
    what: 'a record that no longer fits a filter leaves it in silence',
    area: 'subscriptions',
    file: 'daemon/store/record-filter.ts',
    find: "return fitted === false ? undefined : 'left'",
    replace: 'return undefined',
    test: 'test/events/subscription-model.test.ts',
  },
  {
    what: 'patterns do not tell capitals from small letters',
    area: 'subscriptions',
    file: 'daemon/events/topic-pattern.ts',
    find: 'nocase: false',
    replace: 'nocase: true',
    test: 'test/events/topic-pattern.test.ts',
  },
  {
    what: 'the end closes first what was opened first',
    area: 'life',
    file: 'daemon/lifecycle/close-stack.ts',
    find: 'closer = this.#closers.pop()) {',
    replace: 'closer = this.#closers.shift()) {',
    test: 'test/daemon/daemon-process.test.ts',
  },
  {
    what: 'nobody ends a daemon that nobody needs',
    area: 'life',
    file: 'daemon/lifecycle/idle-exit.ts',
    find: 'else this.#options.onIdle()',
    replace: '',
    test: 'test/daemon/daemon-process.test.ts',
  },
  {
    what: 'a daemon whose store was taken away serves on',
    area: 'life',
    file: 'daemon/lifecycle/self-check.ts',
    find: 'if (lost === undefined) return',
    replace: 'if (lost !== null) return',
    test: 'test/e2e/ruin.test.ts',
  },
  {
    what: 'somebody gets the lock who has only a part of it',
    area: 'life',
    file: 'sdk/launch/owner-lock.ts',
    find: 'if (fds.length < targets.length) {',
    replace: 'if (fds.length < 0) {',
    test: 'test/launch/owner-lock.test.ts',
  },
  {
    what: 'an instance that ends removes the discovery file of the next one',
    area: 'life',
    file: 'sdk/launch/discovery-file.ts',
    find: 'if (isPublished(path, instanceId)) rmSync',
    replace: 'rmSync',
    test: 'test/launch/discovery-file.test.ts',
  },
  {
    what: 'new requests are taken while the daemon ends',
    area: 'life',
    file: 'daemon/lifecycle/shutdown.ts',
    find: "return this.#state === 'serving'",
    replace: "return this.#state !== 'ended'",
    test: 'test/daemon/shutdown.test.ts',
  },
]
