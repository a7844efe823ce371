/** Actions: what they refuse, what they log, how they end, and when they become proposals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { type Action, defineAction } from '../../sdk/plugin/action.ts'
import { startPeople, stored } from '../support/people.ts'
import { Note, Tally } from '../support/store.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

const none = z.object({})
const sideEffects: unknown[] = []
let calls = 0

const actions: readonly Action[] = [
  defineAction('test.pick', {
    description: 'Says all that is wrong at once.',
    input: z.object({ title: z.string(), count: z.number().default(1) }),
    types: [Note],
    criteria: [
      { path: 'title', check: ({ title }) => (title === '' ? 'is empty' : undefined) },
      { path: 'count', check: ({ count }) => (count > 5 ? 'is too large' : undefined) },
      {
        path: '',
        check: ({ title }) => {
          if (title === 'throw') throw new Error('a criterion threw')
          return undefined
        },
      },
    ],
    apply: ({ title, count }) => [{ op: 'create', type: 'Note', data: { title, count } }],
    afterwards: [
      ({ results }) => void sideEffects.push(results.length),
      () => {
        throw new Error('the webhook is down')
      },
    ],
  }),
  defineAction('test.throws', {
    description: 'Throws.',
    input: none,
    types: [Note],
    apply: () => {
      throw new TypeError('nobody home')
    },
  }),
  defineAction('test.hangs', {
    description: 'Never ends.',
    input: none,
    types: [Note],
    apply: () => new Promise(() => {}),
  }),
  defineAction('test.strays', {
    description: 'Writes what it does not declare.',
    input: none,
    types: [Note],
    apply: () => [{ op: 'create', type: 'Tally', data: {} }],
  }),
  defineAction('test.peeks', {
    description: 'Reads what it does not declare.',
    input: none,
    types: [Note],
    apply: async (_params, { list }) => {
      await list(Tally)
      return []
    },
  }),
  defineAction('test.managed', {
    description: 'Sets a managed field.',
    input: none,
    types: [Note],
    apply: () => [{ op: 'create', type: 'Note', data: { title: 'a', state: 'done' } }],
  }),
  defineAction('test.late', {
    description: 'Loses the first race.',
    input: z.object({ rival: z.string() }),
    types: [Tally],
    retriesMax: 1,
    apply: async ({ rival }, { get }) => {
      calls += 1
      const tally = await get(Tally, rival)
      if (calls === 1) await interfere?.()
      const total = (tally?.data.total ?? 0) + 1
      const expectedVersion = tally?.version
      return [{ op: 'update', type: 'Tally', id: rival, expectedVersion, set: { total } }]
    },
  }),
]
let interfere: (() => Promise<unknown>) | undefined

async function logs(client: WireClient): Promise<Parsed[]> {
  const orderBy = [{ field: 'createdAt' }]
  return (await client.call('record/list', { type: 'OrionActionLog', orderBy })).records
}

test('actions are listed with what they take; of two with one name neither is taken', async (t) => {
  const { owner, person } = await startPeople(t, { actions })
  const names = (await owner.call('action/list')).actions.map(({ name }: Parsed) => name)
  assert.deepEqual(names, [...names].sort())
  assert.ok(names.includes('memory.save_insight') && names.includes('test.pick'))
  const told = await owner.call('action/describe', { action: 'memory.forget_insights' })
  assert.deepEqual([told.requiresProposal, told.dangerous], [true, true])
  assert.deepEqual(Object.keys(told.input.properties), ['domain', 'below'])
  const blind = await person('agent:b', ['read', 'write'], ['Tally'])
  const seen = (await blind.call('action/list')).actions.map(({ name }: Parsed) => name)
  assert.deepEqual(seen, ['test.late'])
  const hidden = await blind.refused('action/describe', { action: 'test.pick' })
  const absent = await blind.refused('action/describe', { action: 'test.pict' })
  assert.equal(JSON.stringify(hidden).replaceAll('pick', 'pict'), JSON.stringify(absent))
  const [twice] = actions
  await assert.rejects(
    startPeople(t, { actions: [twice as Action, twice as Action] }),
    /two actions/,
  )
})

test('an action is logged with its outcome, and what follows it undoes nothing', async (t) => {
  const { owner } = await startPeople(t, { actions })
  const done = await owner.call('action/execute', { action: 'test.pick', params: { title: 'a' } })
  assert.equal(done.results.length, 1)
  assert.deepEqual(done.warnings, ['the webhook is down'])
  assert.deepEqual(sideEffects.splice(0), [1])
  const log = await owner.call('record/get', { type: 'OrionActionLog', id: done.id })
  assert.equal(log.data.status, 'SUCCESS')
  assert.deepEqual(log.data.affectedIds, [done.results[0].id])
  assert.deepEqual(log.data.parameters, { title: 'a' })
  const { versions } = await owner.call('record/history', { type: 'OrionActionLog', id: done.id })
  assert.deepEqual(
    versions.map(({ data }: Parsed) => data.status),
    ['SUCCESS', 'PENDING'],
  )
})

test('what is wrong is said all at once, and a failed action leaves a log and nothing else', async (t) => {
  const { owner } = await startPeople(t, { actions, limits: { actionMaxMs: 100 } })
  const refused = async (action: string, params: object = {}) =>
    owner.refused('action/execute', { action, params })
  const wrong = await refused('test.pick', { title: '', count: 9 })
  assert.deepEqual(
    wrong.data.issues.map(({ path }: Parsed) => path),
    ['title', 'count'],
  )
  assert.equal(
    (await refused('test.pick', { title: 'throw' })).data.issues[0].message,
    'a criterion threw',
  )
  for (const [action, code] of [
    ['test.throws', 40000],
    ['test.hangs', 42900],
    ['test.strays', 40300],
    ['test.peeks', 40300],
    ['test.managed', 40300],
  ] as const) {
    assert.equal((await refused(action)).code, code, action)
  }
  const all = await logs(owner)
  assert.deepEqual([...new Set(all.map(({ data }) => data.status))], ['FAILURE'])
  assert.equal(all.length, 7)
  assert.match(all[2].data.error, /nobody home/)
  assert.equal((await refused('test.pick', { title: 1 })).code, -32602)
  assert.equal((await refused('test.pikc')).data.didYouMean, 'test.pick')
  assert.equal((await logs(owner)).length, 7, 'what is not an action is not logged')
  assert.equal((await owner.call('record/count', { type: 'Note' })).count, 0)
})

test('an action that lost a race is worked out anew, as often as it says', async (t) => {
  const { owner } = await startPeople(t, { actions })
  await owner.call('record/create', { type: 'Tally', id: 't', data: { total: 5 } })
  const add = [{ field: 'total', op: 'increment', value: 10 }]
  interfere = () => owner.call('record/update', { type: 'Tally', id: 't', apply: add })
  calls = 0
  const done = await owner.call('action/execute', { action: 'test.late', params: { rival: 't' } })
  assert.equal(done.attempts, 2)
  assert.equal((await owner.call('record/get', { type: 'Tally', id: 't' })).data.total, 16)
})

test('a key does an action once, also when it is asked for twice at a time', async (t) => {
  const { owner, person } = await startPeople(t, { actions })
  const order = { action: 'test.pick', params: { title: 'a' }, idempotencyKey: 'k' }
  const both = await Promise.all([1, 2].map(() => owner.call('action/execute', order)))
  const again = await owner.call('action/execute', order)
  assert.deepEqual(
    [...both, again].map(({ id }) => id),
    Array(3).fill(both[0].id),
  )
  assert.equal(again.replayed, true)
  assert.equal((await owner.call('record/count', { type: 'Note' })).count, 1)
  const mismatch = await owner.refused('action/execute', { ...order, params: { title: 'b' } })
  assert.equal(mismatch.code, 40902)
  const writer = await person('w', ['read', 'write'])
  await writer.call('action/execute', order)
  assert.equal((await owner.call('record/count', { type: 'Note' })).count, 2)
  const before = (await logs(owner)).length
  const dry = { action: 'test.pick', params: { title: 'c' }, dryRun: true }
  assert.equal((await owner.call('action/execute', dry)).changed, false)
  assert.equal((await logs(owner)).length, before)
  assert.equal((await owner.call('record/count', { type: 'Note' })).count, 2)
})

test('who may only read gets nothing done by an action or a simulation, and is told what it takes', async (t) => {
  const { daemon, owner, person } = await startPeople(t, { actions })
  const insight = { summary: 'doubtful', domain: 'build', confidenceScore: 0.1 }
  await owner.call('record/create', { type: 'OrionInsight', id: 'i', data: insight })
  const reader = await person('agent:reader', ['read'])
  const writer = await person('agent:writer', ['read', 'write'])
  const elsewhere = await person('agent:elsewhere', ['read', 'write', 'propose'], ['Tally'])
  const plan = { operations: [{ op: 'create', type: 'Note', data: { title: 'a' } }] }
  const { operations, guards, digest } = await owner.call('simulation/run', plan)
  const before = daemon.status().token
  const params = { title: 'a' }
  const pick = { action: 'test.pick', params }
  const forget = { action: 'memory.forget_insights', params: { domain: 'build', below: 0.5 } }
  const apply = { operations, guards, digest }
  const command = { command: 'orion.action/execute', arguments: [pick] }
  const refused: readonly (readonly [WireClient, string, Parsed, string])[] = [
    [reader, 'action/execute', pick, 'write'],
    [reader, 'action/execute', { ...pick, idempotencyKey: 'k' }, 'write'],
    [reader, 'action/execute', { ...pick, dryRun: true }, 'write'],
    [reader, 'action/execute', forget, 'propose'],
    [writer, 'action/execute', forget, 'propose'],
    [reader, 'workspace/executeCommand', command, 'write'],
    [reader, 'simulation/run', plan, 'write'],
    [reader, 'simulation/apply', { ...apply, as: 'transaction' }, 'write'],
    [reader, 'simulation/apply', { ...apply, as: 'proposal' }, 'propose'],
    [reader, 'simulation/apply', { ...apply, as: 'transaction', dryRun: true }, 'write'],
    [writer, 'simulation/apply', { ...apply, as: 'proposal' }, 'propose'],
    [elsewhere, 'simulation/apply', { ...apply, as: 'transaction' }, 'write'],
    [elsewhere, 'simulation/apply', { ...apply, as: 'proposal' }, 'propose'],
  ]
  for (const [client, method, asked, needs] of refused) {
    const { code, data, message } = await client.refused(method, asked)
    assert.equal(code, 40300, `${method} ${JSON.stringify(asked)}: ${message}`)
    assert.equal(data.needs, needs, `${method} ${JSON.stringify(asked)}: ${message}`)
  }
  for (const asked of [pick, forget]) {
    assert.equal((await elsewhere.refused('action/execute', asked)).code, 40000, 'it is not told')
  }
  assert.equal(daemon.status().token, before, 'nothing was written, not even a log')
})

test('an action that has to be approved is proposed, and done by the proposal', async (t) => {
  const { owner, agent, reviewer } = await startPeople(t, { actions })
  const insight = (id: string, confidenceScore: number) =>
    owner.call('record/create', {
      type: 'OrionInsight',
      id,
      data: { summary: id, domain: 'build', confidenceScore },
    })
  await insight('sure', 0.9)
  await insight('doubtful', 0.1)
  const order = { action: 'memory.forget_insights', params: { domain: 'build', below: 0.5 } }
  const error = await agent.refused('action/execute', order)
  assert.equal(error.code, 40301)
  const { proposalId: id } = error.data
  const proposal = await stored(owner, id)
  assert.deepEqual([proposal.data.status, proposal.data.operations.length], ['pending', 1])
  assert.equal(
    (await agent.refused('action/execute', { action: 'test.pick', params: { title: 'a' } })).code,
    40300,
  )
  await reviewer.call('proposal/approve', { id, digest: proposal.data.digest })
  await agent.call('proposal/execute', { id })
  const lifecycles = await Promise.all(
    ['sure', 'doubtful'].map(async (key) => {
      return (await owner.call('record/get', { type: 'OrionInsight', id: key })).lifecycle
    }),
  )
  assert.deepEqual(lifecycles, ['active', 'archived'])
  const log = (await logs(owner)).at(-1)
  assert.deepEqual([log?.data.actionType, log?.data.status], [order.action, 'SUCCESS'])
})

test('the bundled actions count each use of a pattern, and keep an insight once', async (t) => {
  const { owner } = await startPeople(t)
  await owner.call('record/create', {
    type: 'OrionPattern',
    id: 'p',
    data: { trigger: 'a', steps: ['b'] },
  })
  const use = (success: boolean) =>
    owner.call('action/execute', { action: 'memory.use_pattern', params: { id: 'p', success } })
  await Promise.all([use(true), use(true), use(false), use(true)])
  const { data } = await owner.call('record/get', { type: 'OrionPattern', id: 'p' })
  assert.deepEqual([data.frequencyCount, Math.round(data.successRate * 100)], [4, 75])
  const save = { action: 'memory.save_insight', params: { summary: 's', domain: 'd' } }
  const { results } = await owner.call('action/execute', save)
  assert.match(
    (await owner.refused('action/execute', save)).data.issues[0].message,
    /known already/,
  )
  const weigh = { id: results[0].id, confirmed: false, weight: 0.5 }
  await owner.call('action/execute', { action: 'memory.weigh_insight', params: weigh })
  const insight = await owner.call('record/get', { type: 'OrionInsight', id: results[0].id })
  assert.equal(insight.data.confidenceScore, 0.5)
})
