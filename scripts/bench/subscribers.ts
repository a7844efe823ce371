/**
 * A process of subscribers of `bench-subscriptions.ts`: several connections with some subscriptions each. It tells its
 * parent when all of them have got the events that the parent asks it to wait for.
 */
import type { MessageConnection } from 'vscode-jsonrpc'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { connectSocket } from '../../sdk/transport/socket.ts'
import { subscribeRedis } from './redis.ts'

/** What is waited for: so many deliveries in all since the last order. */
export interface WaitOrder {
  readonly deliveries: number
}

/** What came: when the last one did, on the clock that all processes share, and how old each event was, in microseconds. */
export interface Waited {
  readonly lastMicros: number
  readonly p50Micros: number
  readonly p99Micros: number
  readonly outOfOrder: number
}

const [contender = '', target = '', connections = '8', each = '125'] = process.argv.slice(2)

/** Counts deliveries and the ages of events. */
class Tally {
  #deliveries = 0
  #outOfOrder = 0
  #wanted = Number.POSITIVE_INFINITY
  #ages: number[] = []

  /** Notes events that came for so many subscriptions at once. */
  note(
    events: readonly { readonly seq: number; readonly sentMicros: number }[],
    subscriptions: number,
    after: number,
  ) {
    const now = nowMicros()
    let last = after
    for (const { seq, sentMicros } of events) {
      if (seq <= last) this.#outOfOrder += 1
      last = seq
      this.#ages.push(now - sentMicros)
    }
    this.count(events.length * subscriptions)
    return last
  }

  count(deliveries: number): void {
    this.#deliveries += deliveries
    if (this.#deliveries >= this.#wanted) this.#tell()
  }

  expect({ deliveries }: WaitOrder): void {
    this.#wanted = deliveries
    if (this.#deliveries >= deliveries) this.#tell()
  }

  #tell(): void {
    const ages = this.#ages.sort((a, b) => a - b)
    const at = (part: number): number => ages[Math.floor((ages.length - 1) * part)] ?? 0
    process.send?.({
      lastMicros: nowMicros(),
      p50Micros: at(0.5),
      p99Micros: at(0.99),
      outOfOrder: this.#outOfOrder,
    } satisfies Waited)
    this.#deliveries -= this.#wanted
    this.#wanted = Number.POSITIVE_INFINITY
    this.#ages = []
    this.#outOfOrder = 0
  }
}

interface SentEvents {
  readonly subscriptionIds: readonly string[]
  readonly events: readonly {
    readonly seq: number
    readonly payload: { readonly sentMicros: number }
  }[]
}

async function subscribe(tally: Tally): Promise<void> {
  const connection: MessageConnection = createConnection(await connectSocket(target))
  let last = 0
  connection.onNotification('subscription/events', ({ subscriptionIds, events }: SentEvents) => {
    const flat = events.map(({ seq, payload }) => ({ seq, sentMicros: payload.sentMicros }))
    // The same event comes once for each subscription where messages are not shared.
    const after = subscriptionIds.length === 1 && Number(each) > 1 ? -1 : last
    last = tally.note(flat, subscriptionIds.length, after)
  })
  connection.listen()
  if (contender === 'orion') {
    await connection.sendRequest('initialize', {
      protocol: { min: 1, max: 1 },
      client: { name: 'bench', kind: 'script' },
    })
  }
  for (let n = 0; n < Number(each); n++) {
    await connection.sendRequest('subscription/open', {
      patterns: ['Bench.tick'],
      allowUnknown: true,
    })
  }
}

function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

const tally = new Tally()
for (let n = 0; n < Number(connections); n++) {
  if (contender === 'redis') {
    await subscribeRedis(target, Number(each), () => tally.count(1))
  } else {
    await subscribe(tally)
  }
}
process.on('message', (order: WaitOrder) => tally.expect(order))
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
