/** What `orion plugin create` does. */
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { defaultDaemonCommand } from '../../../sdk/launch/daemon-command.ts'
import { ancestors } from '../../../sdk/launch/git-directory.ts'
import type { Action } from '../command.ts'
import type { CreatePluginFlags } from '../flags.ts'
import { pluginFiles } from '../plugin-template/plugin-files.ts'
import { pluginNames } from '../plugin-template/plugin-names.ts'
import { shellQuoted } from '../present/shell-quoted.ts'
import { printResult } from '../print.ts'
import { UsageError } from '../usage-error.ts'

/** `orion plugin create` */
export const createPlugin: Action<CreatePluginFlags, [string]> = async (cli, flags, name) => {
  const names = pluginNames(name)
  if (names === undefined) {
    throw new UsageError(
      `expected a name of small letters, digits and dashes that begins with a letter, got ${name.slice(0, 80)}`,
      { remedy: 'name it as in: orion plugin create release-notes' },
    )
  }
  const directory = resolve(cli.cwd, flags.directory ?? name)
  assertFree(directory)
  const orion = isFoundFrom(directory) ? undefined : `file:${ownPackage()}`
  const files = pluginFiles(names, orion)
  write(directory, files)
  await printResult(cli, flags, {
    value: { name, directory, files: [...files.keys()] },
    people: () => {
      const steps = [
        `cd ${shellQuoted(flags.directory ?? name)}`,
        ...(orion === undefined ? [] : ['npm install']),
        'npm test',
        'orion plugin dev --throwaway',
        'orion plugin add .',
      ]
      return `Made ${[...files.keys()].join(', ')} in ${directory}.\n\nNext:\n${steps.map((step) => `  ${step}\n`).join('')}`
    },
  })
  return 0
}

/** @throws UsageError when there is something that could be overwritten. */
function assertFree(directory: string): void {
  let entries: readonly string[]
  try {
    entries = readdirSync(directory)
  } catch (error) {
    if (!existsSync(directory)) return
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`expected ${directory} to be a directory, got: ${reason}`, {
      cause: error,
    })
  }
  if (entries.every((entry) => entry === '.git')) return
  throw new UsageError(`there is something in ${directory} already`, {
    remedy: 'choose another name, or another place with --directory DIR',
  })
}

/** All of them, or none. */
function write(directory: string, files: ReadonlyMap<string, string>): void {
  const wasThere = existsSync(directory)
  const written: string[] = []
  try {
    mkdirSync(directory, { recursive: true })
    for (const [name, text] of files) {
      const path = join(directory, name)
      writeFileSync(path, text, { flag: 'wx' })
      written.push(path)
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true })
    if (!wasThere) rmSync(directory, { recursive: true, force: true })
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`can't write ${directory}: ${reason}`, { cause: error })
  }
}

/** The package that this program belongs to. */
function ownPackage(): string {
  return dirname(dirname(defaultDaemonCommand().args[0] ?? ''))
}

/** Whether what is in a directory finds this very installation by the name `orion`. */
function isFoundFrom(directory: string): boolean {
  for (const ancestor of ancestors(directory)) {
    const path = join(ancestor, 'node_modules', 'orion')
    if (existsSync(path)) return realpathSync(path) === realpathSync(ownPackage())
  }
  return false
}
