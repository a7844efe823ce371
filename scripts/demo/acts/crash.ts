import { JobResult, OrionActionLog, OrionInsight } from '../../../plugins/orion/index.ts'
import { type Client, canonicalJson, DaemonStatus, type Token } from '../../../sdk/index.ts'
import type { CrashFacts, StartFacts } from '../facts.ts'
import { type AnsweredWrite, type SeenEvent, seenEvent } from '../messages.ts'
import type { Production } from '../production.ts'
import { stepContent } from '../step-content.ts'
import type { WatchingEditor } from '../watching-editor.ts'
import { resultId } from './job.ts'
import type { Writer } from './race.ts'

/** Answers that each writer has to have of the first daemon before it is killed, and of the next one. */
const answersEach = 30

/** The daemon is killed while two writers write, and everybody goes on with the next one. */
export async function crash(
  production: Production,
  parts: {
    readonly start: StartFacts
    readonly editor: WatchingEditor
    readonly writers: readonly Writer[]
    readonly insightId: string
  },
): Promise<CrashFacts> {
  const { stage, place } = production
  const { start, editor, writers, insightId } = parts
  stage.act('kill -9, in the middle of it')
  const earlier = await production.look((client) => readEarlier(client, insightId))
  for (const { actor } of writers) actor.cue({ kind: 'write' })
  stage.say('demo', 'both writers write one record after the other, four at a time')
  await answersOf(writers, (instanceId) => instanceId === start.instanceId)
  const signalled = process.kill(start.pid, 'SIGKILL')
  const killedAt = performance.now()
  stage.say('demo', `kill -9 ${start.pid}, with writes under way`)
  const back = await editor.actor.next('watching')
  const awayMs = performance.now() - killedAt
  stage.say('editor', 'its bridge has ended; it starts another, and goes on after its last token')
  stage.detail('token', back.from ?? 'none')
  await answersOf(writers, (instanceId) => instanceId !== start.instanceId)
  for (const { actor } of writers) actor.cue({ kind: 'stop' })
  const done = await Promise.all(writers.map(({ actor }) => actor.next('done')))
  const steps = done.flatMap(({ writes }) => writes)
  stage.say('writers', `went on by themselves, and have ${steps.length} answers in all`)
  const found = await production.look((client) => readEverything(client, insightId))
  await editor.until('the last event of the log', ({ seq }) => seq === found.log.at(-1)?.seq)
  const { pid, store, instanceId } = found.status
  const answersBefore = sum(done.map(({ answersBy }) => answersBy[start.instanceId] ?? 0))
  stage.say('daemon', `process ${pid}, started by the client that was first, found by the others`)
  return {
    signalled,
    killed: { pid: start.pid, instanceId: start.instanceId },
    answersBefore: answersBefore + earlier.length,
    replayed: sum(done.map(({ replayed }) => replayed)),
    awayMs,
    successor: { pid, storeId: store.storeId, epoch: store.epoch },
    writers: done.map(({ answersBy }) => answersBy),
    instanceIds: [...lastDaemons(done, start.instanceId), back.instanceId, instanceId],
    daemons: place.daemons().length,
    answered: [...earlier, ...steps],
    found: [...found.earlier, ...found.steps],
    watched: {
      lostAt: editor.lostAt,
      resumedFrom: back.from,
      before: editor.eventsOf((session) => session === 1),
      after: editor.eventsOf((session) => session > 1),
      log: found.log,
    },
  }
}

/** Waits until each writer has so many answers of a daemon that fits. */
async function answersOf(
  writers: readonly Writer[],
  fits: (instanceId: string) => boolean,
): Promise<void> {
  const enough = async ({ actor }: Writer): Promise<void> => {
    for (;;) {
      const { count, instanceId } = await actor.next('answered')
      if (fits(instanceId) && count >= answersEach) return
    }
  }
  await Promise.all(writers.map(enough))
}

/** What was written before the storm: the result, its action log, and each version of the insight. */
async function readEarlier(client: Client, insightId: string): Promise<AnsweredWrite[]> {
  const result = await client.repository(JobResult).get(resultId)
  const runs = await client.repository(OrionActionLog).list({ where: { actionType: 'run' } })
  const { versions } = await client.repository(OrionInsight).historyPage(insightId)
  return [result, ...runs.records, ...versions].map((state) => {
    const { version, token, data } = state
    const record = 'id' in state ? `${state.type}/${state.id}` : `OrionInsight/${insightId}`
    return { record, version, token, content: `${version} ${canonicalJson({ ...data })}` }
  })
}

async function readEverything(client: Client, insightId: string) {
  const steps: AnsweredWrite[] = []
  const logs = client.repository(OrionActionLog)
  for await (const { id, version, token, data } of logs.listAll({
    where: { actionType: 'demo.step' },
  })) {
    steps.push({ record: `OrionActionLog/${id}`, version, token, content: stepContent(data) })
  }
  return {
    steps,
    earlier: await readEarlier(client, insightId),
    log: await readLog(client),
    status: await client.request(DaemonStatus, {}),
  }
}

/** Every event of the store, from the first. */
async function readLog(client: Client): Promise<SeenEvent[]> {
  const log: SeenEvent[] = []
  let after: Token = client.server.floor
  for (;;) {
    const page = await client.events({ after, limit: 1000, include: 'none' })
    if (page.events.length === 0) return log
    log.push(...page.events.map((event) => seenEvent.parse(event)))
    after = page.token
  }
}

/** The daemons that answered a writer, but for the one that was killed. */
function lastDaemons(
  done: readonly { readonly answersBy: { readonly [instanceId: string]: number } }[],
  killed: string,
): string[] {
  return done.flatMap(({ answersBy }) => Object.keys(answersBy).filter((id) => id !== killed))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
