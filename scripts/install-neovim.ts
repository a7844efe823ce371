/**
 * Puts a Neovim of 0.10 or newer into `.cache/neovim` and prints the command that runs it: `tsx scripts/install-neovim.ts`.
 *
 * Many systems have one without a client for sockets, so it is taken from a newer suite of the system's own package
 * mirror: by a package root of its own, without touching the system, without root and without chroot; and it is run by
 * its own loader with its own libraries. Does nothing when it is there already.
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

/** The first suite whose Neovim is new enough. */
const suite = 'trixie'
const cache = fileURLToPath(new URL('../.cache/', import.meta.url))

function install(): string {
  const installed = join(cache, 'neovim')
  const command = join(installed, 'nvim')
  if (existsSync(command)) return command
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'neovim-'))
  try {
    const root = join(work, 'root')
    for (const archive of download(join(work, 'apt'))) {
      mkdirSync(root, { recursive: true })
      execFileSync('dpkg-deb', ['--extract', archive, root])
    }
    const fresh = join(work, 'neovim')
    mkdirSync(fresh)
    renameSync(root, join(fresh, 'root'))
    writeFileSync(join(fresh, 'nvim'), startScript(join(fresh, 'root')), { mode: 0o755 })
    rmSync(installed, { recursive: true, force: true })
    renameSync(fresh, installed)
    return command
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Downloads the packages of Neovim and of all it stands on, the C library included. Nothing is installed. */
function download(directory: string): string[] {
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
  apt('install', '--yes', '--download-only', 'neovim')
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(archives, name))
}

/** A script that finds its files beside itself, so that the project can be moved. */
function startScript(root: string): string {
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
VIMRUNTIME="$root/usr/share/nvim/runtime"
export VIMRUNTIME
exec "$root/${loader}" --library-path "$root/${first}" "$root/usr/bin/nvim" "$@"
`
}

const command = install()
const version = execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0]
process.stderr.write(`${version} in ${dirname(command)}\n`)
console.log(command)
