/**
 * What each released version of the protocol said is said still: a kept session of it is played against the present daemon.
 * Additions are fine. `UPDATE_TRANSCRIPTS=1` keeps what is missing; a transcript that is there is never written over.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { firstSession } from './first-session.ts'
import { lost, play, readTranscript, type Step, stepsOf } from './play-transcript.ts'

const directory = fileURLToPath(new URL('.', import.meta.url))
const sessions: { readonly [file: string]: readonly Step[] } = { 'protocol-1.json': firstSession }

const played = async (daemon: TestDaemon, steps: readonly Step[]) =>
  await play(daemon.dial().client, steps)

for (const [file, steps] of Object.entries(sessions)) {
  const path = join(directory, file)
  if (process.env.UPDATE_TRANSCRIPTS !== '1' || existsSync(path)) continue
  test(`${file} is kept`, async (t) => {
    const exchanges = await played(await startDaemon(t), steps)
    writeFileSync(path, `${JSON.stringify({ protocol: 1, exchanges }, undefined, 1)}\n`)
  })
}

const kept = readdirSync(directory).filter((name) => name.endsWith('.json'))

test('there is a transcript of each version of the protocol', () => {
  assert.deepEqual(kept, Object.keys(sessions))
})

for (const file of kept) {
  test(`a client of the version of ${file} is told what it was told then`, async (t) => {
    const transcript = readTranscript(join(directory, file))
    const now = await played(await startDaemon(t), stepsOf(transcript))
    const less = transcript.exchanges.flatMap(({ send, answer, events }, index) =>
      [
        ...lost({ ...answer }, { ...now[index]?.answer }),
        ...lost([...events], [...(now[index]?.events ?? [])], '.events'),
      ].map((what) => `${index + 1} ${send.method}${what}`),
    )
    assert.deepEqual(less, [])
  })
}

test('what is gone, different or of another length is noticed, what is new is not', () => {
  const then = { id: 'a', list: [1, { deep: true }], gone: 1 }
  assert.deepEqual(lost(then, { ...then, more: 1, list: [1, { deep: true, wide: 1 }] }), [])
  assert.deepEqual(lost(then, { id: 'b', list: [1, { deep: false }] }), [
    '.id: "a" became "b"',
    '.list[1].deep: true became false',
    '.gone: 1 became undefined',
  ])
  assert.deepEqual(lost({ list: [1] }, { list: [1, 2] }), ['.list: [1] became [1,2]'])
})
