/** What every contender is made to do: the same records, the same number in flight, slices of the same length. */

/** One slice of work for one client; `mixed` is nine reads for each update. */
export interface Slice {
  readonly workload: 'update' | 'update searched' | 'read' | 'mixed'
  readonly inFlight: number
  readonly milliseconds: number
}

/** What came of a slice: operations done, and how long each took, in microseconds. */
export interface SliceResult {
  readonly operations: number
  readonly milliseconds: number
  readonly p50Micros: number
  readonly p99Micros: number
}

/** A client of one contender. Each slot in flight has a record of its own, so that no update loses. */
export interface BenchClient {
  /** Reads the record of a slot. */
  read(slot: number): Promise<unknown>
  /** Changes the record of a slot, durably, against the version this client last saw. */
  update(slot: number): Promise<unknown>
  /** The same for a record whose text is searched; undefined for who does not search. */
  updateSearched?(slot: number): Promise<unknown>
  close(): Promise<void>
}

/** Keeps `inFlight` operations under way until the time is over. */
export async function runSlice(client: BenchClient, slice: Slice): Promise<SliceResult> {
  const latencies: number[] = []
  const started = performance.now()
  const end = started + slice.milliseconds
  const operation = operationOf(client, slice.workload)
  const worker = async (slot: number): Promise<void> => {
    for (let now = performance.now(); now < end; ) {
      await operation(slot)
      const after = performance.now()
      latencies.push(after - now)
      now = after
    }
  }
  await Promise.all(Array.from({ length: slice.inFlight }, (_, slot) => worker(slot)))
  const milliseconds = performance.now() - started
  latencies.sort((a, b) => a - b)
  return {
    operations: latencies.length,
    milliseconds,
    p50Micros: at(latencies, 0.5) * 1000,
    p99Micros: at(latencies, 0.99) * 1000,
  }
}

function operationOf(
  client: BenchClient,
  workload: Slice['workload'],
): (slot: number) => Promise<unknown> {
  if (workload === 'read') return (slot) => client.read(slot)
  if (workload === 'update') return (slot) => client.update(slot)
  if (workload === 'mixed') {
    let count = 0
    return (slot) => (++count % 10 === 0 ? client.update(slot) : client.read(slot))
  }
  return (slot) =>
    client.updateSearched?.(slot) ?? Promise.reject(new Error('its text is not searched'))
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** What the benchmarks write. */
export interface InsightData {
  summary: string
  domain: string
  tags: string[]
  confidenceScore: number
}

/** The data of one record: about 480 bytes as JSON. */
export function insightData(slot: number, round: number): InsightData {
  const words = 'the cache of the build was stale because its key left out the compiler; '
  return {
    summary: `${round} ${words.repeat(6).slice(0, 330)}`,
    domain: `domain-${slot % 20}`,
    tags: ['ci', 'cache', `t${slot % 31}`],
    confidenceScore: (round % 100) / 100,
  }
}
