import type { Record } from '../../sdk/model.ts'
import { RecordReferrers } from '../../sdk/protocol/references.ts'
import { nameOf } from './record-text.ts'
import type { ToolCall } from './tool.ts'

/** A record that was found, and the one that took its place since, if one did. */
export interface Ranked<Hit> {
  readonly hit: Hit
  readonly successor?: Record
}

/** The field by which a record says which ones it takes the place of. */
export const successionField = 'supersedes'

/**
 * Puts what was superseded behind what took its place, which is brought in where it was not found itself, up to the newest.
 * Types without the field stay as they are.
 *
 * @param make - Makes a hit of a record that was not found.
 */
export async function inSuccession<Hit extends { readonly record: Record }>(
  hits: readonly Hit[],
  make: (record: Record) => Hit,
  call: ToolCall,
): Promise<Ranked<Hit>[]> {
  const found = new Map(hits.map((hit) => [nameOf(hit.record), hit]))
  const successors = new Map<string, Record>()
  let fresh = hits.map(({ record }) => record)
  // All of one generation are asked for at once: the requests leave in one piece.
  for (let step = 0; step < generationsMax && fresh.length > 0; step++) {
    const asked = fresh
    const answers = await Promise.all(asked.map((record) => successorOf(record, call)))
    fresh = []
    for (const [index, successor] of answers.entries()) {
      const record = asked[index]
      if (record === undefined || successor === undefined) continue
      successors.set(nameOf(record), successor)
      if (found.has(nameOf(successor))) continue
      found.set(nameOf(successor), make(successor))
      fresh.push(successor)
    }
  }
  return arrange(hits, found, successors)
}

/** Each behind what took its place; two that name each other stay in the order in which they were found. */
function arrange<Hit extends { readonly record: Record }>(
  hits: readonly Hit[],
  found: ReadonlyMap<string, Hit>,
  successors: ReadonlyMap<string, Record>,
): Ranked<Hit>[] {
  const ranked: Ranked<Hit>[] = []
  const placed = new Set<string>()
  const place = (hit: Hit): void => {
    const name = nameOf(hit.record)
    if (placed.has(name)) return
    placed.add(name)
    const successor = successors.get(name)
    const before = successor === undefined ? undefined : found.get(nameOf(successor))
    if (before !== undefined) place(before)
    ranked.push({ hit, ...(successor === undefined ? {} : { successor }) })
  }
  for (const hit of hits) place(hit)
  return ranked
}

/** The first active record that names this one as superseded. A page may be empty and go on. */
async function successorOf({ type, id }: Record, call: ToolCall): Promise<Record | undefined> {
  const { client, agent, signal } = call
  const { fields } = await agent.typeOutline(client, type, signal)
  if (fields[successionField] === undefined) return undefined
  let after: string | undefined
  do {
    const asked = { type, id, from: type, field: successionField, limit: 1, after }
    const { referrers, next } = await client.request(RecordReferrers, asked, { signal })
    const successor = referrers[0]?.record
    if (successor !== undefined && successor.id !== id) return successor
    after = next
  } while (after !== undefined)
  return undefined
}

/** How often a record may have been superseded in turn; whatever lies beyond is found by searching again. */
const generationsMax = 8
