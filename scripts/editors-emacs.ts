/**
 * Runs the tests of the client for Emacs in a real Emacs, against a real daemon: `npm run editors:emacs`. It needs Emacs 28 or
 * later (`emacs`, or ORION_EMACS); installing one takes longer than all of its tests, so they are not among those of `npm test`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory as root } from './editors/cache-folder.ts'
import { throwawayStore } from './editors/throwaway-store.ts'

const emacs = process.env.ORION_EMACS ?? 'emacs'
const { directory, work, orion, env, remove } = throwawayStore('emacs')
/** As Emacs reads a list of texts. */
const list = (words: readonly string[]): string =>
  `(${words.map((word) => JSON.stringify(word)).join(' ')})`
const tests = ['-L', join(root, 'plugins/emacs'), '-l', join(root, 'test/emacs/orion-test.el')]
try {
  const newer = newerStore(join(directory, 'newer'))
  const { status, error } = spawnSync(
    emacs,
    ['--batch', ...tests, '-f', 'ert-run-tests-batch-and-exit'],
    {
      cwd: work,
      env: { ...env, ORION_TEST_COMMAND: list(orion), ORION_TEST_NEWER: list(newer) },
      stdio: 'inherit',
    },
  )
  if (error !== undefined) throw new Error(`can't run ${emacs}: ${error.message}`)
  process.exitCode = status ?? 1
} finally {
  remove()
}

/** The command for a store that a newer version wrote. */
function newerStore(path: string): string[] {
  mkdirSync(path)
  const command = [...orion.slice(0, 2), '--store', path]
  const run = (...args: readonly string[]): void =>
    void execFileSync(process.execPath, [...command.slice(1), ...args], { cwd: work, env })
  run('create', 'OrionInsight', '--data', '{"summary":"early","domain":"emacs"}')
  run('stop')
  const file = openSync(join(path, 'store.sqlite'), 'r+')
  // Where SQLite keeps `user_version`, the format.
  writeSync(file, Buffer.from([0, 0, 0x23, 0x28]), 0, 4, 60)
  closeSync(file)
  return command
}
