import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import {
  checkRuntime,
  instanceIdLength,
  locateRuntime,
  prepareRuntime,
  type RuntimeDirectory,
} from '../../sdk/launch/runtime-directory.ts'
import { temporaryDirectory } from '../support/launch.ts'

const store = '/some/repository/.orion'
const uid = process.getuid?.() ?? 0
const root = uid === 0
const nobody = 65534

test('the session directory of the user is taken if it is there and ours alone', (t) => {
  const session = temporaryDirectory(t)
  assert.equal(rootIn({ XDG_RUNTIME_DIR: session }), join(session, 'orion'))
  chmodSync(session, 0o777)
  assert.equal(rootIn({ XDG_RUNTIME_DIR: session }), `/tmp/orion-${uid}`)
})

test('without a session directory, or with one that is missing, a directory in /tmp is taken', () => {
  for (const env of [
    {},
    { XDG_RUNTIME_DIR: '' },
    { XDG_RUNTIME_DIR: '/no/such/directory' },
    { XDG_RUNTIME_DIR: '.' },
  ]) {
    assert.equal(rootIn(env), `/tmp/orion-${uid}`)
  }
})

test('the session directory of another user is passed over', { skip: !root }, (t) => {
  const session = temporaryDirectory(t)
  chownSync(session, nobody, nobody)
  assert.equal(rootIn({ XDG_RUNTIME_DIR: session }), `/tmp/orion-${uid}`)
})

test('macOS and Windows have places of their own', () => {
  const mac = locateRuntime({
    storeDirectory: store,
    env: { TMPDIR: '/var/folders/xy/T/' },
    platform: 'darwin',
  })
  assert.equal(mac.root, `/var/folders/xy/T/orion-${uid}`)
  const windows = locateRuntime({
    storeDirectory: store,
    env: { LOCALAPPDATA: '/Local' },
    platform: 'win32',
  })
  assert.equal(windows.root, join('/Local', 'orion', 'run'))
  assert.match(windows.socketPath('abc'), /^\\\\\.\\pipe\\orion-.+-abc$/)
})

test('each store has a directory of its own, the same at each look', (t) => {
  const env = { ORION_RUNTIME_DIR: temporaryDirectory(t) }
  const one = locateRuntime({ storeDirectory: store, env })
  assert.equal(one.root, env.ORION_RUNTIME_DIR)
  assert.equal(locateRuntime({ storeDirectory: store, env }).directory, one.directory)
  assert.notEqual(locateRuntime({ storeDirectory: `${store}2`, env }).directory, one.directory)
})

test('a socket path is taken up to the last byte that fits, and refused beyond it', () => {
  for (const [platform, limit] of [
    ['linux', 107],
    ['darwin', 103],
  ] as const) {
    const tail = `/${'0'.repeat(12)}/${'0'.repeat(instanceIdLength)}.sock`.length
    const fits = `/${'é'.repeat(10)}${'x'.repeat(limit - tail - 21)}`
    const runtime = locate({ ORION_RUNTIME_DIR: fits }, platform)
    assert.equal(Buffer.byteLength(runtime.socketPath('0'.repeat(instanceIdLength))), limit)
    assert.throws(() => locate({ ORION_RUNTIME_DIR: `${fits}x` }, platform), {
      kind: 'socket_path_too_long',
      message: new RegExp(`at most ${limit} bytes, got ${limit + 1}`),
      remedy: /XDG_RUNTIME_DIR/,
    })
  }
})

test('a prepared directory is ours alone at both levels, and preparing it again changes nothing', (t) => {
  const runtime = place(t)
  assert.equal(checkRuntime(runtime), 'absent')
  prepareRuntime(runtime)
  prepareRuntime(runtime)
  assert.equal(checkRuntime(runtime), 'sound')
  for (const path of [runtime.root, runtime.directory])
    assert.equal(statSync(path).mode & 0o777, 0o700)
})

const ruins: readonly {
  name: string
  got: RegExp
  needsRoot?: boolean
  ruin(path: string): void
}[] = [
  { name: 'that others can enter', got: /got mode 0755/, ruin: (path) => chmodSync(path, 0o755) },
  {
    name: 'that its group can enter',
    got: /got mode 0710/,
    ruin: (path) => chmodSync(path, 0o710),
  },
  {
    name: 'of another user',
    got: /got a directory of user 65534/,
    needsRoot: true,
    ruin: (path) => chownSync(path, nobody, nobody),
  },
  {
    name: 'behind a symbolic link',
    got: /got a symbolic link/,
    ruin: (path) => {
      renameSync(path, `${path}.real`)
      symlinkSync(`${path}.real`, path)
    },
  },
  {
    name: 'that is a file',
    got: /got something that is no directory/,
    ruin: (path) => {
      renameSync(path, `${path}.real`)
      writeFileSync(path, '')
    },
  },
]

for (const level of ['root', 'directory'] as const) {
  for (const { name, got, needsRoot, ruin } of ruins) {
    test(`a ${level} ${name} is refused and not repaired in silence`, {
      skip: needsRoot && !root,
    }, (t) => {
      const runtime = place(t)
      prepareRuntime(runtime)
      ruin(runtime[level])
      const expected = { kind: 'runtime_insecure', message: got, remedy: /ORION_RUNTIME_DIR/ }
      assert.throws(() => checkRuntime(runtime), expected)
      if (!name.includes('file')) assert.throws(() => prepareRuntime(runtime), expected)
    })
  }
}

test('a directory that others could swap for their own is refused', (t) => {
  const runtime = place(t)
  prepareRuntime(runtime)
  chmodSync(dirname(runtime.root), 0o777)
  assert.throws(() => checkRuntime(runtime), {
    kind: 'runtime_insecure',
    message: /others can swap/,
  })
  chmodSync(dirname(runtime.root), 0o1777)
  assert.equal(checkRuntime(runtime), 'sound')
})

test('a path on which no directory can be made says so', (t) => {
  const file = join(temporaryDirectory(t), 'file')
  writeFileSync(file, '')
  const runtime = locate({ ORION_RUNTIME_DIR: join(file, 'run') })
  assert.throws(() => prepareRuntime(runtime), {
    kind: 'runtime_unwritable',
    message: /got E(NOTDIR|EXIST)/,
  })
})

test('parents that are missing are made', (t) => {
  const runtime = locate({ ORION_RUNTIME_DIR: join(temporaryDirectory(t), 'a', 'run') })
  prepareRuntime(runtime)
  assert.equal(existsSync(runtime.directory), true)
  mkdirSync(join(runtime.root, 'another'))
})

function place(t: TestContext): RuntimeDirectory {
  return locate({ ORION_RUNTIME_DIR: join(temporaryDirectory(t), 'run') })
}

function locate(
  env: Record<string, string>,
  platform: NodeJS.Platform = 'linux',
): RuntimeDirectory {
  return locateRuntime({ storeDirectory: store, env, platform })
}

function rootIn(env: Record<string, string>): string {
  return locate(env).root
}
