import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import { locateStore, prepareStore } from '../../sdk/launch/store-location.ts'
import { temporaryDirectory } from '../support/launch.ts'

test('the store lies beside the .git of the checkout, from any directory in it', (t) => {
  const home = repository(t)
  mkdirSync(join(home, 'a', 'b'), { recursive: true })
  for (const cwd of [home, join(home, 'a', 'b'), join(home, '.git'), join(home, '.git', 'refs')]) {
    const location = locateStore({ cwd, env: {} })
    assert.equal(location.directory, join(home, '.orion'), cwd)
    assert.equal(location.how, 'repository')
    assert.equal(location.databasePath, join(home, '.orion', 'store.sqlite'))
    assert.equal(location.lockPath, join(home, '.orion', 'owner.lock'))
  }
})

test('linked worktrees share the store of the main checkout', (t) => {
  const home = repository(t)
  const linked = join(temporaryDirectory(t), 'linked')
  git(home, 'worktree', 'add', linked)
  mkdirSync(join(linked, 'deep'))
  for (const cwd of [linked, join(linked, 'deep'), join(home, '.git', 'worktrees', 'linked')]) {
    assert.equal(storeFrom(cwd), join(home, '.orion'), cwd)
  }
})

test('a linked worktree with a relative path to its git directory shares the store too', (t) => {
  const home = repository(t)
  const linked = join(home, 'linked')
  git(home, 'worktree', 'add', linked)
  writeFileSync(join(linked, '.git'), 'gitdir: ../.git/worktrees/linked\n')
  assert.equal(storeFrom(linked), join(home, '.orion'))
})

test('the worktrees of a bare repository share a store inside it', (t) => {
  const bare = join(temporaryDirectory(t), 'project.git')
  git(repository(t), 'clone', '--bare', '.', bare)
  const linked = join(temporaryDirectory(t), 'linked')
  git(bare, 'worktree', 'add', linked)
  for (const cwd of [bare, join(bare, 'hooks'), linked]) {
    assert.equal(storeFrom(cwd), join(bare, '.orion'), cwd)
  }
})

test('a checkout whose git directory lies elsewhere shares a store with its worktrees', (t) => {
  const elsewhere = join(temporaryDirectory(t), 'elsewhere')
  const home = repository(t, `--separate-git-dir=${elsewhere}`)
  const linked = join(temporaryDirectory(t), 'linked')
  git(home, 'worktree', 'add', linked)
  assert.equal(storeFrom(home), join(elsewhere, '.orion'))
  assert.equal(storeFrom(linked), join(elsewhere, '.orion'))
})

test('a submodule is a repository of its own, and its worktrees share its store', (t) => {
  const home = repository(t)
  git(home, '-c', 'protocol.file.allow=always', 'submodule', 'add', repository(t), 'part')
  const linked = join(temporaryDirectory(t), 'linked')
  git(join(home, 'part'), 'worktree', 'add', linked)
  assert.equal(storeFrom(home), join(home, '.orion'))
  assert.equal(storeFrom(join(home, 'part')), join(home, 'part', '.orion'))
  assert.equal(storeFrom(linked), join(home, 'part', '.orion'))
})

test('an empty .git directory is passed over, as git does', (t) => {
  const home = repository(t)
  mkdirSync(join(home, 'inner', '.git'), { recursive: true })
  assert.equal(storeFrom(join(home, 'inner')), join(home, '.orion'))
})

test('a .git that leads nowhere is an error, not another store', (t) => {
  const home = repository(t)
  const linked = join(temporaryDirectory(t), 'linked')
  git(home, 'worktree', 'add', linked)
  renameSync(home, `${home}-moved`)
  t.after(() => rmSync(`${home}-moved`, { recursive: true }))
  assert.throws(() => storeFrom(linked), {
    kind: 'repository_unreadable',
    remedy: /worktree repair/,
  })
  writeFileSync(join(linked, '.git'), 'nonsense')
  assert.throws(() => storeFrom(linked), { kind: 'repository_unreadable' })
})

test('without git, the nearest parent with a store is taken, else the current directory', (t) => {
  const top = temporaryDirectory(t)
  const deep = join(top, 'a', 'b')
  mkdirSync(deep, { recursive: true })
  assert.deepEqual(found(deep), [join(deep, '.orion'), 'current'])
  mkdirSync(join(top, '.orion'))
  assert.deepEqual(found(deep), [join(top, '.orion'), 'parent'])
  writeFileSync(join(top, 'a', '.orion'), 'a file is no store')
  assert.deepEqual(found(deep), [join(top, '.orion'), 'parent'])
})

test('the option goes before the environment, and both before git', (t) => {
  const home = repository(t)
  const env = { ORION_STORE: 'from-environment' }
  const byEnvironment = locateStore({ cwd: home, env })
  assert.equal(byEnvironment.directory, join(home, 'from-environment'))
  assert.equal(byEnvironment.how, 'environment')
  const byOption = locateStore({ store: '/somewhere/else', cwd: home, env })
  assert.equal(byOption.directory, '/somewhere/else')
  assert.equal(byOption.how, 'option')
  assert.equal(locateStore({ cwd: home, env: { ORION_STORE: '' } }).how, 'repository')
})

test('links are resolved, so that two names of one store give one location', (t) => {
  const top = temporaryDirectory(t)
  mkdirSync(join(top, 'real'))
  symlinkSync(join(top, 'real'), join(top, 'link'))
  assert.equal(
    locateStore({ store: 'link/new/store', cwd: top, env: {} }).directory,
    join(top, 'real/new/store'),
  )
  assert.equal(storeFrom(join(top, 'link')), join(top, 'real', '.orion'))
  mkdirSync(join(top, 'kept'))
  symlinkSync(join(top, 'kept'), join(top, 'real', '.orion'))
  assert.equal(storeFrom(join(top, 'real')), join(top, 'kept'))
})

test('a checkout is no store directory, and neither is an empty name', (t) => {
  const home = repository(t)
  assert.throws(() => locateStore({ store: home, cwd: '/', env: {} }), {
    kind: 'store_invalid',
    remedy: new RegExp(join(home, '.orion')),
  })
  assert.throws(() => locateStore({ store: '', cwd: home, env: {} }), { kind: 'store_invalid' })
})

test('a ~ that no shell has replaced is no directory of that name', (t) => {
  const home = repository(t)
  for (const store of ['~', '~/stores/a', '~ann/stores']) {
    const refused = { kind: 'store_invalid', message: /~/, remedy: /home directory/ }
    assert.throws(() => locateStore({ store, cwd: home, env: {} }), refused)
    assert.throws(() => locateStore({ cwd: home, env: { ORION_STORE: store } }), refused)
  }
  const { directory } = locateStore({ store: './~/a', cwd: home, env: {} })
  assert.equal(directory, join(home, '~', 'a'))
})

test('a prepared store can be entered by its owner only, and is kept out of git', (t) => {
  const home = repository(t)
  const location = locateStore({ cwd: home, env: {} })
  prepareStore(location)
  prepareStore(location)
  assert.equal(statSync(location.directory).mode & 0o777, 0o700)
  assert.equal(readFileSync(join(location.directory, '.gitignore'), 'utf8'), '*\n')
  assert.equal(git(home, 'status', '--porcelain'), '')
})

test('a directory of a store that was made by hand is closed to others, one with files of the user is not', (t) => {
  const directory = temporaryDirectory(t)
  for (const name of ['.orion', 'empty', 'full']) {
    mkdirSync(join(directory, name))
    chmodSync(join(directory, name), 0o755)
    if (name !== 'empty') writeFileSync(join(directory, name, 'a.txt'), '')
    prepareStore(locateStore({ store: name, cwd: directory, env: {} }))
    const mode = statSync(join(directory, name)).mode & 0o777
    assert.equal(mode, name === 'full' ? 0o755 : 0o700, name)
  }
})

test('a directory with files of the user gets no .gitignore, and an own one is kept', (t) => {
  const top = temporaryDirectory(t)
  writeFileSync(join(top, 'notes'), '')
  prepareStore(locateStore({ store: top, cwd: '/', env: {} }))
  assert.equal(existsSync(join(top, '.gitignore')), false)
  mkdirSync(join(top, '.orion'))
  writeFileSync(join(top, '.orion', '.gitignore'), 'mine')
  prepareStore(locateStore({ cwd: top, env: {} }))
  assert.equal(readFileSync(join(top, '.orion', '.gitignore'), 'utf8'), 'mine')
})

test('a store path that is a file, or lies below one, says so', (t) => {
  const top = temporaryDirectory(t)
  writeFileSync(join(top, 'file'), '')
  for (const store of ['file', 'file/below']) {
    const error = failureOf(() => prepareStore(locateStore({ store, cwd: top, env: {} })))
    assert.equal(error.kind, 'store_unwritable')
    assert.match(error.message, /got a file there or above/)
  }
})

test('a directory that can not be written says so, and whose it is', (t) => {
  const top = temporaryDirectory(t)
  const store = join(top, 'store')
  mkdirSync(store)
  chmodSync(store, 0o555)
  const uid = process.getuid?.() ?? 0
  const act = () => failureOf(() => prepareStore(locateStore({ store, cwd: '/', env: {} })))
  chmodSync(top, 0o755)
  const error = uid === 0 ? asNobody(act) : act()
  assert.equal(error.kind, 'store_unwritable')
  assert.match(error.message, new RegExp(`EACCES, its owner is user ${uid}`))
  chownSync(store, uid, -1)
})

test('root is refused in the store of another user, and told to be that user', {
  skip: process.getuid?.() !== 0 && 'only root could be refused',
}, (t) => {
  const store = join(temporaryDirectory(t), 'store')
  mkdirSync(store, { mode: 0o700 })
  chownSync(store, 65534, 65534)
  const error = failureOf(() => prepareStore(locateStore({ store, cwd: '/', env: {} })))
  assert.equal(error.kind, 'store_unwritable')
  assert.match(error.message, /a directory of root, who asks, got one of user 65534$/)
  assert.match(error.remedy, /sudo -u '#65534'/)
  assert.deepEqual(readdirSync(store), [])
})

function found(cwd: string): [string, string] {
  const { directory, how } = locateStore({ cwd, env: {} })
  return [directory, how]
}

function storeFrom(cwd: string): string {
  return locateStore({ cwd, env: {} }).directory
}

function repository(t: Parameters<typeof temporaryDirectory>[0], ...flags: string[]): string {
  const home = temporaryDirectory(t)
  git(home, 'init', '--quiet', ...flags)
  git(home, 'commit', '--quiet', '--allow-empty', '--message', 'first')
  return home
}

function git(cwd: string, ...args: string[]): string {
  const who = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  }
  const apart = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const env = { PATH: process.env.PATH, ...who, ...apart }
  return execFileSync('git', args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

/** Root may write anywhere, so the claim is tried as a user who may not. */
function asNobody<T>(act: () => T): T {
  process.seteuid?.(65534)
  try {
    return act()
  } finally {
    process.seteuid?.(0)
  }
}

function failureOf(act: () => void): LaunchError {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof LaunchError, `expected a LaunchError, got ${error}`)
    return error
  }
  throw new assert.AssertionError({ message: 'expected a failure, got none' })
}

test('a store path in a file system that takes no entries is refused, not tried for ever', {
  skip: process.platform !== 'linux',
}, () => {
  const location = locateStore({ store: '/proc/nowhere/deep/store', cwd: tmpdir(), env: {} })
  assert.throws(() => prepareStore(location), { kind: 'store_unwritable' })
})
