/** A store that is put back from a backup: whoever reads is told, and then has what there is now, nothing else. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError } from '../../sdk/client/typed-errors.ts'
import { parseToken } from '../../sdk/model.ts'
import { BackupStore } from '../../sdk/protocol/daemon.ts'
import { Task, World } from './live/world.ts'

test('live queries and subscriptions converge on a store that was put back, and are told', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'orion-r-'))
  const world = new World(directory)
  t.after(async () => {
    await world.close()
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  const { client } = await world.connect('reader and writer')
  t.after(() => client.close())
  const tasks = client.repository(Task)
  const add = async (id: string, rank: number) => await tasks.create({ rank }, { id })
  await add('kept', 1)
  await add('changed', 2)
  const { path } = await client.request(BackupStore, {})
  const all = await client.liveQuery(Task, { orderBy: [{ field: 'rank' }] })
  const first = await client.liveQuery(Task, { orderBy: [{ field: 'rank' }], limit: 2 })
  const loop = all[Symbol.asyncIterator]()
  await loop.next()
  const gaps: string[] = []
  const held = new Map<string, number>()
  const following = await client.on(
    Task,
    ({ id = '', record }) => {
      if (record === undefined) held.delete(id)
      else held.set(id, record.data.rank)
    },
    { from: 'snapshot', onGap: ({ reason }) => void gaps.push(reason) },
  )
  await tasks.update('changed', { expectedVersion: 1, set: { rank: 9 } })
  const lost = await add('lost', 0)
  const shown = () => [all, first].map(({ records }) => records.map(({ id }) => id).join())
  while (shown().join(' ') !== 'lost,kept,changed lost,kept') await sleep(5)
  while (held.size < 3 || held.get('changed') !== 9) await sleep(5)

  await world.restore(path)
  // What was decided on what is not there any more does not happen.
  const stale = tasks.update('lost', { expectedVersion: lost.version, set: { rank: 5 } })
  await assert.rejects(stale, ConflictError)
  const { token } = await add('new', 0)
  const [before, after] = [parseToken(lost.token), parseToken(token)]
  assert.notEqual(before?.epoch, after?.epoch)
  while (shown().join(' ') !== 'new,kept,changed new,kept') await sleep(5)
  assert.deepEqual(
    [all, first].map((live) => parseToken(live.token)?.epoch),
    [after?.epoch, after?.epoch],
  )
  while (!held.has('new')) await sleep(5)
  assert.deepEqual(Object.fromEntries(held), { kept: 1, changed: 2, new: 0 })
  assert.deepEqual(gaps, ['epoch'])
  const folded = new Map([
    ['kept', 1],
    ['changed', 2],
  ])
  while (!folded.has('new') || folded.has('lost') || folded.get('changed') !== 2) {
    const { value } = await loop.next()
    for (const { id } of value?.removed ?? []) folded.delete(id)
    for (const { id, data } of [...(value?.added ?? []), ...(value?.changed ?? [])]) {
      folded.set(id, data.rank)
    }
  }
  // Reads are not held up by positions of the life before.
  assert.equal((await tasks.list({ orderBy: [{ field: 'rank' }] })).records.length, 3)
  await following.close()
})
