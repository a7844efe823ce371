/** From a draft to what was done, on the command line, by two principals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, type JsonObject } from '../../sdk/json.ts'
import { makePlace } from './orion-process.ts'

const insight = {
  op: 'create',
  type: 'OrionInsight',
  id: 'cold',
  data: { summary: 'a', domain: 'b' },
}

test('an agent proposes, the owner looks and approves, the agent carries it out', async (t) => {
  const place = makePlace(t)
  const made = await place.orion([
    'token',
    'create',
    '--name',
    'agent:a',
    '--scope',
    'read,propose',
  ])
  const env = { ORION_TOKEN: made.stdout.trim() }
  const plan = JSON.stringify([insight])
  const simulated = await place.orion(['simulate', plan], { env })
  assert.match(
    simulated.stdout,
    /^operations: 1 operation\n\+ create OrionInsight cold[\s\S]*summary: a[\s\S]*nothing of it/,
  )
  const draft = object(
    await place.json(['proposal', 'create', plan, '--reason', 'why not'], { env }),
  )
  const id = String(draft.id)
  assert.equal(object(await place.json(['proposal', 'submit', id], { env })).status, 'pending')
  const [listed, diff, refused, untold] = await Promise.all([
    place.orion(['proposal', 'list']),
    place.orion(['proposal', 'diff', id]),
    place.orion(['proposal', 'approve', id, '--digest', String(draft.digest)], { env }),
    place.orion(['proposal', 'approve', id]),
  ])
  assert.match(listed.stdout, /pending.*record\.transact.*agent:a.*why not/)
  assert.match(diff.stdout, /pending, by agent:a, 0 of 1 approvals\nwhy not\n[\s\S]*\+ summary: a/)
  assert.equal(refused.code, 5)
  assert.equal(untold.code, 2)
  assert.match(untold.stderr, /expected a terminal/)
  const wrong = await place.orion(['proposal', 'approve', id, '--digest', 'f'.repeat(64)])
  assert.equal(wrong.code, 4)
  const approved = await place.orion(['proposal', 'approve', id, '--digest', String(draft.digest)])
  assert.match(approved.stdout, /is approved/)
  const executed = await place.orion(['proposal', 'execute', id], { env })
  assert.match(executed.stdout, /is executed/)
  const record = object(await place.json(['get', 'OrionInsight', 'cold']))
  assert.equal(record.updatedBy, 'agent:a')
  assert.equal((await place.orion(['proposal', 'execute', id], { env })).code, 4)
})

test('actions are listed, run and proposed, and an approver has a key of his own', async (t) => {
  const place = makePlace(t)
  const run = ['action', 'run']
  const params = (value: object): string[] => ['--params', JSON.stringify(value)]
  const saved = await place.orion([
    ...run,
    'memory.save_insight',
    ...params({ summary: 's', domain: 'd' }),
  ])
  assert.match(saved.stdout, /memory\.save_insight done, logged as/)
  const forget = [...run, 'memory.forget_insights', ...params({ domain: 'd', below: 1 })]
  const [listed, described, unsure] = await Promise.all([
    place.orion(['action', 'list']),
    place.orion(['action', 'describe', 'memory.forget_insights']),
    place.orion(forget),
  ])
  assert.match(listed.stdout, /memory\.use_pattern/)
  assert.match(described.stdout, /has to be approved, dangerous[\s\S]*"below"/)
  assert.equal(unsure.code, 2)
  const unsaid = await place.orion([...run, 'memory.save_insight', ...params({ summary: '' })])
  assert.notEqual(unsaid.code, 0)
  const init = await place.orion(['approver', 'init', '--key-file', 'key'])
  assert.equal(init.code, 0, init.stderr)
  const again = await place.orion(['approver', 'init', '--key-file', 'other'])
  assert.equal(again.code, 5)
})

function object(value: unknown): JsonObject {
  assert.ok(isJsonObject(value))
  return value
}
