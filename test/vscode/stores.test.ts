/** The extension's way to a store, over a real daemon in this process: live, over its deaths and floods. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { editDocument } from '../../plugins/vscode/src/model/edit-document.ts'
import {
  proposalLines,
  refusalText,
  voidReason,
} from '../../plugins/vscode/src/model/proposal-document.ts'
import type { TreeNode } from '../../plugins/vscode/src/model/rows.ts'
import { runLogOf } from '../../plugins/vscode/src/model/run-log.ts'
import { type SaveOutcome, saveRecord } from '../../plugins/vscode/src/model/save-record.ts'
import type { LinkState } from '../../plugins/vscode/src/model/store-link.ts'
import type { SummaryNews } from '../../plugins/vscode/src/model/store-summary.ts'
import { StoreSession } from '../../plugins/vscode/src/views/store-session.ts'
import type { Client } from '../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../sdk/client/connect.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { JsonObject } from '../../sdk/json.ts'
import {
  ApproveProposal,
  CreateProposal,
  DiffProposal,
  ExecuteProposal,
} from '../../sdk/protocol/proposals.ts'
import { CreateRecord, GetRecord, UpdateRecord } from '../../sdk/protocol/records.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { until } from '../support/sdk-client.ts'

test('a failure of another program is in the summary and the view, and is news', async (t) => {
  const { session, news, client } = await openSession(t)
  await result(client, 'unit', 1, 'SUCCESS')
  await until(() => session.summary.jobs.length === 1)
  await result(client, 'unit', 2, 'FAILURE')
  await until(() => session.summary.failing.length === 1)
  assert.deepEqual(
    news.flatMap(({ failures }) => failures.map(({ id }) => id)),
    ['unit#2'],
  )
  const [running, failing, flaky, all] = await session.views.jobs.roots()
  assert.deepEqual(
    [running, failing, flaky, all].map((node) => node?.row.description),
    ['0', '1', '0', '1'],
  )
  const [job] = await childrenOf(failing)
  assert.match(job?.row.description ?? '', /^failed \(2\) after 1\.5 s/)
  const runs = await childrenOf(job)
  assert.deepEqual(
    runs.map(({ row }) => row.label),
    ['Run 2', 'Run 1'],
  )
  await client.request(CreateRecord, log('run', 'PENDING', { jobId: 'lint', command: 'x' }))
  await until(() => session.summary.running.length === 1)
  assert.equal(session.summary.running[0]?.jobId, 'lint')
})

test('when the daemon dies the connection is lost, comes back by itself, and nothing is missed', async (t) => {
  const { session, states, stage, client } = await openSession(t)
  await result(client, 'unit', 1, 'SUCCESS')
  await until(() => session.summary.jobs.length === 1)
  await stage.stop()
  await until(() => states.at(-1)?.kind === 'lost')
  assert.equal(session.summary.jobs.length, 1, 'what was seen stays')
  await stage.start()
  await until(() => states.at(-1)?.kind === 'ready')
  const other = await stage.client()
  await result(other, 'unit', 2, 'FAILURE')
  await until(() => session.summary.failing.length === 1)
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['connecting', 'ready', 'lost', 'ready'],
  )
})

test('while a daemon is away nothing is asked of it, and all of it once it is back', async (t) => {
  const { session, states, stage, summaries } = await openSession(t)
  await stage.stop()
  await until(() => states.at(-1)?.kind === 'lost')
  const before = summaries.count
  const asked = stage.asked
  // Longer than a refresh and its rest, after which a wish would be granted.
  for (const end = performance.now() + 500; performance.now() < end; ) {
    session.refresh()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(summaries.count, before)
  assert.equal(stage.asked, asked, 'a request would start a daemon that somebody has stopped')
  await stage.start()
  await until(() => summaries.count > before)
})

test('a store that can not be reached says why, and is found when somebody starts its daemon', async (t) => {
  const stage = new Stage(t)
  const { session, states } = sessionOf(t, stage)
  await session.link.start()
  const failed = states.at(-1)
  assert.equal(failed?.kind, 'failed')
  assert.match(failed.kind === 'failed' ? failed.problem.message : '', /^No daemon here\.$/)
  await stage.start()
  await session.link.retry()
  assert.equal(states.at(-1)?.kind, 'ready')
})

test('a flood costs a bounded number of reads, and the last state is shown', async (t) => {
  const { session, client, summaries } = await openSession(t, 100)
  await client.request(CreateRecord, { type: 'JobResult', id: 'j', data: job('j', 1, 'SUCCESS') })
  const floods = [...Array(8).keys()].map((part) =>
    client.bulk(
      [...Array(125).keys()].map((n) => ({
        op: 'create' as const,
        type: 'JobResult',
        id: `f${part}-${n}`,
        data: job(`f${n % 50}`, part + 1, part === 7 ? 'FAILURE' : 'SUCCESS'),
      })),
    ),
  )
  const began = performance.now()
  await Promise.all(floods)
  await result(client, 'last', 1, 'FAILURE')
  await until(() => session.summary.failing.some(({ jobId }) => jobId === 'last'))
  const seconds = (performance.now() - began) / 1_000
  assert.ok(summaries.count <= 3 + seconds * 10, `${summaries.count} reads in ${seconds} s`)
  assert.ok(session.summary.results.items.length <= 500)
})

test('insights are by domain and page by page; patterns and logs are lists', async (t) => {
  const { session, client } = await openSession(t)
  assert.deepEqual(await session.views.insights.roots(), [])
  await client.bulk(
    [...Array(230).keys()].map((n) => ({
      op: 'create' as const,
      type: 'OrionInsight',
      id: `i${n}`,
      data: { summary: `insight ${n}`, domain: n < 200 ? 'build' : 'ci', confidenceScore: n / 230 },
    })),
  )
  const [newest, build, ci] = await session.views.insights.roots()
  assert.deepEqual([build?.row.label, build?.row.description], ['build', '200'])
  assert.equal(ci?.row.description, '30')
  assert.equal((await childrenOf(newest)).length, 21)
  const first = await childrenOf(build)
  assert.deepEqual([first.length, first[0]?.row.label], [101, 'insight 199'])
  assert.equal(first.at(-1)?.row.command, 'more')
  first.at(-1)?.more?.()
  const [, again] = await session.views.insights.roots()
  assert.equal((await childrenOf(again)).length, 200)
  await client.request(CreateRecord, log('memory.save_insight', 'SUCCESS', {}))
  assert.equal((await session.views.log.roots())[0]?.row.label, 'memory.save_insight')
  assert.deepEqual(await session.views.patterns.roots(), [])
})

test('the result of a job leads to the log of its run, among others of its time', async (t) => {
  const { session, client } = await openSession(t)
  const ended = (id: string, status: string) => ({
    ...log('run', status, {}),
    id,
    data: { actionType: 'run', status, error: `exit code 2 of ${id}`, affectedIds: [`${id}#1`] },
  })
  for (const id of ['lint', 'unit', 'e2e']) {
    await client.request(CreateRecord, ended(id, 'FAILURE'))
    await result(client, id, 1, 'FAILURE')
  }
  const failed = await client.request(GetRecord, { type: 'JobResult', id: 'unit#1' })
  assert.equal((await runLogOf(session.client, failed))?.id, 'unit')
  await result(client, 'other', 1, 'FAILURE')
  const alone = await client.request(GetRecord, { type: 'JobResult', id: 'other#1' })
  assert.equal(await runLogOf(session.client, alone), undefined)
})

test('a proposal of an agent waits for the reader, one of his own for others', async (t) => {
  const { session, stage, client, news } = await openSession(t)
  const agent = await stage.client(agentRights)
  await propose(agent, client, 'p1')
  await until(() => session.summary.waiting.length === 1)
  assert.deepEqual(
    news.flatMap(({ proposals }) => proposals.map(({ id }) => id)),
    ['p1'],
  )
  await propose(client, client, 'p2')
  const groups = await session.views.proposals.roots()
  assert.deepEqual(
    groups.map(({ row }) => row.label),
    ['Waiting for Me', 'Waiting for Others'],
  )
  const [waiting] = await childrenOf(groups[0])
  assert.equal(waiting?.row.context, 'record.proposal.pending')
  const [own] = await childrenOf(groups[1])
  assert.equal(own?.row.context, 'record.proposal.pending.own')
})

test('what was shown is approved and executed, and nothing else', async (t) => {
  const { session, stage, client } = await openSession(t)
  const agent = await stage.client(agentRights)
  await propose(agent, client, 'p1')
  const editor = session.client
  const seen = await editor.request(DiffProposal, { id: 'p1' })
  assert.equal(voidReason(seen), undefined)
  const digest = seen.digest ?? ''
  const wrong = await editor
    .request(ApproveProposal, {
      id: 'p1',
      digest: digest.replace(/^./, (c) => (c === '0' ? '1' : '0')),
    })
    .catch((error: unknown) => error)
  assert.ok(wrong instanceof OrionError && wrong.kind === 'conflict')
  assert.match(refusalText(wrong.data as OrionError<'conflict'>['data']), /not what you have seen/)
  await editor.request(ApproveProposal, { id: 'p1', digest })
  assert.equal((await editor.request(ExecuteProposal, { id: 'p1', digest })).status, 'executed')
  const { data } = await editor.request(GetRecord, { type: 'OrionInsight', id: 'p1-subject' })
  assert.equal(data.summary, 'after')
})

test('a proposal whose base has moved while it was looked at says so', async (t) => {
  const { session, stage, client } = await openSession(t)
  await propose(await stage.client(agentRights), client, 'p1')
  const before = await session.client.request(DiffProposal, { id: 'p1' })
  const key = { type: 'OrionInsight', id: 'p1-subject' }
  await client.request(UpdateRecord, { ...key, expectedVersion: 1, set: { summary: 'other' } })
  const now = await session.client.request(DiffProposal, { id: 'p1' })
  const record = await session.client.request(GetRecord, { type: 'Proposal', id: 'p1' })
  assert.match(voidReason(now) ?? '', /OrionInsight p1-subject was version 1 and is version 2 now/)
  assert.match(
    proposalLines(record, now).join('\n'),
    /^! OrionInsight p1-subject .*: the proposal is void$/m,
  )
  const digest = before.digest ?? ''
  const refused = await session.client.request(ApproveProposal, { id: 'p1', digest }).then(
    (result) => result.status,
    (error: unknown) => error,
  )
  if (refused instanceof OrionError) assert.equal(refused.kind, 'conflict')
  else assert.equal(refused, 'stale')
})

test('an editor may neither define types nor look after the store', async (t) => {
  const { session } = await openSession(t)
  assert.deepEqual(session.client.server.scopes, ['read', 'write', 'propose', 'approve'])
  assert.equal(session.client.server.principal, 'owner')
})

test('a save replaces the version that was edited, or nothing', async (t) => {
  const { session, client } = await openSession(t)
  const key = { type: 'OrionInsight', id: 'i1' }
  const save = (version: number, data: JsonObject): Promise<SaveOutcome> =>
    saveRecord(session.client, key, editDocument({ ...key, version }, data))
  const made = await save(0, { summary: 'a', domain: 'd' })
  assert.deepEqual(made, { kind: 'saved', version: 1 })
  const { data } = await client.request(GetRecord, key)
  assert.deepEqual(await save(1, data), { kind: 'unchanged', version: 1 })
  await client.request(UpdateRecord, { ...key, expectedVersion: 1, set: { domain: 'theirs' } })
  const lost = await save(1, { ...data, summary: 'mine' })
  assert.equal(lost.kind, 'conflict')
  if (lost.kind !== 'conflict') return
  const { base, mine, theirs, current } = lost.conflict
  assert.deepEqual(
    [base?.domain, mine.summary, theirs.domain, current.version],
    ['d', 'mine', 'theirs', 2],
  )
  const kept = await client.request(GetRecord, key)
  assert.deepEqual([kept.version, kept.data.summary], [2, 'a'])
  assert.deepEqual(await save(2, { ...theirs, summary: 'mine' }), { kind: 'saved', version: 3 })
  const twice = await save(0, { summary: 'b', domain: 'd' })
  assert.equal(twice.kind === 'conflict' && twice.conflict.base, undefined)
})

test('a save that does not fit its type is refused with the fields that do not', async (t) => {
  const { session } = await openSession(t)
  const key = { type: 'OrionInsight', id: 'i1' }
  const text = editDocument(
    { ...key, version: 0 },
    { summary: 'a', domain: 'd', confidenceScore: 2 },
  )
  await assert.rejects(saveRecord(session.client, key, text), (error: unknown) => {
    assert.ok(error instanceof OrionError && error.kind === 'invalid_record')
    return /confidenceScore/.test(JSON.stringify(error.data))
  })
})

test('records of the strangest content break no view', async (t) => {
  const { session, client } = await openSession(t)
  const odd = '\u001b[2J\u202e$(zap)[x](command:y)\n\u0007'
  await client.request(CreateRecord, {
    type: 'OrionInsight',
    data: { summary: odd, domain: odd, tags: [odd] },
  })
  await client.request(CreateRecord, { type: 'OrionPattern', data: { trigger: '', steps: [odd] } })
  await client.request(CreateRecord, log('x', odd, { any: [odd] }))
  await result(client, odd, 1, 'BLOCKED')
  await until(() => session.summary.jobs.length === 1)
  const rows = await Promise.all(Object.values(session.views).map((view) => allRows(view.roots)))
  for (const { row } of rows.flat()) {
    const texts = [row.label, row.description, row.tooltip?.replaceAll('\n', ''), row.spoken]
    for (const text of texts) assert.doesNotMatch(text ?? '', /[\p{Cc}\u202e]/u)
    assert.notEqual(row.label, '')
  }
})

const editorRights = { scopes: ['read', 'write', 'propose', 'approve'] } as const
const agentRights = { principal: 'agent:x', scopes: ['read', 'propose'] } as const

type Narrow = NonNullable<ConnectOptions['narrow']>

/** A store whose daemon comes and goes. */
class Stage {
  /** How many requests were made of its clients. */
  asked = 0
  readonly #t: TestContext
  #daemon: TestDaemon | undefined
  #location: TestDaemon['location'] | undefined

  constructor(t: TestContext) {
    this.#t = t
  }

  async start(): Promise<void> {
    const at = this.#location === undefined ? {} : { location: this.#location }
    this.#daemon = await startDaemon(this.#t, at)
    this.#location = this.#daemon.location
  }

  async stop(): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = undefined
    await daemon?.daemon.close('the test stops it')
  }

  async client(
    narrow: { readonly principal?: string; readonly scopes?: readonly string[] } = {},
    options: Pick<ConnectOptions, 'onConnection' | 'signal'> = {},
  ): Promise<Client> {
    if (this.#daemon === undefined) throw new Error('no daemon here')
    const transport = async () => {
      if (this.#daemon === undefined) throw new Error('no daemon here')
      const [server, end] = memoryPair()
      this.#daemon.daemon.attach(server)
      return end
    }
    const client = await connect({
      client: { name: 'test' },
      transport,
      narrow: narrow as Narrow,
      ...options,
    })
    this.#t.after(() => client.close())
    const request = client.request.bind(client)
    const value = (...args: Parameters<typeof request>) => {
      this.asked++
      return request(...args)
    }
    Object.defineProperty(client, 'request', { value })
    return client
  }
}

function sessionOf(t: TestContext, stage: Stage, intervalMs = 10) {
  const states: LinkState[] = []
  const news: SummaryNews[] = []
  const summaries = { count: 0 }
  const session: StoreSession = new StoreSession(
    { key: 'k', directory: '/r/.orion', folder: '/r', name: 'r', exists: true },
    {
      open: ({ onConnection, signal }) => stage.client(editorRights, { onConnection, signal }),
      intervalMs,
      listener: {
        onState: ({ link }) => void states.push(link.state),
        onSummary: (_, told) => {
          summaries.count++
          if (told.failures.length > 0 || told.proposals.length > 0) news.push(told)
        },
        onChange: () => {},
        onError: (error) => assert.fail(String(error)),
      },
    },
  )
  t.after(() => session.close())
  // The first state is there before anybody is told.
  states.push(session.link.state)
  return { session, states, news, summaries }
}

async function openSession(t: TestContext, intervalMs = 10) {
  const stage = new Stage(t)
  await stage.start()
  const parts = sessionOf(t, stage, intervalMs)
  parts.states.length = 0
  await parts.session.link.start()
  await until(() => parts.session.hasSummary)
  return { ...parts, stage, client: await stage.client() }
}

function job(jobId: string, attempt: number, status: string): JsonObject {
  const metrics = { exitCode: status === 'SUCCESS' ? 0 : 2, durationMs: 1_500 }
  return { jobId, runId: `${jobId}-${attempt}`, attempt, status, metrics }
}

async function result(client: Client, jobId: string, attempt: number, status: string) {
  const id = `${jobId.replace(/\p{Cc}/gu, '')}#${attempt}`
  await client.request(CreateRecord, { type: 'JobResult', id, data: job(jobId, attempt, status) })
}

function log(actionType: string, status: string, parameters: JsonObject) {
  return { type: 'OrionActionLog', data: { actionType, status, parameters } }
}

/** Proposes to change an insight that is there for it. */
async function propose(by: Client, owner: Client, id: string): Promise<void> {
  const subject = { type: 'OrionInsight', id: `${id}-subject` }
  await owner.request(CreateRecord, { ...subject, data: { summary: 'before', domain: 'd' } })
  await by.request(CreateProposal, {
    id,
    operations: [{ op: 'update', ...subject, expectedVersion: 1, set: { summary: 'after' } }],
    reason: 'because',
    submit: true,
  })
}

async function childrenOf(node: TreeNode | undefined): Promise<readonly TreeNode[]> {
  return (await node?.children?.()) ?? []
}

async function allRows(read: () => Promise<readonly TreeNode[]>): Promise<TreeNode[]> {
  const nodes = await read()
  const below = await Promise.all(
    nodes.map((node) => (node.children === undefined ? [] : allRows(node.children))),
  )
  return [...nodes, ...below.flat()]
}
