import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { publishDiscovery, readDiscovery } from '../../sdk/launch/discovery-file.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import { acquireOwnerLock } from '../../sdk/launch/owner-lock.ts'
import { prepareRuntime } from '../../sdk/launch/runtime-directory.ts'
import { findDaemon, findOrStartDaemon } from '../../sdk/launch/start-daemon.ts'
import { prepareStore } from '../../sdk/launch/store-location.ts'
import { gone, type LaunchPlace, launchPlace, ScriptProcess, until } from '../support/launch.ts'

const long = process.env.ORION_LONG !== undefined
const processes = long ? 50 : 5
const callersInEach = long ? 1 : 4

test(`${processes * callersInEach} cold callers in ${processes} processes start exactly one daemon and all are served`, async (t) => {
  const place = launchPlace(t)
  const env = { ...place.env, STORE: place.location.directory, CALLERS: String(callersInEach) }
  const racers = Array.from({ length: processes }, () => new ScriptProcess(t, 'starter.ts', env))
  for (const racer of racers) assert.equal(await racer.line(), 'ready')
  for (const racer of racers) racer.say('go')
  const answers = []
  for (const racer of racers) {
    for (let i = 0; i < callersInEach; i += 1) answers.push(JSON.parse(await racer.line()))
  }
  assert.equal(place.starts().length, 1)
  assert.deepEqual(new Set(answers.map((answer) => answer.pid)), new Set(place.starts()))
  assert.equal(answers.filter((answer) => answer.started).length, 1)
})

test('a second caller finds the daemon that the first has started', async (t) => {
  const place = launchPlace(t)
  const first = await findOrStartDaemon(place.options())
  const second = await findOrStartDaemon(place.options())
  assert.equal(first.started, true)
  assert.equal(second.started, false)
  assert.equal(second.connection.instanceId, first.connection.instanceId)
  assert.equal(second.entry.instanceId, first.connection.instanceId)
})

test('looking for a daemon starts none and makes nothing', async (t) => {
  const place = launchPlace(t)
  assert.equal(await findDaemon(place.options()), undefined)
  assert.equal(existsSync(place.location.directory), false)
  assert.equal(existsSync(place.runtime.root), false)
})

test('the killed owner frees the lock at once, and the next start works among its stale files', async (t) => {
  const place = launchPlace(t)
  const first = await findOrStartDaemon(place.options())
  assert.equal(await acquireOwnerLock(place.location.lockPath), undefined)
  await killed(first.connection.pid)
  const lock = await acquireOwnerLock(place.location.lockPath)
  assert.ok(lock, 'the lock is free as soon as its holder is gone')
  lock.release()
  assert.equal(existsSync(first.entry.socket), true)
  assert.equal(readDiscovery(place.runtime.discoveryPath)?.pid, first.connection.pid)
  const second = await findOrStartDaemon(place.options())
  assert.equal(second.started, true)
  assert.notEqual(second.entry.socket, first.entry.socket)
  assert.deepEqual(sockets(place), [`${second.connection.instanceId}.sock`])
})

test('a child of the killed daemon does not keep its lock', async (t) => {
  const place = launchPlace(t)
  const { connection } = await findOrStartDaemon(place.options('parent'))
  await killed(connection.pid)
  const child = Number(readFileSync(join(place.location.directory, 'children'), 'utf8'))
  process.kill(child, 0) // It must be alive for this to prove anything.
  const lock = await acquireOwnerLock(place.location.lockPath)
  assert.ok(lock)
  lock.release()
})

test('a starter that dies right after the spawn does not lose the lock for its daemon', async (t) => {
  const place = launchPlace(t)
  const env = { ...place.env, STORE: place.location.directory, CALLERS: '1', FAKE_DAEMON: 'gated' }
  const starter = new ScriptProcess(t, 'starter.ts', env)
  assert.equal(await starter.line(), 'ready')
  starter.say('go')
  await until(() => place.starts().length === 1)
  await starter.kill()
  assert.equal(await acquireOwnerLock(place.location.lockPath), undefined)
  const [pid = 0] = place.starts()
  process.kill(pid, 'SIGUSR2')
  const found = await findOrStartDaemon(place.options())
  assert.equal(found.started, false)
  assert.equal(found.connection.pid, pid)
})

test('a half-written discovery file heals', async (t) => {
  const place = launchPlace(t)
  prepareRuntime(place.runtime)
  writeFileSync(place.runtime.discoveryPath, '{"pid": 12, "instan')
  writeFileSync(`${place.runtime.discoveryPath}.0123456789ab`, '{"pi')
  const found = await findOrStartDaemon(place.options())
  assert.equal(found.started, true)
  assert.equal(readDiscovery(place.runtime.discoveryPath)?.pid, found.connection.pid)
  assert.deepEqual(
    readdirSync(place.runtime.directory).filter((name) => name.startsWith('daemon.json')),
    ['daemon.json'],
  )
})

test('a discovery file with the process id of somebody else heals', async (t) => {
  const place = launchPlace(t)
  prepareRuntime(place.runtime)
  publishDiscovery(place.runtime.discoveryPath, {
    pid: process.pid,
    instanceId: 'old',
    socket: place.runtime.socketPath('old'),
    storeId: 'fake',
    storeDirectory: place.location.directory,
    version: '0.1.0',
    protocol: { min: 1, max: 1 },
    startedAt: '2026-01-01T00:00:00.000000Z',
  })
  const found = await findOrStartDaemon(place.options())
  assert.equal(found.started, true)
  assert.notEqual(found.connection.pid, process.pid)
})

test('a new owner leaves a socket alone on which somebody listens', async (t) => {
  const place = launchPlace(t)
  prepareRuntime(place.runtime)
  const path = place.runtime.socketPath('somebody')
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  await findOrStartDaemon(place.options())
  assert.equal(statSync(path).isSocket(), true)
})

test('a client with another run-time directory finds the daemon by the note in the lock file', async (t) => {
  const place = launchPlace(t)
  const first = await findOrStartDaemon(place.options())
  const options = place.options()
  const elsewhere = join(place.location.directory, '..', 'elsewhere')
  const second = await findOrStartDaemon({
    ...options,
    env: { ...options.env, ORION_RUNTIME_DIR: elsewhere },
  })
  assert.equal(second.started, false)
  assert.equal(second.connection.pid, first.connection.pid)
})

test('a note in the lock file that leads to an open directory is not followed', async (t) => {
  const place = launchPlace(t)
  const first = await findOrStartDaemon(place.options())
  chmodSync(place.runtime.root, 0o755)
  const options = place.options()
  const elsewhere = join(place.location.directory, '..', 'elsewhere')
  const lost = await failureOf({
    ...options,
    env: { ...options.env, ORION_RUNTIME_DIR: elsewhere },
    deadlineMs: 300,
  })
  assert.equal(lost.kind, 'start_timeout')
  assert.match(lost.message, new RegExp(`process ${first.connection.pid} owned the store`))
})

test('a daemon that can not start tells why, in one error with remedy and log', async (t) => {
  const place = launchPlace(t)
  const error = await failureOf(place.options('fail'))
  assert.equal(error.kind, 'start_failed')
  assert.match(error.message, /the store is of a newer format/)
  assert.equal(error.remedy, 'install Orion 9')
  assert.equal(error.logPath, place.runtime.logPath)
  assert.match(
    error.describe(),
    /newer format\n {2}what to do: install Orion 9\n {2}log: .*daemon\.log$/,
  )
})

test('a daemon that dies without a word is answered with the end of its log', async (t) => {
  const place = launchPlace(t)
  prepareRuntime(place.runtime)
  writeFileSync(place.runtime.logPath, 'words of an earlier life\n')
  const error = await failureOf(place.options('die'))
  assert.equal(error.kind, 'start_failed')
  assert.match(error.message, /ended with status 7 before it was ready.*\nout of luck$/)
  assert.doesNotMatch(error.message, /earlier life/)
})

test('a daemon that says something else on its pipe has failed', async (t) => {
  const error = await failureOf(launchPlace(t).options('babble'))
  assert.equal(error.kind, 'start_failed')
  assert.match(error.message, /something else than a start-up message/)
})

test('a log that is a link to another file is replaced, and that file left as it was', async (t) => {
  const place = launchPlace(t)
  prepareRuntime(place.runtime)
  const victim = join(place.runtime.root, 'victim')
  writeFileSync(victim, 'precious')
  symlinkSync(victim, place.runtime.logPath)
  const { started } = await findOrStartDaemon(place.options())
  assert.equal(started, true)
  assert.equal(lstatSync(place.runtime.logPath).isFile(), true)
  assert.equal(readFileSync(victim, 'utf8'), 'precious')
})

test('a log that can not be written is told with what to do, and frees the lock', async (t) => {
  const place = launchPlace(t)
  prepareRuntime(place.runtime)
  mkdirSync(place.runtime.logPath)
  await assert.rejects(findOrStartDaemon(place.options()), {
    kind: 'runtime_unwritable',
    remedy: /remove what lies there/,
  })
  const lock = await acquireOwnerLock(place.location.lockPath)
  assert.ok(lock)
  lock.release()
})

test('a discovery file that is a link, and a socket that somebody else made, are not trusted', async (t) => {
  const place = launchPlace(t)
  prepareRuntime(place.runtime)
  const socket = join(place.runtime.directory, 'impostor.sock')
  const server = createServer((peer) => {
    peer.on('error', () => {}) // Who only looks whether somebody listens hangs up at once.
    peer.end('{"pid": 1, "instanceId": "impostor"}\n')
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  t.after(() => server.close())
  const elsewhere = join(place.runtime.root, 'impostor.json')
  writeFileSync(
    elsewhere,
    JSON.stringify({
      pid: 1,
      instanceId: 'impostor',
      socket,
      storeId: 'x',
      storeDirectory: place.location.directory,
      version: '9.9.9',
      protocol: { min: 1, max: 1 },
      startedAt: new Date().toISOString(),
    }),
  )
  symlinkSync(elsewhere, place.runtime.discoveryPath)
  const { connection, started } = await findOrStartDaemon(place.options())
  assert.equal(started, true)
  assert.notEqual(connection.instanceId, 'impostor')
  assert.equal(lstatSync(place.runtime.discoveryPath).isFile(), true)
})

test('a command that does not exist is a failed start, and frees the lock', async (t) => {
  const place = launchPlace(t)
  const command = { command: join(place.location.directory, 'nothing'), args: [] }
  const error = await failureOf({ ...place.options(), daemonCommand: command })
  assert.equal(error.kind, 'start_failed')
  assert.match(error.message, /ENOENT/)
  const lock = await acquireOwnerLock(place.location.lockPath)
  assert.ok(lock)
  lock.release()
})

test('those who wait for a start that fails hear of it without starting in turn', async (t) => {
  const place = launchPlace(t)
  const errors = await Promise.all(
    Array.from({ length: 12 }, () => failureOf(place.options('fail'))),
  )
  for (const error of errors) assert.match(error.message, /the store is of a newer format/)
  assert.ok(place.starts().length <= 4, `${place.starts().length} starts`)
})

test('an earlier failure is not held against a later start', async (t) => {
  const place = launchPlace(t)
  await failureOf(place.options('fail'))
  assert.equal((await findOrStartDaemon(place.options())).started, true)
})

test('a daemon that never gets ready is a timeout that names the log', async (t) => {
  const place = launchPlace(t)
  const error = await failureOf({ ...place.options('hang'), deadlineMs: 300 })
  assert.equal(error.kind, 'start_timeout')
  assert.equal(error.logPath, place.runtime.logPath)
})

test('a stopped daemon is a timeout that names its process', async (t) => {
  const place = launchPlace(t)
  const { connection } = await findOrStartDaemon(place.options())
  process.kill(connection.pid, 'SIGSTOP')
  const error = await failureOf({ ...place.options(), deadlineMs: 300 })
  assert.equal(error.kind, 'start_timeout')
  assert.match(error.remedy, new RegExp(`process ${connection.pid} is stuck or stopped`))
  process.kill(connection.pid, 'SIGCONT')
  assert.equal((await findOrStartDaemon(place.options())).connection.pid, connection.pid)
})

test('an owner that serves where this process can not look is named with the place', async (t) => {
  const place = launchPlace(t)
  const options = place.options()
  prepareStore(options.location)
  const lock = await acquireOwnerLock(options.location.lockPath)
  assert.ok(lock !== undefined)
  lock.note({ runtimeDirectory: '/run/of-another-container' })
  const error = await failureOf({ ...options, deadlineMs: 300 })
  lock.release()
  assert.equal(error.kind, 'start_timeout')
  assert.match(error.remedy, /it serves in \/run\/of-another-container, .*ORION_RUNTIME_DIR/)
})

test('what the probe throws ends the search', async (t) => {
  const place = launchPlace(t)
  await findOrStartDaemon(place.options())
  const probe = () => Promise.reject(new Error('protocol 9 is not spoken here'))
  await assert.rejects(findOrStartDaemon({ ...place.options(), probe }), /protocol 9/)
})

test('a caller that aborts while the daemon starts hears its own reason', async (t) => {
  const place = launchPlace(t)
  const controller = new AbortController()
  const search = findOrStartDaemon({ ...place.options('hang'), signal: controller.signal })
  const refused = assert.rejects(search, /changed my mind/)
  await until(() => place.starts().length === 1)
  controller.abort(new Error('changed my mind'))
  await refused
})

test('a caller that waits gets a daemon once the lock is free', async (t) => {
  const place = launchPlace(t)
  prepareStore(place.location)
  const lock = await acquireOwnerLock(place.location.lockPath)
  assert.ok(lock)
  const search = findOrStartDaemon(place.options())
  await until(() => existsSync(place.runtime.directory))
  assert.deepEqual(place.starts(), [])
  lock.release()
  assert.equal((await search).started, true)
})

test('a daemon that ends in order leaves no run-time file but its log', async (t) => {
  const place = launchPlace(t)
  const { connection } = await findOrStartDaemon(place.options())
  process.kill(connection.pid, 'SIGTERM')
  await gone(connection.pid)
  assert.deepEqual(readdirSync(place.runtime.directory), ['daemon.log'])
})

test('a run-time directory that is deleted under a dead daemon is made again', async (t) => {
  const place = launchPlace(t)
  const first = await findOrStartDaemon(place.options())
  await killed(first.connection.pid)
  rmSync(place.runtime.root, { recursive: true })
  assert.equal((await findOrStartDaemon(place.options())).started, true)
})

test('a store path that is a file is refused before anything is started', async (t) => {
  const place = launchPlace(t)
  mkdirSync(join(place.location.directory, '..'), { recursive: true })
  writeFileSync(place.location.directory, '')
  const error = await failureOf(place.options())
  assert.equal(error.kind, 'store_unwritable')
})

async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await gone(pid)
}

function sockets(place: LaunchPlace): string[] {
  return readdirSync(place.runtime.directory).filter((name) => name.endsWith('.sock'))
}

async function failureOf(options: Parameters<typeof findOrStartDaemon>[0]): Promise<LaunchError> {
  const error: unknown = await findOrStartDaemon(options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof LaunchError, `expected a LaunchError, got ${error}`)
  return error
}
