import type { Record } from '../../sdk/model.ts'
import { RecordReferrers } from '../../sdk/protocol/references.ts'
import type { ToolCall } from './tool.ts'

/** A record that was found, and the one that took its place since, if one did. */
export interface Ranked<Hit> {
  readonly hit: Hit
  readonly successor?: Record
}

/** The field by which a record says which ones it takes the place of. */
export const successionField = 'supersedes'

/**
 * Puts what was superseded behind what took its place, which is brought in where it was not found itself. Types without the
 * field stay as they are.
 *
 * @param make - Makes a hit of a record that was not found.
 */
export async function inSuccession<Hit extends { readonly record: Record }>(
  hits: readonly Hit[],
  make: (record: Record) => Hit,
  call: ToolCall,
): Promise<Ranked<Hit>[]> {
  const successors = await Promise.all(hits.map(({ record }) => successorOf(record, call)))
  const byName = new Map(
    hits.map((hit, index) => [nameOf(hit.record), { hit, successor: successors[index] }]),
  )
  const ranked: Ranked<Hit>[] = []
  const placed = new Set<string>()
  const place = ({ hit, successor }: { hit: Hit; successor: Record | undefined }): void => {
    const name = nameOf(hit.record)
    if (placed.has(name)) return
    placed.add(name)
    if (successor !== undefined) {
      place(byName.get(nameOf(successor)) ?? { hit: make(successor), successor: undefined })
    }
    ranked.push({ hit, ...(successor === undefined ? {} : { successor }) })
  }
  for (const found of byName.values()) place(found)
  return ranked
}

async function successorOf({ type, id }: Record, call: ToolCall): Promise<Record | undefined> {
  const { client, agent, signal } = call
  const { fields } = await agent.typeOutline(client, type, signal)
  if (fields[successionField] === undefined) return undefined
  const asked = { type, id, from: type, field: successionField, limit: 1 }
  const { referrers } = await client.request(RecordReferrers, asked, { signal })
  const successor = referrers[0]?.record
  return successor?.id === id ? undefined : successor
}

function nameOf({ type, id }: Record): string {
  return `${type}/${id}`
}
