import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { nodeHostIo } from '../../daemon/store/engine/host-io.ts'
import { migrateLegacy } from '../../plugins/legacy/migrate-legacy.ts'
import { LegacyRow } from '../../plugins/legacy/record-types.ts'
import { isOrionError, type OrionError } from '../../sdk/errors.ts'
import { hardRows, makeLegacyFile, realFile, scratch } from './legacy-files.ts'
import { makeLegacyPlace, snapshotOf } from './legacy-place.ts'

const clean = hardRows.filter(({ edge }) => edge === 'clean')

test('a disk that fills up half-way ends the run with what to do, and the next one goes on', async (t) => {
  let roomBytes = Number.POSITIVE_INFINITY
  const write: typeof nodeHostIo.write = (fd, bytes, position) => {
    roomBytes -= bytes.length
    if (roomBytes >= 0) return nodeHostIo.write(fd, bytes, position)
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  const { client, from, run } = await makeLegacyPlace(
    t,
    { rows: clean, count: 300 },
    { io: { write } },
  )
  const before = snapshotOf(from)
  roomBytes = 900_000
  const error = await failureOf(run('migrate', [], { batchSize: 20 }))
  assert.equal(error.kind, 'storage_full')
  assert.ok((error.data.remedy ?? '').length > 10, error.message)
  assert.deepEqual(snapshotOf(from), before)
  const { count } = await client.repository(LegacyRow).count()
  assert.ok(count > 0 && count < 300, `half-way, not after ${count} rows`)
  roomBytes = Number.POSITIVE_INFINITY
  const { report, succeeded } = await run()
  assert.equal(succeeded, true)
  assert.equal(report.migration?.piles.unchanged, count)
  assert.equal((await client.repository(LegacyRow).count()).count, 300)
  assert.deepEqual(snapshotOf(from), before)
})

test('a file that a program holds open is refused by the name of the process', async (t) => {
  if (spawnSync('python3', ['-c', 'import sqlite3']).status !== 0) return t.skip('needs python3')
  if (process.platform !== 'linux') return t.skip('only Linux tells who holds locks')
  const from = join(scratch(t), 'held.db')
  await makeLegacyFile(from, { rows: clean.slice(0, 3) })
  const script =
    'import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute("BEGIN IMMEDIATE"); print("held", flush=True); sys.stdin.read()'
  const holder = spawn('python3', ['-c', script, from], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => holder.kill('SIGKILL'))
  await createInterface(holder.stdout)[Symbol.asyncIterator]().next()
  const before = snapshotOf(from)
  const error = await failureOf(dryRun(from))
  assert.match(error.message, new RegExp(`process ${holder.pid} has it open`))
  assert.match(error.data.remedy ?? '', /migrate a copy/)
  assert.deepEqual(snapshotOf(from), before)
  holder.stdin.end()
  await new Promise((resolve) => holder.once('close', resolve))
  assert.equal((await dryRun(from)).report.migration?.read, 3)
})

test('an encrypted file, and one that a crash left in the middle of a change, are refused', async (t) => {
  const directory = scratch(t)
  const encrypted = join(directory, 'encrypted.db')
  writeFileSync(encrypted, randomBytes(64 * 1024))
  const unread = await failureOf(dryRun(encrypted))
  assert.match(unread.message, /or an encrypted one/)
  assert.match(unread.data.remedy ?? '', /decrypt it first/)

  const crashed = join(directory, 'crashed.db')
  copyFileSync(realFile, crashed)
  const bytes = readFileSync(crashed)
  // A rollback journal of one page (file format, section 3): its header fills a sector.
  const journal = Buffer.alloc(512 + 4 + 4096 + 4)
  Buffer.from('d9d505f920a163d7', 'hex').copy(journal)
  journal.writeUInt32BE(1, 8)
  journal.writeUInt32BE(bytes.length / 4096, 16)
  journal.writeUInt32BE(512, 20)
  journal.writeUInt32BE(4096, 24)
  journal.writeUInt32BE(1, 512)
  bytes.copy(journal, 516, 0, 4096)
  bytes.writeUInt8(1, 18)
  bytes.writeUInt8(1, 19)
  writeFileSync(crashed, bytes)
  writeFileSync(`${crashed}-journal`, journal)
  const before = snapshotOf(crashed)
  const hot = await failureOf(dryRun(crashed))
  assert.match(hot.message, /rollback journal/)
  assert.match(hot.data.remedy ?? '', /open it once with sqlite3/)
  assert.deepEqual(snapshotOf(crashed), before)
})

test('a clean-up that can make no copy deletes nothing', async (t) => {
  const { run } = await makeLegacyPlace(t, { rows: clean.slice(0, 1) })
  // A name that has no room for what is put after it.
  const from = join(scratch(t), `${'o'.repeat(230)}.db`)
  await makeLegacyFile(from, { rows: clean.slice(0, 5) })
  assert.equal((await run('migrate', [], { from })).succeeded, true)
  const before = snapshotOf(from)
  const error = await failureOf(run('clean-up', [], { from }))
  assert.equal(error.kind, 'storage_failed')
  assert.match(error.message, /nothing was deleted/)
  assert.match(error.data.remedy ?? '', /make room/)
  assert.deepEqual(snapshotOf(from), before)
})

async function failureOf(done: Promise<unknown>): Promise<OrionError> {
  const error = await done.then(
    () => assert.fail('expected a refusal'),
    (thrown: unknown) => thrown,
  )
  assert.ok(isOrionError(error), String(error))
  return error
}

function dryRun(from: string): ReturnType<typeof migrateLegacy> {
  return migrateLegacy({ from, storePath: '/nowhere', mode: 'dry-run', connect: undefined })
}
