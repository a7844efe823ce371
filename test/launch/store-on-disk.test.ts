/** What is said of a store that nobody serves, whatever somebody has put there. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { locateStore } from '../../sdk/launch/store-location.ts'
import { lookAtStore, type StoreOnDisk } from '../../sdk/launch/store-on-disk.ts'

const head = Buffer.from('SQLite format 3\0, and more of it')
const backup = '20260102T030405.000006Z-scheduled.sqlite'
const note = (more: object): string => JSON.stringify({ pid: process.pid, ...more })
const end = { at: '2026-01-02T03:04:05.000006Z', because: 'got SIGTERM' }

/** What lies in the directory, and what is said of it. */
const cases: readonly (readonly [
  name: string,
  make: (directory: string) => void,
  said: (store: StoreOnDisk) => unknown,
  expected: unknown,
])[] = [
  ['is not there', (d) => rmSync(d, { recursive: true }), stateOf, 'absent'],
  ['has a file in the place of its directory', fileInPlace, stateOf, 'absent'],
  ['is empty', put('store.sqlite', ''), stateOf, 'empty'],
  ['begins as SQLite does', put('store.sqlite', head), stateOf, 'sqlite'],
  ['begins otherwise', put('store.sqlite', 'not a database. '.repeat(99)), stateOf, 'not-sqlite'],
  ['is shorter than a header', put('store.sqlite', head.subarray(0, 7)), stateOf, 'not-sqlite'],
  ['is a directory', (d) => mkdirSync(join(d, 'store.sqlite')), stateOf, 'not-a-file'],
  ['is a pipe', pipe('store.sqlite'), stateOf, 'not-a-file'],
  ['is a link to nothing', link('store.sqlite', '/nowhere'), stateOf, 'absent'],
  ['is a link to itself', link('store.sqlite', 'store.sqlite'), stateOf, 'absent'],
  ['is a device', link('store.sqlite', '/dev/zero'), stateOf, 'not-a-file'],
  ['has a log', put('store.sqlite-wal', 'x'), ({ wal }) => wal?.sizeBytes, 1],
  ['has a pipe for a log', pipe('store.sqlite-wal'), ({ wal }) => wal, undefined],
  ['is about to be restored', put('store.sqlite-restored', head), (s) => s.restoreDecided, true],
  ['has a backup', put(`backups/${backup}`, 'xy'), backupOf, [1, 'scheduled', 2, end.at]],
  ['has a pipe for a backup', pipe(`backups/${backup}`), backupOf, [0]],
  ['has a backup of no day', put(`backups/${backup.replace('0102', '9999')}`, ''), backupOf, [0]],
  ['has a file for its backups', put('backups', ''), backupOf, [0]],
  ['has an owner that ended', put('owner.json', note({ ended: end })), ownerOf, [true, end]],
  ['has an owner that says nothing', put('owner.json', note({})), ownerOf, [true, undefined]],
  ['has half of a note', put('owner.json', '{"pid":1'), ownerOf, undefined],
  ['has a note of bytes', put('owner.json', Buffer.alloc(900, 0xfe)), ownerOf, undefined],
  ['has an endless note', endlessNote, ownerOf, undefined],
  ['has a pipe for a note', pipe('owner.json'), ownerOf, undefined],
  ['has a link for a note', link('owner.json', '/etc/passwd'), ownerOf, undefined],
  ['has a note of all processes', put('owner.json', '{"pid":-1}'), ownerOf, undefined],
  [
    'has an end at no time',
    put('owner.json', note({ ended: { ...end, at: 'x' } })),
    ownerOf,
    [true, undefined],
  ],
]

for (const [name, make, said, expected] of cases) {
  test(`a store that ${name} is looked at without a wait or a change`, (t) => {
    const directory = storeIn(t)
    make(directory)
    const before = namesIn(directory)
    const location = locateStore({ store: directory, cwd: '/', env: {} })
    assert.deepEqual(said(lookAtStore(location)), expected)
    assert.deepEqual(namesIn(directory), before)
  })
}

function stateOf({ state }: StoreOnDisk): string {
  return state
}

function backupOf({ backups, lastBackup }: StoreOnDisk): unknown[] {
  if (lastBackup === undefined) return [backups]
  return [backups, lastBackup.reason, lastBackup.sizeBytes, lastBackup.at]
}

function ownerOf({ lastOwner }: StoreOnDisk): unknown {
  return lastOwner && [lastOwner.alive, lastOwner.ended]
}

function storeIn(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'orion-l-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'store', 'backups'), { recursive: true })
  return join(root, 'store')
}

function put(name: string, content: string | Buffer): (directory: string) => void {
  return (directory) => {
    if (name === 'backups') rmSync(join(directory, name), { recursive: true })
    writeFileSync(join(directory, name), content)
  }
}

function pipe(name: string): (directory: string) => void {
  return (directory) => void execFileSync('mkfifo', [join(directory, name)])
}

function link(name: string, to: string): (directory: string) => void {
  return (directory) => symlinkSync(to, join(directory, name))
}

function fileInPlace(directory: string): void {
  rmSync(directory, { recursive: true })
  writeFileSync(directory, 'a file')
}

function endlessNote(directory: string): void {
  writeFileSync(join(directory, 'owner.json'), note({}))
  truncateSync(join(directory, 'owner.json'), 2 ** 40)
}

function namesIn(directory: string): unknown {
  try {
    return readdirSync(directory, { recursive: true }).sort()
  } catch (error) {
    return String(error)
  }
}
