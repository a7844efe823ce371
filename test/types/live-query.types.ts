/** What live queries and waits take and give. Nothing here runs; the compiler is the test. */
import {
  type Client,
  defineRecordType,
  type Event,
  enumeration,
  integer,
  object,
  type Token,
  text,
} from '../../sdk/index.ts'

const Task = defineRecordType('Task', {
  fields: {
    name: text(),
    note: text({ optional: true }),
    rank: integer({ default: 0 }),
    state: enumeration(['open', 'done'], { default: 'open' }),
    source: object({ kind: text() }, { optional: true }),
  },
})

declare const client: Client
declare const token: Token

export async function liveQuery(): Promise<void> {
  const live = await client.liveQuery(Task, {
    where: { state: 'open', rank: { gte: 1 }, 'source.kind': 'log' },
    orderBy: [{ field: 'rank', direction: 'desc' }, { field: 'createdAt' }],
    limit: 20,
    lifecycle: ['active', 'archived'],
  })
  for (const { data } of live.records) {
    const name: string = data.name
    const note: string | undefined = data.note
    const state: 'open' | 'done' = data.state
    // @ts-expect-error there is no such field
    data.nmae
    // @ts-expect-error records are read-only
    data.name = name + note + state
  }
  for await (const { added, changed, removed, token: at } of live) {
    const rank: number | undefined = [...added, ...changed, ...removed][0]?.data.rank
    const position: Token = at
    // @ts-expect-error a rank is no text
    const wrong: string | undefined = added[0]?.data.rank
    void [rank, position, wrong]
  }
  // @ts-expect-error the set is not the caller's to change
  live.records.push(live.records[0])
  await live.close()

  // @ts-expect-error there is no such field
  await client.liveQuery(Task, { where: { nmae: 'a' } })
  // @ts-expect-error not one of the values
  await client.liveQuery(Task, { where: { state: 'closed' } })
  // @ts-expect-error a text has no `gte` of a number
  await client.liveQuery(Task, { where: { name: { gte: 1 } } })
  // @ts-expect-error there is no such field to order by
  await client.liveQuery(Task, { orderBy: [{ field: 'nmae' }] })
  // @ts-expect-error a limit is a number
  await client.liveQuery(Task, { limit: '20' })
  // @ts-expect-error a live query begins at the first page
  await client.liveQuery(Task, { after: 'a' })
  // @ts-expect-error patterns have no type of data
  await client.liveQuery('Task.*')
}

export async function waitFor(): Promise<void> {
  const event = await client.waitFor(Task, { state: 'done' }, { after: token, timeoutMs: 1_000 })
  const name: string | undefined = event.record?.data.name
  const any: Event = await client.waitFor('Build.*', undefined, { allowUnknown: true })
  await client.waitFor(Task, undefined, { operations: ['created', 'restored'] })
  await client.waitFor(['Task.*'], { rank: { gt: 3 } })
  // @ts-expect-error there is no such field
  await client.waitFor(Task, { stat: 'done' })
  // @ts-expect-error not one of the operations
  await client.waitFor(Task, {}, { operations: ['made'] })
  // @ts-expect-error a position is no plain text that one can make up
  await client.waitFor(Task, {}, { after: 'o1.a.b.1' })
  void [name, any]
}

export async function snapshot(): Promise<void> {
  const stream = await client.subscribe(Task, { from: 'snapshot', where: { state: 'open' } })
  for await (const event of stream) {
    const synthetic: true | undefined = event.synthetic
    const rank: number | undefined = event.record?.data.rank
    void [synthetic, rank]
  }
  // @ts-expect-error a subscription begins now, with a snapshot, or after a token
  await client.subscribe(Task, { from: 'start' })
  await client.on('*', () => {}, { onGap: ({ lost }) => void lost.length })
}
