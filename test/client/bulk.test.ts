/** Many writes in transactions that follow one another: all of them, or a clear word on what stands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOrionError } from '../../sdk/errors.ts'
import { startDaemon } from '../support/daemon.ts'
import { daemonClient } from '../support/sdk-client.ts'
import { Note } from '../support/store.ts'

function* notes(count: number, odd: { readonly [at: number]: string } = {}) {
  for (let at = 0; at < count; at++) {
    yield { id: `n${at}`, data: { title: odd[at] ?? `note ${at}` } }
  }
}

test('many records are created in their order, and each batch is told', async (t) => {
  const repository = (await daemonClient(t, await startDaemon(t))).repository(Note)
  const told: number[] = []
  const ids: string[] = []
  const { done, token } = await repository.createMany(notes(1234), {
    reason: 'moved here',
    onProgress: (progress) => {
      told.push(progress.done)
      ids.push(...progress.results.map(({ id }) => id))
    },
  })
  assert.equal(done, 1234)
  assert.deepEqual(told, [250, 500, 750, 1000, 1234])
  assert.deepEqual(
    ids,
    Array.from({ length: 1234 }, (_, at) => `n${at}`),
  )
  assert.equal((await repository.count()).count, 1234)
  assert.equal((await repository.get('n1233')).token, token)
  const [created] = (await repository.historyPage('n700')).versions
  assert.equal(created?.reason, 'moved here')
})

test('nothing to create is no error', async (t) => {
  const repository = (await daemonClient(t, await startDaemon(t))).repository(Note)
  assert.deepEqual(await repository.createMany([]), { done: 0, token: undefined })
})

test('a record that is refused is named by its index, and what stands is counted', async (t) => {
  const repository = (await daemonClient(t, await startDaemon(t))).repository(Note)
  let given = 0
  async function* slowly() {
    for (const one of notes(5000, { 612: 'x'.repeat(201) })) {
      given += 1
      yield one
    }
  }
  const error = await repository.createMany(slowly(), { batchSize: 100 }).catch((thrown) => thrown)
  assert.ok(isOrionError(error, 'invalid_record'))
  assert.equal(error.data.operation, 612)
  const { count } = await repository.count()
  assert.equal(error.data.done, count)
  // Whole transactions, without the one that failed; those that were under way with it stand.
  assert.equal(count % 100, 0)
  assert.ok(count >= 600 && count <= 900, `${count}`)
  assert.equal(await repository.find('n600'), undefined)
  assert.ok(given < 1200, 'nothing further is taken')
})

test('a bulk write that is cancelled says how much of it stands', async (t) => {
  const repository = (await daemonClient(t, await startDaemon(t))).repository(Note)
  const abort = new AbortController()
  const options = {
    batchSize: 50,
    signal: abort.signal,
    onProgress: ({ done }: { readonly done: number }) => {
      if (done === 200) abort.abort()
    },
  }
  const error = await repository.createMany(notes(100_000), options).catch((thrown) => thrown)
  assert.ok(isOrionError(error, 'cancelled'), String(error))
  const { count } = await repository.count()
  assert.equal(error.data.done, count)
  assert.ok(count >= 200 && count < 1000)
})

test('a failure of what gives the records is the caller’s, when all that was sent has been answered', async (t) => {
  const repository = (await daemonClient(t, await startDaemon(t))).repository(Note)
  let done = 0
  async function* broken() {
    yield* notes(300)
    throw new RangeError('the file ended early')
  }
  const writing = repository.createMany(broken(), { onProgress: (told) => (done = told.done) })
  await assert.rejects(writing, RangeError)
  assert.equal(done, 250)
  assert.equal((await repository.count()).count, 250)
})

test('records that are long together go in shorter transactions, and one that is too long is named', async (t) => {
  const repository = (await daemonClient(t, await startDaemon(t))).repository(Note)
  const sizes: number[] = []
  const long = Array.from({ length: 8 }, (_, at) => ({
    data: { title: `long ${at}`, extra: { x: 'x'.repeat(400_000) } },
  }))
  const { done } = await repository.createMany(long, {
    onProgress: ({ results }) => void sizes.push(results.length),
  })
  assert.equal(done, 8)
  assert.deepEqual(sizes, [2, 2, 2, 2])
  const over = [
    { data: { title: 'a' } },
    { data: { title: 'b', extra: { x: 'x'.repeat(2_000_000) } } },
  ]
  await assert.rejects(repository.createMany(over), { kind: 'too_large' })
})

for (const batchSize of [0, 1001, 1.5, Number.NaN]) {
  test(`a batch of ${batchSize} is refused before anything is sent`, async (t) => {
    const repository = (await daemonClient(t, await startDaemon(t))).repository(Note)
    await assert.rejects(repository.createMany(notes(1), { batchSize }), {
      kind: 'invalid_request',
    })
  })
}
