/** Writers that do anything to any record, and lose races. */
import type { Client } from '../../../sdk/client/client.ts'
import { type ErrorKind, isOrionError } from '../../../sdk/errors.ts'
import type { Record } from '../../../sdk/model.ts'
import { Task } from './world.ts'

/** One write. */
export interface Write {
  readonly do: 'put' | 'delete' | 'restore' | 'archive' | 'purge' | 'transact' | 'publish'
  /** Which record: few, so that writers meet. */
  readonly key: number
  readonly rank: number
  readonly lane: 'red' | 'blue' | undefined
}

/** Records of this rank are those that may be purged: their past is gone then, and nobody is asked about it. */
export const purgedRank = 9

/** Does a write. What it loses to others, or is not possible now, is no matter. */
export async function write(client: Client, prefix: string, asked: Write): Promise<void> {
  try {
    await attempt(client, prefix, asked)
  } catch (error) {
    if (!isOrionError(error) || !expected.has(error.kind)) throw error
  }
}

const expected: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'conflict',
  'not_found',
  'invalid_request',
])

async function attempt(client: Client, prefix: string, asked: Write): Promise<void> {
  const { key, rank, lane } = asked
  const tasks = client.repository(Task)
  const id = `${prefix}${key}`
  if (asked.do === 'publish') {
    await client.publish('Live.tick', key)
    return
  }
  if (asked.do === 'purge') {
    const { version } = await tasks.create(
      { rank: purgedRank, lane: 'blue' },
      { id: `p${prefix}${key}` },
    )
    await tasks.purge(`p${prefix}${key}`, { expectedVersion: version })
    return
  }
  const found = await tasks.find(id)
  const data = lane === undefined ? { rank } : { rank, lane }
  if (asked.do === 'transact') {
    await moveTwo(client, [id, `${prefix}${key + 1}`], rank)
  } else if (found === undefined) {
    await tasks.create(data, { id })
  } else if (asked.do === 'put') {
    const unset = lane === undefined ? (['lane'] as const) : []
    await tasks.update(id, { expectedVersion: found.version, set: data, unset })
  } else {
    await tasks[asked.do](id, { expectedVersion: found.version })
  }
}

/** Changes two records, or makes them, wholly or not at all. */
async function moveTwo(client: Client, ids: readonly string[], rank: number): Promise<void> {
  const transaction = client.transaction()
  const found: (Record<object> | undefined)[] = await client.repository(Task).getMany(ids)
  for (const [index, id] of ids.entries()) {
    const version = found[index]?.version
    if (version === undefined) transaction.create(Task, { rank }, { id })
    else transaction.update(Task, id, { expectedVersion: version, set: { rank } })
  }
  await transaction.commit()
}
