import assert from 'node:assert/strict'
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeWorkspace } from '../../sdk/client/workspace.ts'
import { temporaryDirectory } from '../support/launch.ts'

function makeGit(directory: string, head: string): void {
  for (const part of ['objects', 'refs']) mkdirSync(join(directory, part), { recursive: true })
  writeFileSync(join(directory, 'HEAD'), head)
}

test('a directory in a checkout tells the repository, the checkout and its branch', (t) => {
  const root = realpathSync(temporaryDirectory(t))
  makeGit(join(root, '.git'), 'ref: refs/heads/feature/x\n')
  const cwd = join(root, 'src')
  mkdirSync(cwd)
  assert.deepEqual(describeWorkspace(cwd), { root, worktree: root, branch: 'feature/x' })
})

test('a linked worktree names the repository it belongs to, and its own branch', (t) => {
  const root = realpathSync(temporaryDirectory(t))
  const main = join(root, 'main')
  const worktree = join(root, 'linked')
  const linked = join(main, '.git', 'worktrees', 'linked')
  makeGit(join(main, '.git'), 'ref: refs/heads/main\n')
  mkdirSync(linked, { recursive: true })
  writeFileSync(join(linked, 'HEAD'), 'ref: refs/heads/other\n')
  writeFileSync(join(linked, 'commondir'), '../..\n')
  mkdirSync(worktree)
  writeFileSync(join(worktree, '.git'), `gitdir: ${linked}\n`)
  assert.deepEqual(describeWorkspace(worktree), { root: main, worktree, branch: 'other' })
})

test('a detached head has no branch', (t) => {
  const root = realpathSync(temporaryDirectory(t))
  makeGit(join(root, '.git'), '0123456789abcdef0123456789abcdef01234567\n')
  assert.deepEqual(describeWorkspace(root), { root, worktree: root })
})

test('what can’t be read is not told, and connecting does not fail for it', (t) => {
  const root = realpathSync(temporaryDirectory(t))
  writeFileSync(join(root, '.git'), 'gitdir: /nowhere/at/all\n')
  assert.deepEqual(describeWorkspace(root), { root, worktree: root })
  assert.deepEqual(describeWorkspace('/nowhere/at/all'), { root: '/nowhere/at/all' })
})
