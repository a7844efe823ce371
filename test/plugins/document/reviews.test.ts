/** The plugin that docs/plugins.md shows does what is said there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDaemon } from '../../../daemon/testing/index.ts'
import { ExecuteAction, GetType, isOrionError } from '../../../sdk/index.ts'
import { plugin } from './reviews.ts'

test('a review is judged, told of and withdrawn', async (t) => {
  const daemon = await testDaemon({ plugins: [plugin] })
  t.after(() => daemon.close())
  const client = await daemon.client()
  assert.equal((await client.request(GetType, { type: 'Review' })).name, 'Review')
  const create = async (verdict: string) =>
    await client.transact({
      operations: [{ op: 'create', type: 'Review', data: { commit: '4f0c1e2', verdict } }],
    })
  await assert.rejects(
    create('so so'),
    (error) => isOrionError(error, 'forbidden') && /one of good, bad/.test(error.message),
  )
  const { results } = await create(' good ')
  await daemon.settled()
  const { events } = await client.events({ patterns: ['Reviews.*'] })
  assert.deepEqual(
    events.map(({ topic, payload }) => [topic, payload]),
    [['Reviews.given', { commit: '4f0c1e2', verdict: 'good' }]],
  )
  const id = results[0]?.id ?? ''
  await client.request(ExecuteAction, { action: 'reviews.withdraw', params: { id } })
  await assert.rejects(
    client.request(ExecuteAction, { action: 'reviews.withdraw', params: { id: 'none' } }),
    /names no review/,
  )
})
