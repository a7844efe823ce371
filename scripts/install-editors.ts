/**
 * Puts a Neovim of 0.10 into `.cache/neovim`, the newest one into `.cache/neovim-newest` and Helix into `.cache/helix`, and prints
 * the commands that run them: `tsx scripts/install-editors.ts`, or with the names of some.
 *
 * Many systems have older ones, so they are taken from newer suites of the system's own package mirror: by a package root of
 * their own, without touching the system, without root and without chroot; and they are run by their own loader with their own
 * libraries. Does nothing for those that are there already.
 */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mirrorEntry } from './package-mirror.ts'

interface Editor {
  /** The folder in the cache. */
  readonly folder: string
  readonly suite: string
  readonly package: string
  /** The program, in the package and in the folder. */
  readonly program: string
  /** Where it looks for its own files, below the root, by the variable that tells it. */
  readonly runtime: readonly [variable: string, path: string]
}

const vim = {
  package: 'neovim',
  program: 'nvim',
  runtime: ['VIMRUNTIME', 'usr/share/nvim/runtime'],
} as const
const editors: { readonly [name: string]: Editor } = {
  // The first suite whose Neovim is new enough, and the last.
  neovim: { ...vim, folder: 'neovim', suite: 'trixie' },
  'neovim-newest': { ...vim, folder: 'neovim-newest', suite: 'sid' },
  helix: {
    folder: 'helix',
    suite: 'sid',
    package: 'hx',
    program: 'hx',
    runtime: ['HELIX_RUNTIME', 'usr/share/hx/runtime'],
  },
}
const cache = fileURLToPath(new URL('../.cache/', import.meta.url))

function install(editor: Editor): string {
  const installed = join(cache, editor.folder)
  const command = join(installed, editor.program)
  if (existsSync(command)) return command
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, `${editor.folder}-`))
  try {
    const root = join(work, 'root')
    for (const archive of download(join(work, 'apt'), editor)) {
      mkdirSync(root, { recursive: true })
      execFileSync('dpkg-deb', ['--extract', archive, root])
    }
    const fresh = join(work, 'fresh')
    mkdirSync(fresh)
    renameSync(root, join(fresh, 'root'))
    const script = startScript(join(fresh, 'root'), editor)
    writeFileSync(join(fresh, editor.program), script, { mode: 0o755 })
    rmSync(installed, { recursive: true, force: true })
    renameSync(fresh, installed)
    return command
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Downloads the packages of an editor and of all it stands on, the C library included. Nothing is installed. */
function download(directory: string, { suite, package: name }: Editor): string[] {
  const archives = join(directory, 'cache', 'archives')
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'etc']) {
    mkdirSync(join(directory, folder), { recursive: true })
  }
  const sources = join(directory, 'etc', 'only.sources')
  writeFileSync(sources, mirrorEntry(suite))
  // As nothing counts as installed, nothing that is needed is left out.
  writeFileSync(join(directory, 'state', 'status'), '')
  const settings = [
    `Dir::State=${join(directory, 'state')}`,
    `Dir::State::status=${join(directory, 'state', 'status')}`,
    `Dir::Cache=${join(directory, 'cache')}`,
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    'Dir::Etc::preferencesparts=/dev/null',
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=root',
    'Debug::NoLocking=true',
  ].flatMap((setting) => ['-o', setting])
  const apt = (...args: string[]): void => {
    // stdout is for the command alone.
    execFileSync('apt-get', [...settings, '-qq', ...args], { stdio: ['ignore', 2, 2] })
  }
  apt('update')
  apt('install', '--yes', '--download-only', name)
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(archives, name))
}

/** A script that finds its files beside itself, so that the project can be moved. */
function startScript(root: string, { program, runtime: [variable, path] }: Editor): string {
  const libraries = readdirSync(join(root, 'usr', 'lib'))
    .map((name) => join('usr', 'lib', name))
    .filter((path) => existsSync(join(root, path, 'libc.so.6')))
  const loader = libraries
    .flatMap((path) => readdirSync(join(root, path)).map((name) => join(path, name)))
    .find((path) => /\/ld-linux[^/]*\.so\.\d+$/.test(path))
  const [first] = libraries
  if (loader === undefined || first === undefined) {
    throw new Error(`expected a C library and its loader below ${root}, got none`)
  }
  return `#!/bin/sh
root=$(dirname -- "$(readlink -f -- "$0")")/root
${variable}="$root/${path}"
export ${variable}
exec "$root/${loader}" --library-path "$root/${first}" "$root/usr/bin/${program}" "$@"
`
}

const named = process.argv.slice(2)
for (const name of named.length > 0 ? named : Object.keys(editors)) {
  const editor = editors[name]
  if (editor === undefined) {
    throw new Error(`expected one of ${Object.keys(editors).join(', ')}, got ${name}`)
  }
  const command = install(editor)
  const version = execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0]
  process.stderr.write(`${version} in ${dirname(command)}\n`)
  console.log(command)
}
