/** What subscribers were told, held against what their store has: all of it, once, in order, and nothing else. */
import type { JournalLine, Told } from '../journal.ts'
import type { Logged } from './disk.ts'
import { sameJson } from './same-json.ts'

interface Stream {
  readonly pattern: string
  /** Everything after this position that fits was told. */
  toldSeq: number
  /** Told, and not compared with the log yet. */
  pending: Told[]
}

/** All the subscriptions of one store, each over all its connections. */
export class StreamAccount {
  readonly #streams = new Map<string, Stream>()
  /** Events that were told, to all of them. */
  told = 0

  take(line: JournalLine): string[] {
    switch (line.line) {
      case 'opened': {
        const { subscription, pattern, afterSeq } = line
        this.#streams.set(subscription, { pattern, toldSeq: afterSeq, pending: [] })
        return []
      }
      case 'told': {
        const stream = this.#streams.get(line.subscription)
        if (stream === undefined) return [`${line.subscription} was told before it was open`]
        stream.pending.push(...line.events)
        this.told += line.events.length
        return []
      }
      case 'gap':
        return [`${line.subscription} was told of a gap: ${line.reason}`]
      case 'problem':
        return [line.what]
      default:
        return []
    }
  }

  /** Compares what was told with the log, which is whole up to its end. */
  judge(log: readonly Logged[]): string[] {
    return [...this.#streams].flatMap(([name, stream]) => judgeOne(name, stream, log))
  }
}

function judgeOne(name: string, stream: Stream, log: readonly Logged[]): string[] {
  const problems: string[] = []
  const fits = fitterOf(stream.pattern)
  for (const event of stream.pending) {
    const { seq } = event
    if (seq <= stream.toldSeq) {
      problems.push(`${name} was told ${seq} after ${stream.toldSeq}`)
      continue
    }
    // The log begins with 1 and has no holes, or that was found already.
    const missed = log.slice(stream.toldSeq, seq - 1).filter(fits)
    if (missed.length > 0) {
      const [first] = missed
      problems.push(
        `dropped: ${name} was told ${seq}, and not ${first?.seq} (${missed.length} in all)`,
      )
    }
    const row = log[seq - 1]
    if (row === undefined) problems.push(`leaked: ${name} was told ${seq}, which is not on disk`)
    else if (!isOf(event, row)) {
      const was = JSON.stringify(event)
      problems.push(`${name} was told ${was}, and the log has ${JSON.stringify(row)}`)
    }
    stream.toldSeq = seq
  }
  stream.pending = []
  return problems
}

function isOf(event: Told, row: Logged): boolean {
  const topic = row.topic ?? `${row.type}.${row.op}`
  const isPlaced = event.txn === row.txn && event.topic === topic
  const isAbout = (event.id ?? null) === row.id && (event.version ?? null) === row.version
  const isWhy = (event.reason ?? null) === row.reason
  return isPlaced && isAbout && isWhy && sameJson(event.data ?? null, row.data)
}

/** The patterns of a torture: all, or all of one type. */
function fitterOf(pattern: string): (row: Logged) => boolean {
  if (pattern === '*') return () => true
  const [type] = pattern.split('.*')
  return (row) => row.type === type
}
