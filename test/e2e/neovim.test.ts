/** A real editor: Neovim's own language client, without a line of ours in it but the test itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { isAlive, makePlace, program } from '../cli/orion-process.ts'
import { runProcess } from '../support/process.ts'
import { type Command, findProgram } from '../support/process-outside.ts'

test('Neovim’s language client reads, writes, loses a race and receives events, over stdio and over the socket', async (t) => {
  const neovim = findProgram(t, {
    what: 'Neovim 0.10 or newer (`tsx scripts/install-editors.ts`)',
    commands: candidates(),
    trial: { args: ['--version'], prints: /^NVIM v(0\.[1-9]\d|[1-9])/ },
  })
  if (neovim === undefined) return
  const place = makePlace(t)
  const script = fileURLToPath(new URL('neovim.lua', import.meta.url))
  const orion = [process.execPath, program, '--store', place.store]
  const told = await runProcess(
    t,
    [...neovim, '--headless', '--clean', '-l', script, ...orion],
    place,
  )
  assert.equal(told.code, 0, told.stderr)
  const seen = sight.parse(JSON.parse(told.stdout))
  t.diagnostic(`Neovim ${seen.version}`)
  assert.ok(seen.commands.includes('orion.record/update'))
  assert.deepEqual([seen.created.version, seen.won.version], [1, 2])
  assert.equal(seen.read.data.summary, 'written by an editor')
  assert.equal(seen.lost.code, 40900)
  assert.deepEqual(seen.lost.data, {
    ...seen.lost.data,
    kind: 'conflict',
    reason: 'version',
    expectedVersion: 1,
    changedFields: ['summary'],
  })
  assert.equal(seen.lost.data.current.data.summary, 'the rival was first')
  assert.deepEqual(
    seen.listed.records.map(({ id, version }) => [id, version]),
    [['nvim', 2]],
  )
  assert.deepEqual(
    seen.events.map(({ topic, version }) => [topic, version]),
    [
      ['OrionInsight.created', 1],
      ['OrionInsight.updated', 2],
    ],
  )
  // What it cancelled was answered, with the code that it keeps from its user.
  assert.deepEqual(seen.cancelled, { told: false, before: 2 })
  const [daemon = 0] = place.daemons()
  assert.ok(isAlive(daemon), 'the daemon outlives the editor')
})

const versioned = z.object({ id: z.string(), version: z.int() })
const sight = z.object({
  version: z.string(),
  commands: z.array(z.string()),
  created: versioned,
  won: versioned,
  read: z.object({ data: z.object({ summary: z.string() }) }),
  lost: z.object({
    code: z.int(),
    data: z.looseObject({ current: z.object({ data: z.object({ summary: z.string() }) }) }),
  }),
  listed: z.object({ records: z.array(versioned) }),
  events: z.array(z.object({ topic: z.string(), version: z.int() })),
  cancelled: z.object({ told: z.boolean(), before: z.int() }),
})

function candidates(): Command[] {
  const installed = fileURLToPath(new URL('../../.cache/neovim/nvim', import.meta.url))
  const named = process.env.ORION_NVIM
  return [...(named ? [[named] as const] : []), [installed], ['nvim']]
}
