/** The plugin for Neovim, in real editors of two versions, against real daemons, over stdio and over the socket. */
import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { makePlace, program } from '../cli/orion-process.ts'
import { startProcess } from '../support/process.ts'
import { type Command, findProgram } from '../support/process-outside.ts'

const verdict = z.object({ name: z.string(), error: z.string().nullable() })
/** Cases of the suite; fewer mean that it ended early. */
const casesMin = 23

test('Neovim 0.10, over stdio: the plugin does what its help says', async (t) => {
  await runSuite(t, { folder: 'neovim', transport: 'stdio', named: process.env.ORION_NVIM })
})

test('a newer Neovim, over the socket: the plugin does what its help says', async (t) => {
  await runSuite(t, { folder: 'neovim-newest', transport: 'socket' })
})

async function runSuite(
  t: TestContext,
  how: { folder: string; transport: 'stdio' | 'socket'; named?: string | undefined },
): Promise<void> {
  const installed = fileURLToPath(new URL(`../../.cache/${how.folder}/nvim`, import.meta.url))
  const named: Command[] = how.named ? [[how.named]] : []
  const neovim = findProgram(t, {
    what: `Neovim (\`tsx scripts/install-editors.ts\` puts it into .cache/${how.folder})`,
    commands: [...named, [installed], ['nvim']],
    trial: { args: ['--version'], prints: /^NVIM v(0\.[1-9]\d|[1-9])/ },
  })
  if (neovim === undefined) return
  const place = makePlace(t)
  const plugin = fileURLToPath(new URL('../../plugins/nvim', import.meta.url))
  const suite = fileURLToPath(new URL('suite.lua', import.meta.url))
  const orion = [process.execPath, program, '--store', place.store]
  const start = ['--headless', '--clean', '--cmd', `set rtp^=${plugin}`, '-l', suite]
  const child = startProcess(t, [...neovim, ...start, how.transport, ...orion], place)
  let cases = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"')) continue
    const { name, error } = verdict.parse(JSON.parse(line))
    cases += 1
    await t.test(name, () => assert.equal(error, null, error ?? ''))
  }
  const { code, stderr } = await child.ended
  assert.equal(code, 0, stderr)
  assert.ok(cases >= casesMin, `expected ${casesMin} cases, got ${cases}`)
}
