/** Where a client works, as it tells the daemon; for people, who want to know which checkout a write came from. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ancestors, findRepositoryHome } from '../launch/git-directory.ts'
import type { InitializeParams } from '../protocol/handshake.ts'

/** The workspace around a directory: the repository that the store belongs to, the checkout, and its branch. */
export function describeWorkspace(cwd: string): NonNullable<InitializeParams['workspace']> {
  const root = attempt(() => findRepositoryHome(cwd)) ?? cwd
  const worktree = attempt(() => checkoutAround(cwd))
  if (worktree === undefined) return { root }
  const branch = attempt(() => branchOf(worktree))
  return { root, worktree, ...(branch === undefined ? {} : { branch }) }
}

function checkoutAround(cwd: string): string | undefined {
  for (const directory of ancestors(resolve(cwd))) {
    if (statSync(join(directory, '.git'), { throwIfNoEntry: false }) !== undefined) return directory
  }
  return undefined
}

function branchOf(worktree: string): string | undefined {
  const dotGit = join(worktree, '.git')
  const gitDirectory = statSync(dotGit).isDirectory()
    ? dotGit
    : resolve(dirname(dotGit), /^gitdir: (.+)$/m.exec(readFileSync(dotGit, 'utf8'))?.[1] ?? '')
  const head = readFileSync(join(gitDirectory, 'HEAD'), 'utf8')
  return /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1]
}

/** A client must not fail for what is only told to people. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined // Unreadable, or no git here: then it is not told.
  }
}
