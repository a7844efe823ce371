/** Clients in another language, on the daemon's own socket: one on a standard library alone, one on somebody's library. */
import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { makePlace, program } from '../cli/orion-process.ts'
import { runProcess, startProcess } from '../support/process.ts'
import { findProgram } from '../support/process-outside.ts'

const verdict = z.object({ name: z.string(), error: z.string().nullable() })
/** Cases of the client; fewer mean that it ended early. */
const casesMin = 20

test('a client in Python that knows the protocol’s page alone finds everything as the page says', async (t) => {
  const python = findProgram(t, {
    what: 'Python 3.8 or newer',
    commands: [['python3'], ['/usr/bin/python3']],
    trial: { args: ['-c', 'import sys; assert sys.version_info >= (3, 8)'] },
  })
  if (python === undefined) return
  const place = makePlace(t)
  const orion = [process.execPath, program, '--store', place.store]
  const child = startProcess(t, [...python, script('foreign-client.py'), ...orion], place)
  let cases = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const { name, error } = verdict.parse(JSON.parse(line))
    cases += 1
    await t.test(name, () => assert.equal(error, null, error ?? ''))
  }
  const { code, stderr } = await child.ended
  assert.equal(code, 0, stderr)
  assert.ok(cases >= casesMin, `expected ${casesMin} cases, got ${cases}`)
})

test('a client on somebody else’s library reads, writes, loses a race and receives an event', async (t) => {
  const python = findProgram(t, {
    what: 'python3-pylsp-jsonrpc',
    commands: [['/usr/bin/python3'], ['python3']],
    trial: { args: ['-c', 'import pylsp_jsonrpc.endpoint'] },
  })
  if (python === undefined) return
  const place = makePlace(t)
  const { socket } = endpoint.parse(await place.json(['endpoint']))
  const told = await runProcess(t, [...python, script('library-client.py'), socket], place)
  assert.equal(told.code, 0, told.stderr)
  const got = libraryAnswers.parse(JSON.parse(told.stdout))
  assert.equal(got.hello.server.name, 'orion')
  assert.deepEqual([got.created.version, got.updated.version], [1, 2])
  assert.equal(got.read.data.summary, 'a/b und 저장소')
  assert.equal(got.lost.code, 40900)
  assert.equal(got.lost.data.current.version, 2)
  assert.deepEqual(got.lost.data.changedFields, ['tags'])
  assert.deepEqual([got.event.topic, got.event.id], ['OrionInsight.created', 'by/library'])
})

const endpoint = z.object({ socket: z.string() })
const versioned = z.object({ version: z.int() })
const libraryAnswers = z.object({
  hello: z.object({ server: z.object({ name: z.string() }) }),
  created: versioned,
  read: z.object({ data: z.object({ summary: z.string() }) }),
  updated: versioned,
  lost: z.object({
    code: z.int(),
    data: z.object({ current: versioned, changedFields: z.array(z.string()) }),
  }),
  event: z.object({ topic: z.string(), id: z.string() }),
})

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}
