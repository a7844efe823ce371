/** `orion lsp`, driven by two editors that others wrote: Neovim's language client, and Helix on a terminal. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { makePlace, program } from '../cli/orion-process.ts'
import { runProcess } from '../support/process.ts'
import { findProgram } from '../support/process-outside.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

test('a language client runs the commands, approves what it has seen and nothing void, and outlives a daemon', async (t) => {
  const neovim = findProgram(t, {
    what: 'Neovim 0.10 or newer (`tsx scripts/install-editors.ts`)',
    commands: [[here('../../.cache/neovim/nvim')], ['nvim']],
    trial: { args: ['--version'], prints: /^NVIM v(0\.[1-9]\d|[1-9])/ },
  })
  if (neovim === undefined) return
  const place = makePlace(t)
  const orion = [process.execPath, program, '--store', place.store]
  const script = here('neovim-client.lua')
  const told = await runProcess(
    t,
    [...neovim, '--headless', '--clean', '-l', script, ...orion],
    place,
  )
  assert.equal(told.code, 0, told.stderr)
  const seen = sight.parse(JSON.parse(told.stdout))
  assert.ok(seen.commands.includes('orion.jobs') && seen.commands.includes('orion.approve'))
  assert.match(seen.empty, /There is nothing here yet/)
  assert.ok(seen.messages.includes('orion: job unit\\u001b[31m-tests has failed'))
  assert.match(seen.jobs, /FAILURE {2}unit\\u001b\[31m-tests/)
  assert.match(seen.found, /before/)
  // Nobody decides about what was not shown.
  assert.match(seen.unseen.error.message, /expected what was reviewed/)
  assert.match(seen.review, /- summary: before\n {2}\+ summary: after\n\ndigest [0-9a-f]{64}$/)
  assert.deepEqual(seen.actions, ['orion.approve', 'orion.reject', 'orion.execute'])
  assert.match(seen.question, /Approve exactly what the review of .* shows/)
  assert.equal(seen.refused.message, 'not approved')
  assert.match(seen.approved.message, /is approved, 1 of 1 approvals/)
  assert.match(seen.executed.message, /is executed/)
  assert.equal(seen.stored, 'after')
  assert.match(seen.voided, /OrionInsight plan has moved from version 2 to 3: the proposal is void/)
  assert.match(seen.large, /too large to show: 20000 of 30000 characters/)
  assert.match(seen.again, /moved/)
  const [nosuch, show, approve] = seen.wrong.map(({ error }) => error.message)
  assert.match(nosuch ?? '', /there is no command orion\.nosuch/)
  assert.match(show ?? '', /expected the arguments \["Type", "id"\], got \[1\]/)
  assert.match(approve ?? '', /expected the arguments \["id", "digest"\]/)
  assert.deepEqual(seen.elsewhere, [])
  // What was shown was the user's alone, and is gone with the editor.
  assert.ok(seen.shown.every(({ mode }) => mode === 'rwx------'))
  assert.equal(seen.left, false)
})

test('Helix lists, reviews and approves by workspace commands', async (t) => {
  const helix = findProgram(t, {
    what: 'Helix 25.07 or newer (`tsx scripts/install-editors.ts helix`)',
    commands: [[here('../../.cache/helix/hx')], ['hx']],
    trial: { args: ['--version'], prints: /^helix (2[5-9]|[3-9]\d)\./ },
  })
  const python = findProgram(t, {
    what: 'Python 3.8 or newer',
    commands: [['python3'], ['/usr/bin/python3']],
    trial: { args: ['-c', 'import pty'] },
  })
  if (helix === undefined || python === undefined) return
  const place = makePlace(t)
  const token = secret.parse(
    await place.json(['token', 'create', '--name', 'agent:demo', '--scope', 'read,propose']),
  ).token
  await place.json(['create', 'OrionInsight', '--id', 'plan', '--data', insight])
  const { id } = proposed.parse(
    await place.json(['proposal', 'create', plan, '--submit', '--token', token]),
  )
  const settings = join(place.directory, '..', '.config', 'helix')
  mkdirSync(settings, { recursive: true })
  const args = [program, '--store', place.store, 'lsp']
  writeFileSync(
    join(settings, 'languages.toml'),
    `[language-server.orion]
command = ${JSON.stringify(process.execPath)}
args = ${JSON.stringify(args)}
timeout = 120

[[language]]
name = "orion"
scope = "text.orion"
file-types = ["orion"]
roots = []
language-servers = ["orion"]
`,
  )
  writeFileSync(join(place.directory, 'notes.orion'), 'notes\n')
  const env = { ...place.env, TERM: 'xterm-256color', XDG_CONFIG_HOME: join(settings, '..') }
  const told = await runProcess(
    t,
    [...python, here('drive-helix.py'), ...helix, 'notes.orion', id],
    {
      ...place,
      env,
    },
  )
  assert.equal(told.code, 0, told.stderr)
  const { records } = listed.parse(await place.json(['proposal', 'list', '--status', 'approved']))
  assert.equal(records.length, 1)
})

const insight = JSON.stringify({ summary: 'before', domain: 'helix' })
const plan = JSON.stringify([
  {
    op: 'update',
    type: 'OrionInsight',
    id: 'plan',
    expectedVersion: 1,
    set: { summary: 'after' },
  },
])
const proposed = z.object({ id: z.string() })
const secret = z.object({ token: z.string() })
const listed = z.object({ records: z.array(z.object({ id: z.string() })) })
const failure = z.object({ error: z.object({ message: z.string() }) })
const message = z.object({ message: z.string() })
const sight = z.object({
  commands: z.array(z.string()),
  messages: z.array(z.string()),
  shown: z.array(z.object({ mode: z.string() })),
  empty: z.string(),
  jobs: z.string(),
  found: z.string(),
  unseen: failure,
  review: z.string(),
  actions: z.array(z.string()),
  question: z.string(),
  refused: message,
  approved: message,
  executed: message,
  stored: z.string(),
  void: failure,
  voided: z.string(),
  large: z.string(),
  again: z.string(),
  wrong: z.array(failure),
  elsewhere: z.array(z.unknown()),
  left: z.boolean(),
})
