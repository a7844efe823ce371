/** What governance makes of the end of a daemon, of its own will or not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pendingLog } from '../../daemon/governance/action-log.ts'
import { proposalOf } from '../../daemon/governance/proposal-record.ts'
import { approvalsOf } from '../../daemon/governance/proposal-reviews.ts'
import { settleUnfinished } from '../../daemon/governance/unfinished-actions.ts'
import { OrionActionLog } from '../../plugins/orion/record-types.ts'
import { startDaemon, testPlace } from '../support/daemon.ts'
import { ScriptProcess } from '../support/launch.ts'
import { createNote, startPeople, stored } from '../support/people.ts'
import { caller, openTestStore } from '../support/store.ts'
import type { Parsed, WireClient } from '../support/wire-client.ts'

async function log(client: WireClient, id: string): Promise<Parsed> {
  return await client.call('record/get', { type: 'OrionActionLog', id })
}

test('the log of an action that SIGKILL interrupted says so once a daemon is there again', {
  timeout: 300_000,
}, async (t) => {
  const { location, env } = testPlace(t)
  const variables = { ...process.env, ...env, WAITING_STORE: location.directory }
  const program = new ScriptProcess(t, 'waiting-action.ts', variables)
  const id = await program.line()
  await program.kill()
  const { connect, daemon } = await startDaemon(t, { location })
  const owner = await connect()
  // A program logs by itself: what it says is its own business.
  const own = {
    type: 'OrionActionLog',
    id: 'own',
    data: { actionType: 'ci.run', status: 'PENDING' },
  }
  await owner.call('record/create', own)
  const forged = { ...own, id: 'forged', data: { ...own.data, life: 'another' } }
  assert.equal((await owner.refused('record/create', forged)).code, 40300)
  let settled = await log(owner, id)
  const deadline = performance.now() + 60_000
  while (settled.data.status === 'PENDING' && performance.now() < deadline) {
    await sleep(20)
    settled = await log(owner, id)
  }
  assert.equal(settled.data.status, 'FAILURE')
  assert.match(settled.data.error, /^interrupted: .*nothing was done$/)
  assert.deepEqual([settled.version, settled.createdBy === settled.updatedBy], [2, false])
  assert.equal((await owner.call('record/count', { type: 'Note' })).count, 0)
  await daemon.close('to begin again')
  const again = await startDaemon(t, { location })
  const next = await again.connect()
  // What follows the search for interrupted actions is behind it in the queue.
  await next.call('action/execute', {
    action: 'memory.save_insight',
    params: { summary: 'a', domain: 'b' },
  })
  assert.equal((await log(next, id)).version, 2, 'it is settled once')
  assert.equal((await log(next, 'own')).data.status, 'PENDING')
  // However many logs there are, a start reads those that are pending and no others.
  const where = { status: 'PENDING', life: { isNull: false } }
  const orderBy = [{ field: 'createdAt' }]
  const { lookUps } = await next.call('record/explain', { type: 'OrionActionLog', where, orderBy })
  assert.deepEqual(lookUps, [
    { through: 'index', fields: ['status', 'createdAt', 'id'], entered: ['status'] },
  ])
})

test('only logs of lives that are over are settled, however many they are', async (t) => {
  const store = await openTestStore(t, { types: [OrionActionLog.definition] })
  const daemon = { ...caller(), ...everything }
  const begun = { action: 'test.waits', params: {} }
  for (let count = 0; count < 130; count += 1) {
    await pendingLog(store, { ...begun, life: `over${count % 2}` }, daemon)
  }
  const own = await pendingLog(store, { ...begun, life: 'present' }, daemon)
  const data = { actionType: 'ci.run', status: 'PENDING' }
  await store.create({ type: 'OrionActionLog', id: 'run', data }, daemon)
  assert.equal(await settleUnfinished(store, 'present', daemon), 130)
  const where = { status: 'PENDING' }
  const { records } = await store.list({ type: 'OrionActionLog', where }, daemon)
  assert.deepEqual(records.map(({ id }) => id).sort(), [own.id, 'run'].sort())
  assert.equal(await settleUnfinished(store, 'present', daemon), 0)
})

const everything = {
  credential: 'owner',
  isRenamed: false,
  holds: () => true,
  heldAtFirst: () => true,
}

test('the approver’s secret is asked for by the next daemon, too', async (t) => {
  const secret = 'correct horse battery'
  const first = await startPeople(t)
  await first.owner.call('approver/init', { secret })
  await first.daemon.close('to begin again')
  const { location } = first
  const { owner, reviewer, agent } = await startPeople(t, {
    location,
    limits: { wrongTokenDelayMs: 5 },
  })
  const { id, digest } = await agent.call('proposal/create', {
    operations: [createNote('n')],
    submit: true,
  })
  assert.equal((await reviewer.refused('proposal/approve', { id, digest })).data.needs, 'approver')
  assert.equal((await owner.refused('approver/init', { secret: 'another secret' })).code, 40300)
  await reviewer.call('proposal/approve', { id, digest, approverSecret: secret })
  assert.equal((await stored(owner, id)).data.status, 'approved')
})

test('what was approved under a weaker policy is not carried out under a stricter one', async (t) => {
  const first = await startPeople(t)
  const approved = async (id: string): Promise<Parsed> => {
    const made = await first.agent.call('proposal/create', {
      operations: [createNote(id)],
      submit: true,
    })
    return await first.reviewer.call('proposal/approve', { id: made.id, digest: made.digest })
  }
  const { id } = await approved('n')
  const { location } = first
  const next = async (policy: object) => {
    const people = await startPeople(t, {
      location,
      settings: { policy: [{ types: ['Note'], ...policy }] },
    })
    const error = await people.agent.refused('proposal/execute', { id })
    assert.equal((await stored(people.owner, id)).data.status, 'approved')
    await people.daemon.close('to begin again')
    return error
  }
  await first.daemon.close('to begin again')
  const twoWanted = await next({ decision: 'propose', quorum: 2 })
  assert.deepEqual([twoWanted.code, twoWanted.data.proposalId], [40301, id])
  assert.match(twoWanted.message, /1 of 2 approvals/)
  assert.equal((await next({ decision: 'deny' })).code, 40300)
  const { owner, agent } = await startPeople(t, { location, settings: {} })
  await agent.call('proposal/execute', { id })
  assert.equal((await owner.call('record/get', { type: 'Note', id: 'n' })).createdBy, 'agent:a')
})

test('of stored reviews each name and each token counts once, for this digest, and no author', async (t) => {
  const { owner, agent } = await startPeople(t)
  const { id } = await agent.call('proposal/create', { operations: [createNote('n')] })
  const proposal = proposalOf(await stored(owner, id))
  const review = (by: string, credential: string, more: object = {}) => ({
    ...({
      by,
      credential,
      at: proposal.record.createdAt,
      decision: 'approved',
      digest: 'd',
    } as const),
    ...more,
  })
  const counted = (...reviews: ReturnType<typeof review>[]) =>
    approvalsOf({ ...proposal, reviews }, 'd')
  assert.equal(counted(review('a', '1'), review('b', '2')), 2)
  assert.equal(counted(review('a', '1'), review('a', '2')), 1, 'one name, two tokens')
  assert.equal(counted(review('a', '1'), review('b', '1')), 1, 'two names, one token')
  assert.equal(counted(review('agent:a', '1')), 0)
  assert.equal(
    counted(review('a', '1', { digest: 'e' }), review('b', '2', { decision: 'rejected' })),
    0,
  )
})
