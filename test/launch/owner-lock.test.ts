import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { isFileAt, kernelLock } from '../../sdk/launch/kernel-lock.ts'
import {
  acquireOwnerLock,
  adoptOwnerLock,
  heldElsewhere,
  type OwnerLock,
  readOwnerNote,
} from '../../sdk/launch/owner-lock.ts'
import { ScriptProcess, temporaryDirectory } from '../support/launch.ts'

test('of 8 racing processes exactly one wins, and its kill frees the lock, three times', async (t) => {
  const path = lockPath(t)
  const racer = () => new ScriptProcess(t, 'lock-racer.ts', { ...process.env, LOCK_PATH: path })
  const racers = Array.from({ length: 8 }, racer)
  for (const each of racers) assert.equal(await each.line(), 'ready')
  for (let round = 0; round < 3; round += 1) {
    for (const each of racers) each.say('go')
    const results = await Promise.all(racers.map((each) => each.line()))
    assert.deepEqual(results.toSorted(), [...Array(7).fill('lost'), 'won'])
    const [winner] = racers.splice(results.indexOf('won'), 1, racer())
    await winner?.kill()
    const next = racers[results.indexOf('won')]
    assert.equal(await next?.line(), 'ready')
    const lock = await held(path)
    lock.release()
  }
})

test('a lock excludes others in the same process too', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  assert.equal(await acquireOwnerLock(path), undefined)
  lock.release()
  lock.release()
  ;(await held(path)).release()
})

test('a waiter gets the lock when it is released', async (t) => {
  const path = lockPath(t)
  const first = await held(path)
  const waiter = acquireOwnerLock(path, { waitMs: 120_000 })
  first.release()
  const second = await waiter
  assert.ok(second)
  second.release()
})

test('a waiter whose time is over gets nothing, and one that is aborted is told', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  assert.equal(await acquireOwnerLock(path, { waitMs: 50 }), undefined)
  const aborted = acquireOwnerLock(path, { waitMs: 120_000, signal: AbortSignal.timeout(50) })
  await assert.rejects(aborted, { name: 'TimeoutError' })
  lock.release()
})

test('an owner says who it is, and the lock file stays when the lock is released', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  lock.note({ runtimeDirectory: '/run/somewhere' })
  lock.note({ runtimeDirectory: '/run/x' })
  const noted = readOwnerNote(path)
  assert.deepEqual([noted?.pid, noted?.runtimeDirectory], [process.pid, '/run/x'])
  assert.ok(noted?.since !== undefined && noted.ended === undefined)
  lock.noteEnd('nobody needed it')
  assert.equal(readOwnerNote(path)?.ended?.because, 'nobody needed it')
  assert.match(heldElsewhere(path).message, new RegExp(`last said: ${process.pid}`))
  lock.release()
  assert.equal(existsSync(path), true)
})

test('a note that can not be read is no note', (t) => {
  const path = lockPath(t)
  assert.equal(readOwnerNote(path), undefined)
  for (const text of ['', '{"pid": 1', '{"pid": "x"}', '[]']) {
    writeFileSync(join(dirname(path), 'owner.json'), text)
    assert.equal(readOwnerNote(path), undefined, text)
  }
  assert.equal(heldElsewhere(path).kind, 'lock_held')
})

test('an owner notices that its lock file was deleted or replaced', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  assert.equal(lock.intact(), true)
  rmSync(path)
  assert.equal(lock.intact(), false)
  writeFileSync(path, '')
  assert.equal(lock.intact(), false)
  lock.release()
})

test('who deletes the lock file of an owner does not become a second one', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  rmSync(path)
  assert.equal(await acquireOwnerLock(path), undefined)
  lock.release()
  ;(await held(path)).release()
})

test('an owner notices that its directory was moved away, and whoever makes it anew owns that one', async (t) => {
  const directory = join(temporaryDirectory(t), 'store')
  mkdirSync(directory)
  const path = join(directory, 'owner.lock')
  const lock = await held(path)
  renameSync(directory, `${directory}.moved`)
  mkdirSync(directory)
  assert.equal(lock.intact(), false)
  const other = await held(path)
  assert.equal(await acquireOwnerLock(join(`${directory}.moved`, 'owner.lock')), undefined)
  other.release()
  lock.release()
})

test('another user can not keep the owner out, whether or not he can open the directory', {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  for (const mode of [0o700, 0o755]) {
    const path = lockPath(t)
    chmodSync(dirname(path), mode)
    // It waits: one that gave up because the look below was first would be looked for without end.
    const other = spawn('flock', ['-x', dirname(path), 'sleep', '300'], {
      uid: 65534,
      gid: 65534,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    const ended = once(other, 'exit')
    t.after(async () => {
      if (other.exitCode === null && other.pid !== undefined) process.kill(-other.pid, 'SIGKILL')
      await ended
    })
    // In the first case it fails; in the second it has the directory.
    if (mode === 0o700) await ended
    else while (spawnSync('flock', ['-xn', dirname(path), 'true']).status === 0);
    ;(await held(path)).release()
  }
})

test('an owner of a directory that others can open has the lock file, and keeps it when it is closed to them', async (t) => {
  const path = lockPath(t)
  chmodSync(dirname(path), 0o755)
  const lock = await held(path)
  assert.equal(lock.fds.length, 1)
  chmodSync(dirname(path), 0o700)
  assert.equal(await acquireOwnerLock(path), undefined)
  assert.equal(lock.intact(), true)
  lock.release()
})

test('processes in other namespaces, as containers are, see the lock', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  const inside = ['--pid', '--net', '--ipc', '--uts', '--mount', '--fork', '--kill-child']
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const locks = [dirname(path), path].map((target) =>
    spawnSync('unshare', [...user, ...inside, 'flock', '-n', target, 'true'], { encoding: 'utf8' }),
  )
  assert.deepEqual(
    locks.map(({ status, stderr }) => [status, stderr]),
    [
      [1, ''],
      [1, ''],
    ],
  )
  lock.release()
})

test('a lock on a file that was replaced meanwhile is not taken for the lock', async (t) => {
  const path = lockPath(t)
  writeFileSync(path, '')
  const kernel = kernelLock()
  const locking = kernel.take(path) // It has opened the file when this returns, and not locked it yet.
  renameSync(path, `${path}.old`)
  writeFileSync(path, '')
  const fd = await locking
  assert.ok(fd !== undefined && isFileAt(path, fd))
  closeSync(fd)
})

test('a descriptor that shares the lock is adopted', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  const adopted = await adoptOwnerLock(path, lock.fds)
  assert.equal(adopted.intact(), true)
  assert.equal(await acquireOwnerLock(path), undefined)
  adopted.release()
  ;(await held(path)).release()
})

test('a descriptor of the same file without the lock is refused', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  const fds = [openSync(dirname(path), 'r'), openSync(path, 'r+')]
  t.after(() => fds.forEach(closeSync))
  await assert.rejects(adoptOwnerLock(path, fds), { kind: 'lock_held' })
  const [directory = -1] = lock.fds
  await assert.rejects(adoptOwnerLock(path, [directory, ...fds.slice(1)]), { kind: 'lock_held' })
  lock.release()
})

test('a descriptor of another file, or none at all, is refused', async (t) => {
  const path = lockPath(t)
  ;(await held(path)).release()
  const other = openSync(`${path}.other`, 'w')
  t.after(() => closeSync(other))
  const directory = openSync(dirname(path), 'r')
  t.after(() => closeSync(directory))
  for (const fds of [[other, other], [directory, other], [directory], [], [-1, -1], [9999, 9999]]) {
    await assert.rejects(adoptOwnerLock(path, fds), { kind: 'lock_failed' }, String(fds))
  }
})

test('a lock file that is a link is refused', async (t) => {
  const path = lockPath(t)
  symlinkSync(`${path}.target`, path)
  await assert.rejects(acquireOwnerLock(path), { kind: 'store_unwritable' })
})

test('a lock in a directory that does not exist is refused', async (t) => {
  await assert.rejects(acquireOwnerLock(join(lockPath(t), 'nothing', 'owner.lock')), {
    kind: 'store_unwritable',
  })
})

test('a system without a lock that is known is refused, not served without one', async (t) => {
  const locking = acquireOwnerLock(lockPath(t), { platform: 'aix' })
  await assert.rejects(locking, { kind: 'lock_unsupported', message: /got aix/ })
})

test('a system without the command says what to install', async (t) => {
  const path = lockPath(t)
  await assert.rejects(acquireOwnerLock(path, { searchPath: dirname(path) }), {
    kind: 'lock_unsupported',
    remedy: /util-linux/,
  })
})

const refusals: readonly [string, string, RegExp][] = [
  [
    'a file system that does not lock',
    'echo "flock: No locks available" >&2; exit 71',
    /No locks available/,
  ],
  [
    'an error that looks like a held lock',
    'echo "flock: Bad file descriptor" >&2; exit 1',
    /Bad file/,
  ],
  ['a command that was killed', 'kill -9 $$', /got: status null/],
]
for (const [name, script, got] of refusals) {
  test(`${name} is not taken for an answer`, async (t) => {
    const path = lockPath(t)
    writeFileSync(join(dirname(path), 'flock'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    await assert.rejects(acquireOwnerLock(path, { searchPath: dirname(path) }), {
      kind: 'lock_failed',
      message: got,
    })
  })
}

test('a child that was not handed the lock does not keep it', async (t) => {
  const path = lockPath(t)
  const lock = await held(path)
  const child = spawn('sleep', ['300'], { stdio: 'ignore' })
  t.after(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  lock.release()
  ;(await held(path)).release()
})

function lockPath(t: TestContext): string {
  return join(temporaryDirectory(t), 'owner.lock')
}

async function held(path: string): Promise<OwnerLock> {
  const lock = await acquireOwnerLock(path)
  assert.ok(lock, 'the lock is free')
  return lock
}
