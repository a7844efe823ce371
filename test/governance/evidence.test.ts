/** What speaks for a proposal: followed, looked up backwards, and no hindrance when it is gone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Proposal } from '../../plugins/orion/record-types.ts'
import { list, text } from '../../sdk/field.ts'
import { prepareStore } from '../../sdk/launch/store-location.ts'
import type { RecordTypeDefinition } from '../../sdk/record-type.ts'
import { testPlace } from '../support/daemon.ts'
import { createNote, startPeople } from '../support/people.ts'
import { caller, openTestStore } from '../support/store.ts'
import type { Parsed } from '../support/wire-client.ts'

const before: RecordTypeDefinition = {
  ...Proposal.definition,
  fields: { ...Proposal.definition.fields, evidence: list(text(), { optional: true }).definition },
}
const evidence = [
  'OrionInsight/i1',
  'https://example.org/a/b',
  'OrionInsight/never',
  'words',
  'Note/n1',
]

test('evidence is followed and named, also that of a store which held it as texts', async (t) => {
  const { location } = testPlace(t)
  prepareStore(location)
  const store = await openTestStore(t, { types: [before], path: location.databasePath })
  const data = { actionType: 'record.transact', evidence }
  await store.create({ type: 'Proposal', id: 'old', data }, caller())
  await store.close()

  const { owner, agent, reviewer, person } = await startPeople(t, { location })
  const insight = { type: 'OrionInsight', id: 'i1', data: { summary: 's', domain: 'd' } }
  await owner.call('record/create', insight)
  const asked = { id: 'new', operations: [createNote('n2')], evidence, submit: true }
  const { digest } = await agent.call('proposal/create', asked)
  const referrers = async (type: string, id: string): Promise<string[]> => {
    const found = await owner.call('record/referrers', { type, id })
    return found.referrers.map(({ field, record }: Parsed) => `${record.id} ${field}`)
  }
  assert.deepEqual(await referrers('OrionInsight', 'i1'), ['new evidence', 'old evidence'])
  assert.deepEqual(await referrers('OrionInsight', 'never'), ['new evidence', 'old evidence'])

  const seen = await owner.call('record/get', { type: 'Proposal', id: 'old', expand: ['evidence'] })
  assert.deepEqual(
    seen.included.map(({ type, id }: Parsed) => `${type}/${id}`),
    ['OrionInsight/i1'],
  )
  assert.deepEqual(seen.data.evidence, evidence)
  const blind = await person('b', ['read'], ['Proposal'])
  const unseen = await blind.call('record/get', {
    type: 'Proposal',
    id: 'new',
    expand: ['evidence'],
  })
  assert.deepEqual(unseen.included, [])
  assert.ok(unseen.omitted.every(({ reason }: Parsed) => reason === 'forbidden'))

  // It is no base: what speaks for a proposal may change, and go, before somebody decides.
  await owner.call('record/purge', { type: 'OrionInsight', id: 'i1', expectedVersion: 1 })
  await reviewer.call('proposal/approve', { id: 'new', digest })
  assert.equal((await agent.call('proposal/execute', { id: 'new' })).status, 'executed')
})
