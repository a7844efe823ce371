import assert from 'node:assert/strict'
import { readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import {
  type DiscoveryEntry,
  isPublished,
  publishDiscovery,
  readDiscovery,
  withdrawDiscovery,
} from '../../sdk/launch/discovery-file.ts'
import { temporaryDirectory } from '../support/launch.ts'

const entry: DiscoveryEntry = {
  pid: 12,
  instanceId: 'one',
  socket: '/run/one.sock',
  storeId: 'k3f9',
  storeDirectory: '/repository/.orion',
  version: '0.1.0',
  protocol: { min: 1, max: 1 },
  startedAt: '2026-11-22T09:30:12.482913Z',
}

test('what is published is read back, by its owner only, and leaves no other file', (t) => {
  const path = discoveryPath(t)
  publishDiscovery(path, entry)
  assert.deepEqual(readDiscovery(path), entry)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(dirname(path)), ['daemon.json'])
})

test('members that a later version adds are passed over', (t) => {
  const path = discoveryPath(t)
  writeFileSync(path, JSON.stringify({ ...entry, endpoints: [] }))
  assert.deepEqual(readDiscovery(path), entry)
})

test('a file cut at any byte is no entry', (t) => {
  const path = discoveryPath(t)
  publishDiscovery(path, entry)
  for (let bytes = statSync(path).size - 2; bytes >= 0; bytes -= 1) {
    truncateSync(path, bytes)
    assert.equal(readDiscovery(path), undefined, `${bytes} bytes`)
  }
})

const foreign: readonly [string, string][] = [
  ['an array', '[]'],
  ['another shape', JSON.stringify({ ...entry, socket: 7 })],
  ['no process', JSON.stringify({ ...entry, pid: 0 })],
  ['a file that is too long', `${JSON.stringify(entry)}${' '.repeat(70_000)}`],
]
for (const [name, text] of foreign) {
  test(`${name} is no entry`, (t) => {
    const path = discoveryPath(t)
    writeFileSync(path, text)
    assert.equal(readDiscovery(path), undefined)
  })
}

test('a link, a directory and nothing are no entries', (t) => {
  const path = discoveryPath(t)
  assert.equal(readDiscovery(path), undefined)
  assert.equal(readDiscovery(dirname(path)), undefined)
  publishDiscovery(path, entry)
  symlinkSync(path, `${path}.link`)
  assert.equal(readDiscovery(`${path}.link`), undefined)
})

test('an instance withdraws its own entry and leaves that of its successor', (t) => {
  const path = discoveryPath(t)
  publishDiscovery(path, { ...entry, instanceId: 'two' })
  assert.equal(isPublished(path, 'one'), false)
  withdrawDiscovery(path, 'one')
  assert.equal(isPublished(path, 'two'), true)
  withdrawDiscovery(path, 'two')
  assert.equal(readDiscovery(path), undefined)
})

test('an entry that can not be written leaves the old one and no other file', (t) => {
  const path = discoveryPath(t)
  publishDiscovery(path, entry)
  const odd = join(dirname(path), 'directory')
  assert.throws(() => publishDiscovery(join(odd, 'daemon.json'), entry), { code: 'ENOENT' })
  assert.deepEqual(readdirSync(dirname(path)), ['daemon.json'])
})

function discoveryPath(t: TestContext): string {
  return join(temporaryDirectory(t), 'daemon.json')
}
