import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { LaunchError, systemCode } from './launch-error.ts'
import { isDirectory, lookAt, lookAtItself } from './look-at.ts'

/**
 * Where the store of the repository around `start` belongs: one answer for the main checkout and all its linked worktrees.
 *
 * It is a function of git's common directory alone, read without the git binary: beside it if it is called `.git`; in the
 * checkout that `core.worktree` names (a submodule is a repository of its own); else inside it (bare repositories, and
 * `.git` kept elsewhere). `GIT_DIR` is not looked at, so that a hook and a shell in one place agree.
 *
 * @param start - Real path of a directory.
 * @returns The directory that holds `.orion`, or undefined when no repository is around.
 * @throws LaunchError `repository_unreadable` if a `.git` file leads nowhere: guessing would split the store in two.
 */
export function findRepositoryHome(start: string): string | undefined {
  for (const directory of ancestors(start)) {
    const gitDirectory = gitDirectoryAt(directory)
    if (gitDirectory !== undefined) return homeOf(commonDirectoryOf(gitDirectory))
  }
  return undefined
}

/** The directory itself, its parent, and so on up to the root. */
export function* ancestors(start: string): Generator<string> {
  for (let directory = start; ; directory = dirname(directory)) {
    yield directory
    if (dirname(directory) === directory) return
  }
}

function gitDirectoryAt(directory: string): string | undefined {
  const dotGit = join(directory, '.git')
  const found = lookAt(dotGit)
  if (found?.isFile()) return followGitFile(dotGit)
  if (found?.isDirectory() && isGitDirectory(dotGit)) return dotGit
  return isGitDirectory(directory) ? directory : undefined
}

function followGitFile(file: string): string {
  const line = /^gitdir: (.+?)\r?\n?$/.exec(readFileSync(file, 'utf8'))
  if (line?.[1] === undefined) throw unreadable(file, 'a line "gitdir: <path>"', 'something else')
  const target = resolve(dirname(file), line[1])
  if (!isGitDirectory(target)) {
    throw unreadable(file, 'the path of a git directory', `${target}, which is none`)
  }
  return target
}

/** The test that git itself makes: a HEAD, and either objects and refs or the way to them. */
function isGitDirectory(directory: string): boolean {
  if (lookAtItself(join(directory, 'HEAD')) === undefined) return false
  if (lookAt(join(directory, 'commondir'))?.isFile()) return true
  return isDirectory(join(directory, 'objects')) && isDirectory(join(directory, 'refs'))
}

function commonDirectoryOf(gitDirectory: string): string {
  const pointer = join(gitDirectory, 'commondir')
  const text = readIfThere(pointer)
  const common = text === undefined ? gitDirectory : resolve(gitDirectory, text.trim())
  try {
    return realpathSync(common)
  } catch {
    throw unreadable(pointer, 'the path of the common git directory', `${common}, which is absent`)
  }
}

function homeOf(commonDirectory: string): string {
  if (basename(commonDirectory) === '.git') return dirname(commonDirectory)
  for (const file of ['config.worktree', 'config']) {
    const named = coreWorktree(readIfThere(join(commonDirectory, file)) ?? '')
    if (named === undefined) continue
    const checkout = resolve(commonDirectory, named)
    if (isDirectory(checkout)) return realpathSync(checkout)
  }
  return commonDirectory
}

/** The value of `core.worktree` in the text of a git configuration; includes are not followed, git writes none there. */
function coreWorktree(config: string): string | undefined {
  let section = ''
  for (const line of config.split('\n')) {
    const header = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)
    if (header?.[1] !== undefined) section = header[1].toLowerCase()
    const value = /^\s*worktree\s*=\s*(?:"([^"]*)"|([^#;]*?))\s*(?:[#;].*)?$/i.exec(line)
    if (section === 'core' && value !== null) return value[1] ?? value[2]
  }
  return undefined
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw unreadable(path, 'a file that can be read', systemCode(error) ?? 'an error')
  }
}

function unreadable(path: string, expected: string, got: string): LaunchError {
  return new LaunchError(
    'repository_unreadable',
    `expected ${path} to hold ${expected}, got ${got}`,
    {
      remedy:
        'run `git worktree repair` in the main checkout, or name the store with --store or ORION_STORE',
    },
  )
}
