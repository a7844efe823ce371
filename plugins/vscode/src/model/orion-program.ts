/** Finds the program that starts daemons: what the user named, what the folder depends on, what is on the path. */
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import type { DaemonCommand } from '../../../../sdk/launch/daemon-command.ts'
import type { Environment } from '../../../../sdk/launch/store-location.ts'
import { ProgramMissing } from './problem.ts'

/** Where to look. Called in trusted folders only: what it finds in one is run. */
export interface ProgramSearch {
  /** The setting `orion.program`; empty for none. */
  readonly named: string
  /** The workspace folder. */
  readonly folder: string
  readonly env: Environment
  readonly platform?: NodeJS.Platform
}

/**
 * The command that serves a store.
 *
 * @throws ProgramMissing with where it was looked for.
 */
export function findDaemonCommand(search: ProgramSearch): DaemonCommand {
  const { named, folder, env, platform = process.platform } = search
  if (named !== '') {
    const path = isAbsolute(named) ? named : resolve(folder, named)
    if (!isFile(path)) throw new ProgramMissing(`at ${path}, which the setting orion.program names`)
    return commandOf(path, env, platform)
  }
  for (const directory of [folder, ...parentsOf(folder)]) {
    const path = join(directory, 'node_modules', 'orion', 'bin', 'orion.mjs')
    if (isFile(path)) return commandOf(path, env, platform)
  }
  const found = onPath(env, platform)
  if (found !== undefined) return commandOf(found, env, platform)
  throw new ProgramMissing('in node_modules of the folder and on the PATH')
}

/**
 * The environment of a daemon that an editor starts: without what the editor meant for its own processes, which would make an
 * Electron of a Node, or attach a debugger.
 */
export function environmentForDaemon(env: Environment): Environment {
  const kept = Object.entries(env).filter(
    ([name]) => !/^(ELECTRON_|VSCODE_|CODE_SERVER_)/.test(name),
  )
  return Object.fromEntries(kept)
}

/** A script is run by Node: inside an editor the running program is none. */
function commandOf(path: string, env: Environment, platform: NodeJS.Platform): DaemonCommand {
  const script = scriptOf(path)
  if (script === undefined) return { command: path, args: ['serve'] }
  return { command: find('node', env, platform) ?? nodeOfHost(), args: [script, 'serve'] }
}

/** The script behind a program: itself, or what a link that npm made leads to. Windows can't run either by its name. */
function scriptOf(path: string): string | undefined {
  if (/\.[cm]?js$/.test(path)) return path
  try {
    const real = realpathSync(path)
    if (/\.[cm]?js$/.test(real)) return real
    const script = join(dirname(path), 'node_modules', 'orion', 'bin', 'orion.mjs')
    return /\.cmd$/i.test(path) && isFile(script) ? script : undefined
  } catch {
    return undefined // Gone meanwhile: running it will tell.
  }
}

/** In a remote host the running program is a Node; on a desktop there has to be one on the path. */
function nodeOfHost(): string {
  if (process.versions.electron === undefined) return process.execPath
  throw new ProgramMissing('for node on the PATH, which runs it')
}

function onPath(env: Environment, platform: NodeJS.Platform): string | undefined {
  return find('orion', env, platform)
}

function find(name: string, env: Environment, platform: NodeJS.Platform): string | undefined {
  const isWindows = platform === 'win32'
  const names = isWindows ? [`${name}.cmd`, `${name}.exe`] : [name]
  const path = Object.entries(env).find(([key]) => key.toUpperCase() === 'PATH')?.[1] ?? ''
  for (const directory of path.split(delimiter)) {
    // An entry that is empty or relative means the current directory: that of the editor is nobody's choice.
    if (!isAbsolute(directory)) continue
    for (const candidate of names) {
      const file = join(directory, candidate)
      if (isFile(file) && (isWindows || isExecutable(file))) return file
    }
  }
  return undefined
}

function parentsOf(folder: string): string[] {
  const parent = dirname(folder)
  // Beyond the repository nothing belongs to the folder any more.
  if (parent === folder || exists(join(folder, '.git'))) return []
  return [parent, ...parentsOf(parent)]
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false // Absent, or not to be looked at: there is no program that could be run.
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // Somebody else's.
  }
}
