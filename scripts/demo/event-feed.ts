import type { SeenEvent } from './messages.ts'

/**
 * Events as lines for people, in order: seq, topic, version, who. A long run of one topic becomes one line with its
 * range, so that a storm does not bury the story.
 *
 * @param width - Longest line; undefined for no limit.
 */
export function feedLines(events: readonly SeenEvent[], width: number | undefined): string[] {
  const runs: SeenEvent[][] = []
  for (const event of events) {
    const run = runs.at(-1)
    if (run?.[0]?.topic === event.topic) run.push(event)
    else runs.push([event])
  }
  return runs
    .flatMap((run) => (run.length > runMaxLines ? [rangeLine(run)] : run.map(eventLine)))
    .map((line) => cut(line, width))
}

/** A run of more events than this is told in one line. */
const runMaxLines = 3

function eventLine({ seq, topic, version, actor }: SeenEvent): string {
  const at = version === undefined ? '' : ` v${version}`
  return `#${seq} ${topic}${at}  ${actor.principal}`
}

function rangeLine(run: readonly SeenEvent[]): string {
  const [first, last] = [run[0], run.at(-1)]
  const who = [...new Set(run.map(({ actor }) => actor.principal))]
  const by = who.length === 1 ? who[0] : `by ${who.length}`
  return `#${first?.seq}–${last?.seq} ${first?.topic} ×${run.length}  ${by}`
}

function cut(line: string, width: number | undefined): string {
  return width === undefined || line.length <= width ? line : `${line.slice(0, width - 1)}…`
}
