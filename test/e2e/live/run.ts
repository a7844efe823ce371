/** One run: actions of all kinds, and then the question whether everybody saw what was. */
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { Record } from '../../../sdk/model.ts'
import { CompactStore, DaemonStatus } from '../../../sdk/protocol/daemon.ts'
import type { RecordData } from '../../../sdk/record-type.ts'
import { Folder, sorted } from './folder.ts'
import { factOf, type Observation, type Oracle, seqOf } from './oracle.ts'
import { questions, Watcher } from './watcher.ts'
import { type MortalClient, Task, type World } from './world.ts'
import { type Write, write } from './writing.ts'

/** One thing that happens. */
export type Action =
  | { readonly do: 'write'; readonly writes: readonly Write[] }
  | { readonly do: 'read'; readonly who: number; readonly max: number }
  | { readonly do: 'restart'; readonly who: number }
  | { readonly do: 'cut'; readonly who: number }
  | { readonly do: 'kill'; readonly afterMs: number }
  /** The readers are away while something is written and the log is compacted to its end. */
  | { readonly do: 'lapse'; readonly writes: readonly Write[] }
  | { readonly do: 'settle' }
  | { readonly do: 'breathe' }

const oneWrite: fc.Arbitrary<Write> = fc.record({
  do: fc.oneof(
    { weight: 8, arbitrary: fc.constant('put' as const) },
    { weight: 3, arbitrary: fc.constant('delete' as const) },
    { weight: 2, arbitrary: fc.constant('restore' as const) },
    { weight: 1, arbitrary: fc.constant('archive' as const) },
    { weight: 1, arbitrary: fc.constant('purge' as const) },
    { weight: 3, arbitrary: fc.constant('transact' as const) },
    { weight: 1, arbitrary: fc.constant('publish' as const) },
  ),
  key: fc.integer({ min: 0, max: 7 }),
  rank: fc.integer({ min: 0, max: 6 }),
  lane: fc.constantFrom('red' as const, 'blue' as const, undefined),
})
const someWrites = fc.array(oneWrite, { minLength: 1, maxLength: 12 })
const who = fc.integer({ min: 0, max: 9 })

/** What may happen in a run. */
export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      writes: someWrites,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      who,
      max: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('cut' as const), who }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      afterMs: fc.integer({ min: 0, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('lapse' as const), writes: someWrites }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'settle' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'breathe' as const }) },
)

type TaskRecord = Record<RecordData<typeof Task>>

/** What a run was, and what was wrong with it. */
export interface RunReport {
  readonly problems: readonly string[]
  readonly observations: number
  readonly events: number
  /** Gaps that subscribers were told of, and events that were made in their place. */
  readonly gaps: number
  readonly synthetic: number
}

/** Everybody in a run. */
class Run {
  readonly #world: World
  readonly #prefix: string
  readonly #clients: readonly MortalClient[]
  readonly #watchers: readonly Watcher[]
  readonly #folders: readonly Folder[]
  readonly #oracle: Oracle
  #writes: Promise<void>[] = []

  private constructor(
    world: World,
    parts: {
      readonly prefix: string
      readonly oracle: Oracle
      readonly clients: readonly MortalClient[]
      readonly watchers: readonly Watcher[]
      readonly folders: readonly Folder[]
    },
  ) {
    this.#world = world
    this.#prefix = parts.prefix
    this.#oracle = parts.oracle
    this.#clients = parts.clients
    this.#watchers = parts.watchers
    this.#folders = parts.folders
  }

  static async start(world: World, prefix: string, oracle: Oracle): Promise<Run> {
    const names = ['first writer', 'second writer', 'watcher', 'folder']
    const clients = await Promise.all(names.map((name) => world.connect(name)))
    const [first, , watching, folding] = clients
    if (first === undefined || watching === undefined || folding === undefined) throw new Error()
    await first.client.define(Task)
    const watchers = await Promise.all(
      questions.map((question) => Watcher.open(watching, question)),
    )
    const isRed = ({ data }: { readonly data: { readonly lane?: unknown } }) => data.lane === 'red'
    const folders = [
      new Folder(folding, { name: 'folder', isOf: () => true, queueMaxEvents: 1000 }),
      new Folder(folding, { name: 'slow folder', isOf: () => true, queueMaxEvents: 4 }),
      new Folder(folding, {
        ...{ name: 'red folder', where: { lane: 'red' }, isOf: isRed, queueMaxEvents: 8 },
      }),
    ]
    return new Run(world, { prefix, oracle, clients, watchers, folders })
  }

  async act(action: Action): Promise<void> {
    switch (action.do) {
      case 'write':
        this.#write(action.writes)
        break
      case 'lapse':
        await this.#lapse(action.writes)
        break
      case 'read':
        await this.#folders[action.who % this.#folders.length]?.read(action.max)
        break
      case 'restart':
        await this.#folders[action.who % this.#folders.length]?.restart()
        break
      case 'cut':
        this.#clients[action.who % this.#clients.length]?.cut()
        break
      case 'kill':
        await sleep(action.afterMs)
        await this.#world.kill()
        break
      case 'settle':
        await this.#settle()
        break
      case 'breathe':
        await new Promise((resolve) => setImmediate(resolve))
        break
      default:
        action satisfies never
    }
    for (const watcher of this.#watchers) watcher.look()
  }

  /** Lets everybody catch up, asks the daemon what is there, and compares. */
  async finish(): Promise<RunReport> {
    await this.#settle()
    const asking = this.#clients[0]?.client
    if (asking === undefined) throw new Error('expected a writer')
    const { token } = await asking.publish('Live.end')
    const seq = seqOf(token)
    for (const { live } of this.#watchers) while (seqOf(live.token) < seq) await sleep(5)
    for (const folder of this.#folders) await folder.readUntil(seq)
    const problems: string[] = []
    const tasks = asking.repository(Task)
    for (const { live, question } of this.#watchers) {
      const listed = []
      const { limit, ...rest } = question.options
      if (limit !== undefined) listed.push(...(await tasks.list({ ...rest, limit })).records)
      else for await (const record of tasks.listAll(rest)) listed.push(record)
      const [shown, wanted] = [live.records.map(factOf), listed.map(factOf)].map(String)
      if (shown !== wanted) problems.push(`${question.name} is ${shown}, the list ${wanted}`)
    }
    const oracle = this.#oracle
    await oracle.read(asking)
    const observations: Observation[] = []
    for (const reader of [...this.#watchers, ...this.#folders]) {
      observations.push(...reader.observations)
      problems.push(...reader.problems)
    }
    const there: TaskRecord[] = []
    const lifecycle = ['active', 'archived', 'deleted'] as const
    for await (const record of tasks.listAll({ lifecycle })) there.push(record)
    for (const folder of this.#folders) {
      const [held, wanted] = [folder.facts, sorted(there.filter(folder.isOf)).map(factOf)].map(
        String,
      )
      if (held !== wanted) problems.push(`${folder.name} holds ${held}, there is ${wanted}`)
    }
    problems.push(...oracle.problems(observations))
    const sum = (of: 'gaps' | 'synthetic'): number =>
      this.#folders.reduce((total, folder) => total + folder[of], 0)
    return {
      problems,
      ...{ observations: observations.length, events: oracle.events.length },
      ...{ gaps: sum('gaps'), synthetic: sum('synthetic') },
    }
  }

  async close(): Promise<void> {
    for (const reader of [...this.#watchers, ...this.#folders]) await reader.close()
    for (const { client } of this.#clients) await client.close()
  }

  #write(writes: readonly Write[]): void {
    for (const [index, one] of writes.entries()) {
      const writer = this.#clients[index % 2]
      if (writer !== undefined) this.#writes.push(write(writer.client, this.#prefix, one))
    }
  }

  async #lapse(writes: readonly Write[]): Promise<void> {
    const [first, , ...readers] = this.#clients
    if (first === undefined) throw new Error('expected a writer')
    const { client } = first
    const releases = readers.map((reader) => reader.hold())
    this.#write(writes)
    await this.#settle()
    await this.#oracle.read(client)
    const count = async () => (await client.request(DaemonStatus, {})).connections.length
    // Whoever is connected holds the floor.
    while ((await count()) > this.#clients.length - readers.length) await sleep(5)
    const { token } = await client.publish('Live.lapse')
    await this.#oracle.read(client)
    await client.request(CompactStore, { before: token })
    for (const release of releases) release()
  }

  async #settle(): Promise<void> {
    const writes = this.#writes
    this.#writes = []
    await Promise.all(writes)
  }
}

/** Runs some actions on a store whose log the oracle has read so far, and says what was wrong. */
export async function runActions(
  world: World,
  { prefix, oracle }: { readonly prefix: string; readonly oracle: Oracle },
  actions: readonly Action[],
): Promise<RunReport> {
  const run = await Run.start(world, prefix, oracle)
  try {
    for (const action of actions) await run.act(action)
    return await run.finish()
  } finally {
    await run.close()
  }
}
