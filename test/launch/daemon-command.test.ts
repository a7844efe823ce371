import assert from 'node:assert/strict'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { daemonEnvironment, type defaultDaemonCommand } from '../../sdk/launch/daemon-command.ts'
import { temporaryDirectory } from '../support/launch.ts'

const project = fileURLToPath(new URL('../../', import.meta.url))

for (const place of ['sdk/launch', 'dist/sdk/launch', 'node_modules/orion/dist/sdk/launch']) {
  test(`code in ${place} starts the program of its own package`, async (t) => {
    const top = temporaryDirectory(t)
    const home = place.startsWith('node_modules') ? join(top, 'node_modules', 'orion') : top
    mkdirSync(join(home, 'bin'), { recursive: true })
    writeFileSync(join(home, 'bin', 'orion.mjs'), '')
    writeFileSync(join(home, 'package.json'), '{"name": "orion", "type": "module"}')
    const { command, args } = await commandOf(top, place)
    assert.equal(command, process.execPath)
    assert.deepEqual(args, [join(home, 'bin', 'orion.mjs'), 'serve'])
  })
}

test('code that was bundled into another package says that it needs a command', async (t) => {
  const top = temporaryDirectory(t)
  mkdirSync(join(top, 'bin'))
  writeFileSync(join(top, 'bin', 'orion.mjs'), '')
  writeFileSync(join(top, 'package.json'), '{"name": "another", "type": "module"}')
  await assert.rejects(commandOf(top, 'out'), {
    kind: 'start_failed',
    remedy: /daemonCommand/,
  })
})

test('a daemon gets the environment without what was meant for its starter alone', () => {
  const kept = { PATH: '/bin', HOME: '/root', ORION_RUNTIME_DIR: '/run', NODE_EXTRA_CA_CERTS: '/x' }
  const dropped = {
    NODE_OPTIONS: '--inspect-brk',
    NODE_CHANNEL_FD: '3',
    NODE_TEST_CONTEXT: 'child-v8',
    VSCODE_INSPECTOR_OPTIONS: '{}',
    GIT_DIR: '.git',
    UNSET: undefined,
  }
  assert.deepEqual(daemonEnvironment({ ...kept, ...dropped }), kept)
})

/** Copies the code to a place and asks it there. */
async function commandOf(
  top: string,
  folder: string,
): Promise<ReturnType<typeof defaultDaemonCommand>> {
  const place = join(top, folder)
  cpSync(join(project, 'sdk', 'launch'), place, { recursive: true })
  mkdirSync(join(top, 'node_modules'), { recursive: true })
  symlinkSync(join(project, 'node_modules', 'zod'), join(top, 'node_modules', 'zod'))
  const copy: { defaultDaemonCommand: typeof defaultDaemonCommand } = await import(
    pathToFileURL(join(place, 'daemon-command.ts')).href
  )
  return copy.defaultDaemonCommand()
}
