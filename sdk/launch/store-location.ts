import { accessSync, chmodSync, constants, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ancestors, findRepositoryHome } from './git-directory.ts'
import { LaunchError, messageOf, systemCode } from './launch-error.ts'
import { isDirectory, lookAt } from './look-at.ts'
import { makeDirectory } from './make-directory.ts'

/**
 * Finds the store that belongs to a place, without making or changing anything.
 *
 * In order: the `store` option, `ORION_STORE`, `.orion` of the repository around `cwd` (linked worktrees share the main
 * checkout's), the nearest parent that has `.orion`, and `.orion` in `cwd` itself. Two callers that mean the same
 * directory get the same text, because symbolic links are resolved, also where the last parts do not exist yet.
 *
 * @throws LaunchError `store_invalid` for an empty name or one that is a git checkout; `repository_unreadable`.
 */
export function locateStore(options: LocateStoreOptions): StoreLocation {
  const { directory, how } = choose(options)
  return {
    directory,
    databasePath: join(directory, 'store.sqlite'),
    lockPath: join(directory, 'owner.lock'),
    how,
  }
}

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where to look for a store. */
export interface LocateStoreOptions {
  /** A store's directory, named by the user; relative to `cwd`. */
  readonly store?: string | undefined
  readonly cwd: string
  readonly env: Environment
}

/** Where a store is. */
export interface StoreLocation {
  /** Real, absolute path of the store's directory, which may not exist yet. */
  readonly directory: string
  /** The SQLite file. Only the holder of the owner lock may open it. */
  readonly databasePath: string
  /** The file whose kernel lock makes its holder the store's owner. */
  readonly lockPath: string
  /** What decided: the option, `ORION_STORE`, git, a parent with `.orion`, or the current directory. */
  readonly how: 'option' | 'environment' | 'repository' | 'parent' | 'current'
}

/**
 * Makes the store's directory, readable by its owner only, with a `.gitignore` that keeps it out of every commit.
 *
 * Repeating it changes nothing. A directory that was there is closed to others, and gets a `.gitignore`, only if it is
 * ours by its name or was empty, so that no file of the user is ever hidden from git or from others.
 *
 * Root is refused in a directory of another user: all that it made there, from the write-ahead log to the tokens, would
 * be root's, and the user locked out.
 *
 * @throws LaunchError `store_unwritable`.
 */
export function prepareStore(location: StoreLocation): void {
  const { directory } = location
  const foreign = ownerOtherThanRoot(directory)
  if (foreign !== undefined) throw rootInForeignStore(directory, foreign)
  try {
    makeDirectory(directory)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    if (basename(directory) === '.orion' || readdirSync(directory).length === 0) {
      closeToOthers(directory)
      ignoreEverything(directory)
    }
  } catch (error) {
    throw new LaunchError(
      'store_unwritable',
      `expected ${directory} to be a directory that can be written, got ${reason(directory, error)}`,
      {
        remedy: 'fix its owner and mode, or name another one with --store or ORION_STORE',
        cause: error,
      },
    )
  }
}

/** The user whose store's directory is, if we are root and the user is not; undefined when there is none. */
function ownerOtherThanRoot(directory: string): number | undefined {
  if (process.geteuid?.() !== 0) return undefined
  const owner = lookAt(directory)?.uid
  return owner === 0 ? undefined : owner
}

function rootInForeignStore(directory: string, owner: number): LaunchError {
  return new LaunchError(
    'store_unwritable',
    `expected ${directory} to be a directory of root, who asks, got one of user ${owner}`,
    {
      remedy: `be that user (sudo -u '#${owner}' …, or --user ${owner} for a container), name another store with --store or ORION_STORE, or make this one root’s: chown -R 0 ${directory}`,
    },
  )
}

function choose({ store, cwd, env }: LocateStoreOptions): Pick<StoreLocation, 'directory' | 'how'> {
  if (store !== undefined) return { directory: named(cwd, store), how: 'option' }
  const fromEnvironment = env.ORION_STORE
  if (fromEnvironment) return { directory: named(cwd, fromEnvironment), how: 'environment' }
  const start = realPath(cwd)
  const home = findRepositoryHome(start)
  if (home !== undefined) return { directory: realPath(join(home, '.orion')), how: 'repository' }
  for (const parent of ancestors(start)) {
    const candidate = join(parent, '.orion')
    if (isDirectory(candidate)) {
      return { directory: realPath(candidate), how: 'parent' }
    }
  }
  return { directory: join(start, '.orion'), how: 'current' }
}

function named(cwd: string, store: string): string {
  if (store === '') {
    throw new LaunchError(
      'store_invalid',
      'expected the path of a store directory, got an empty one',
      {
        remedy: 'name a directory, such as --store .orion',
      },
    )
  }
  // A shell replaces it; a file of variables or a program that starts another does not.
  if (/^~[^/\\]*([/\\]|$)/.test(store)) {
    throw new LaunchError(
      'store_invalid',
      `expected the path of a store directory, got ${store}, in which nobody has replaced the ~`,
      { remedy: `write the home directory out, or ./${store} if that is its name` },
    )
  }
  const directory = realPath(resolve(cwd, store))
  if (lookAt(join(directory, '.git')) !== undefined) {
    throw new LaunchError(
      'store_invalid',
      `expected a store directory, got ${directory}, a git checkout`,
      {
        remedy: `name the directory inside it: ${join(directory, '.orion')}`,
      },
    )
  }
  return directory
}

/** Resolves symbolic links as far as the path exists and keeps the rest. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Absent, a dangling link, or below a file: what can't be resolved stays as it was said, and `prepareStore` judges it.
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}

/** Somebody may have made it by hand; one that is another user's can't be changed, and stays. */
function closeToOthers(directory: string): void {
  const found = lookAt(directory)
  if (found === undefined || found.uid !== process.geteuid?.() || (found.mode & 0o077) === 0) return
  chmodSync(directory, found.mode & 0o700)
}

function ignoreEverything(directory: string): void {
  try {
    writeFileSync(join(directory, '.gitignore'), '*\n', { flag: 'wx' })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

function reason(directory: string, error: unknown): string {
  const code = systemCode(error)
  if (code === 'EEXIST' || code === 'ENOTDIR') return `a file there or above (${code})`
  if (code === 'EACCES' || code === 'EPERM') {
    const owner = lookAt(directory)?.uid
    return owner === undefined
      ? `no permission (${code})`
      : `no permission (${code}, its owner is user ${owner})`
  }
  if (code === 'EROFS') return 'a read-only file system'
  return messageOf(error)
}
