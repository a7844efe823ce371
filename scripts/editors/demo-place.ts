/** Where the editor is proved: a home of its own with a repository in it, at a place that says nothing of this machine. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder, projectDirectory } from './cache-folder.ts'
import { runCommand } from './run-command.ts'

/** The place of one run. */
export interface DemoPlace {
  readonly root: string
  /** The repository that is opened in the editor. */
  readonly repository: string
  /** For every process of the run: `orion` is on its path, and leads to stores and run-time files of this place. */
  readonly env: NodeJS.ProcessEnv
  /** Another repository of the same person. */
  makeRepository(name: string, files?: Readonly<Record<string, string>>): string
  /** Ids of the daemons that run here; those of one repository if it is named. */
  daemons(repository?: string): number[]
  /** Ends whatever still runs here, and removes the place. Safe to repeat. */
  clear(): Promise<void>
}

/** Pictures show it, so it is the same everywhere. */
const root = '/tmp/demo'
const mark = join(root, '.made-by-editor-proof')

/**
 * Makes the place, and installs Orion there as a user would: from the package that this project makes, or, to be `again`
 * quick, from the one that the run before made.
 *
 * @throws Error if somebody else's files are there.
 */
export async function makeDemoPlace(again: boolean): Promise<DemoPlace> {
  if (existsSync(root) && !existsSync(mark)) {
    throw new Error(
      `expected nothing at ${root}, where the editor is proved; it is there and not ours`,
    )
  }
  const env = environment()
  const place: DemoPlace = {
    root,
    repository: join(root, 'parcel-tracker'),
    env,
    makeRepository: (name, files = {}) => makeRepository(join(root, name), files, env),
    daemons: (repository) =>
      ours()
        .filter(({ line }) => line.includes('\0serve') && line.includes(repository ?? root))
        .map(({ pid }) => pid),
    clear: async () => {
      for (let quiet = 0; quiet < 2; ) {
        const left = ours()
        for (const { pid } of left) end(pid)
        quiet = left.length === 0 ? quiet + 1 : 0
        await sleep(50)
      }
      rmSync(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  await place.clear()
  mkdirSync(join(root, 'run'), { recursive: true, mode: 0o700 })
  chmodSync(root, 0o700)
  mkdirSync(join(root, 'home'), { recursive: true })
  writeFileSync(mark, '')
  // The editor asks a login shell for the environment of its extensions.
  writeFileSync(join(root, 'home', '.profile'), `export PATH=${env.PATH ?? ''}\n`)
  installOrion(env, again)
  return place
}

/** Ours, without what was meant for this process or would lead elsewhere. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(CI|ORION_.*|NODE_OPTIONS|npm_.*|FORCE_COLOR|NO_COLOR|VSCODE_.*|XDG_.*)$/.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    HOME: join(root, 'home'),
    PATH: [join(root, 'usr', 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    ORION_RUNTIME_DIR: join(root, 'run'),
    // Should even the clearing fail, nothing stays for long.
    ORION_LIMIT_IDLE_EXIT_MS: '300000',
    GIT_CONFIG_GLOBAL: '/dev/null',
    TZ: 'UTC',
  }
}

/** Makes the package, and installs it; with `again` what the run before installed is taken. */
function installOrion(env: NodeJS.ProcessEnv, again: boolean): void {
  const installed = join(root, 'usr')
  const kept = join(cacheFolder('orion'), 'usr')
  if (again && existsSync(kept)) {
    cpSync(kept, installed, { recursive: true, verbatimSymlinks: true })
    return
  }
  const packed = runCommand('npm', ['pack', '--silent', '--pack-destination', root], {
    cwd: projectDirectory,
  })
  const name = packed.trim().split('\n').at(-1) ?? ''
  const npmEnv = { ...process.env, HOME: process.env.HOME ?? env.HOME }
  const args = ['install', '--global', '--prefix', installed, '--no-audit', '--no-fund']
  runCommand('npm', [...args, '--loglevel=error', join(root, name)], { cwd: root, env: npmEnv })
  rmSync(kept, { recursive: true, force: true })
  cpSync(installed, kept, { recursive: true, verbatimSymlinks: true })
}

function makeRepository(
  directory: string,
  files: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  mkdirSync(directory, { recursive: true })
  const git = (...args: string[]): void => void runCommand('git', args, { cwd: directory, env })
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  const who = ['-c', 'user.name=dev', '-c', 'user.email=dev@example.org']
  git(...who, 'commit', '--quiet', '--allow-empty', '--message', 'Begin')
  return directory
}

interface SeenProcess {
  readonly pid: number
  readonly line: string
}

/** Processes whose home is here: nobody else has it. */
function ours(): SeenProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environ = readFileSync(`/proc/${name}/environ`, 'utf8')
        if (!environ.split('\0').includes(`HOME=${root}/home`)) return []
        return [{ pid: Number(name), line: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
      } catch {
        return [] // It has ended meanwhile, or is another user's.
      }
    })
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
