/** Fills the store of the repository as a team and its agents would have: through the SDK and the command line. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { OrionInsight, orionRecordTypes, Proposals } from '../../plugins/orion/index.ts'
import {
  type Client,
  connect,
  ImportRecords,
  instantFromMicros,
  type JsonObject,
} from '../../sdk/index.ts'
import type { TransactOperation } from '../../sdk/protocol/records.ts'
import { demoRuns } from './demo-jobs.ts'
import { demoInsights, demoPatterns } from './demo-memory.ts'
import type { DemoPlace } from './demo-place.ts'
import { runCommand } from './run-command.ts'

/** A way to the store of a repository of the place, under the owner's name or a lesser one. */
export async function connectTo(
  place: DemoPlace,
  repository: string,
  principal?: string,
): Promise<Client> {
  const program = join(place.root, 'usr', 'lib', 'node_modules', 'orion', 'bin', 'orion.mjs')
  return await connect({
    client: {
      name: principal?.replace(':', '-') ?? 'orion-cli',
      version: '1.0.0',
      kind: principal === undefined ? 'cli' : 'agent',
    },
    store: join(repository, '.orion'),
    cwd: repository,
    env: place.env,
    daemonCommand: { command: process.execPath, args: [program, 'serve'] },
    types: orionRecordTypes,
    ...(principal === undefined
      ? {}
      : { narrow: { principal, scopes: ['read', 'write', 'propose'] } }),
  })
}

/** Fills the store, and leaves a job that runs. */
export async function fillStore(place: DemoPlace, repository: string): Promise<void> {
  const owner = await connectTo(place, repository)
  const agent = await connectTo(place, repository, 'agent:ci-doctor')
  try {
    await owner.request(ImportRecords, { records: [...jobRecords(), ...memoryRecords()] })
    await reviseInsight(owner, agent)
    runJobs(place, repository)
    await proposeChanges(owner, agent)
  } finally {
    await agent.close()
    await owner.close()
  }
}

/** Starts a job that goes on for as long as the run does. */
export function startLongJob(place: DemoPlace, repository: string, job: string): void {
  const command = ['run', '--job', job, '--', 'sleep', '3600']
  const options = { cwd: repository, env: place.env, stdio: 'ignore' } as const
  spawn('orion', command, options).unref()
}

const hourMs = 3_600_000
const ago = (hours: number): string => instantFromMicros((Date.now() - hours * hourMs) * 1000)

function jobRecords() {
  return demoRuns().map(({ hoursAgo, durationMs, exitCode, ...run }) => ({
    type: 'JobResult',
    id: `${run.jobId}#${run.attempt}`,
    createdAt: ago(hoursAgo),
    createdBy: 'ci:main',
    updatedAt: ago(hoursAgo),
    updatedBy: 'ci:main',
    data: { ...run, metrics: { exitCode, signal: null, durationMs, peakMemoryBytes: 412_000_000 } },
  }))
}

function memoryRecords() {
  const insights = demoInsights.map(({ id, age, by, ...data }) => ({
    type: 'OrionInsight',
    id,
    ...at(age * 24, by),
    data: { ...data, provenanceMethod: by === 'owner' ? 'review' : 'mining' },
  }))
  const patterns = demoPatterns.map(({ id, age, ...data }) => ({
    type: 'OrionPattern',
    id,
    ...at(age * 24, 'owner'),
    data: { ...data, ...(data.frequencyCount > 0 ? { lastUsed: ago(age) } : {}) },
  }))
  return [...insights, ...patterns]
}

function at(hours: number, by: string) {
  return { createdAt: ago(hours), createdBy: by, updatedAt: ago(hours), updatedBy: by }
}

/** An insight is looked at again and again, so that it has a history. */
async function reviseInsight(owner: Client, agent: Client): Promise<void> {
  const [ours, theirs] = [owner.repository(OrionInsight), agent.repository(OrionInsight)]
  const tags = ['flaky', 'clock', 'timezone']
  await theirs.update(
    'midnight',
    { expectedVersion: 1, set: { tags } },
    { reason: 'seen again in run ci-4988' },
  )
  await ours.update(
    'midnight',
    { expectedVersion: 2, set: { confidenceScore: 0.95 } },
    { reason: 'reproduced with a fixed clock' },
  )
  const summary =
    'integration-tests fails one time in six because the carrier stub dates deliveries by local time: pin its clock to 12:00 UTC.'
  await theirs.update(
    'midnight',
    { expectedVersion: 3, set: { summary, relatedTo: ['webhook-order'] } },
    { reason: 'the cause was found' },
  )
}

/** Some jobs really run, through the command line. */
function runJobs(place: DemoPlace, repository: string): void {
  const run = (job: string, script: string): void => {
    const args = ['run', '--job', job, '--', process.execPath, '-e', script]
    try {
      runCommand('orion', args, { cwd: repository, env: place.env })
    } catch {
      // It is meant to fail, and was recorded.
    }
  }
  run('smoke-test', 'console.log("12 checks passed")')
  run('contract-tests', 'console.error("expected status 202, got 500"); process.exit(1)')
}

/** Changes in every state that a proposal can have. */
async function proposeChanges(owner: Client, agent: Client): Promise<void> {
  const [ours, theirs] = [new Proposals(owner), new Proposals(agent)]
  const propose = async (work: Parameters<Proposals['create']>[0]): Promise<string> =>
    (await theirs.create({ ...work, submit: true })).id
  const approve = async (id: string): Promise<void> => {
    const { digest = '' } = await ours.difference(id)
    await ours.approve(id, { digest })
  }
  const set = (id: string, expectedVersion: number, changes: JsonObject): TransactOperation => ({
    op: 'update',
    type: 'OrionInsight',
    id,
    expectedVersion,
    set: changes,
  })

  const executed = await propose({
    reason: 'The limit of a page is 500 since the outage',
    operations: [set('list-unbounded', 1, { tags: ['limits', 'outage', 'mended'] })],
  })
  await approve(executed)
  await theirs.execute(executed)

  const rejected = await propose({
    reason: 'Forget what was said of tokens in addresses',
    operations: [{ op: 'archive', type: 'OrionInsight', id: 'token-in-url', expectedVersion: 1 }],
  })
  const { digest = '' } = await ours.difference(rejected)
  await ours.reject(rejected, { digest, comment: 'The proxy still logs addresses.' })

  const stale = await propose({
    reason: 'Give the runner of build-image 4 GB',
    operations: [set('runner-memory', 1, { confidenceScore: 0.8 })],
  })
  await owner
    .repository(OrionInsight)
    .update('runner-memory', { expectedVersion: 1, set: { confidenceScore: 0.6 } })
  await approve(stale).catch(() => undefined)

  await approve(
    await propose({
      reason: '야간 부하 시험의 끝나는 시각을 실측값으로 고친다',
      operations: [set('load-window', 1, { confidenceScore: 0.9, tags: ['load-test', 'backup'] })],
    }),
  )
  await propose({
    reason: 'Two insights say the same of the build cache: keep the one with the cause',
    priority: 'high',
    evidence: ['OrionInsight/cache-compiler', 'JobResult/build-image#8'],
    operations: [
      set('cache-compiler', 1, {
        confidenceScore: 0.97,
        tags: ['cache', 'compiler'],
        supersedes: ['cache-stale'],
      }),
      { op: 'archive', type: 'OrionInsight', id: 'cache-stale', expectedVersion: 1 },
    ],
  })
  await propose({
    reason: 'Guesses of last month that no run has confirmed',
    action: 'memory.forget_insights',
    params: { domain: 'ci', below: 0.3 },
  })
}
