/** Going back to a backup with a real daemon and real clients, and over a store that can't be read. */
import assert from 'node:assert/strict'
import { copyFileSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Client } from '../../sdk/client/client.ts'
import { connect } from '../../sdk/client/connect.ts'
import { DaemonStatus } from '../../sdk/protocol/daemon.ts'
import { until } from '../cli/orion-process.ts'
import { startDaemonProcess } from '../support/daemon.ts'

const insight = (summary: string) => ({
  type: 'OrionInsight',
  id: summary,
  data: { summary, domain: 'build' },
})

test('a restore is answered, kept over kill -9, and told to subscribers as a gap of the epoch', async (t) => {
  const daemon = await startDaemonProcess(t)
  const env = { ORION_RUNTIME_DIR: join(daemon.location.directory, '..', 'run') }
  const store = daemon.location.directory
  const reader = await connect({ client: { name: 'reader' }, store, env, daemon: 'join-only' })
  t.after(() => reader.close())
  const client = await daemon.connect()
  await client.call('record/create', insight('kept'))
  const { path } = await client.call('daemon/backup')
  const gaps: string[] = []
  const seen: string[] = []
  await reader.on('OrionInsight.*', ({ id = '' }) => void seen.push(id), {
    onGap: ({ reason }) => void gaps.push(reason),
  })
  await client.call('record/create', insight('lost'))
  await until(() => seen.includes('lost'))
  const before = await client.call('daemon/status')

  const restored = await client.call('daemon/restore', { path })
  assert.equal(restored.storeId, before.store.storeId)
  await client.closed
  await until(() => gaps.length > 0)
  const after = await reader.request(DaemonStatus, {})
  assert.equal(after.pid, before.pid, 'the same process serves on')
  assert.notEqual(after.store.epoch, before.store.epoch)
  assert.deepEqual(gaps, ['epoch'])
  const kept = readdirSync(join(store, 'backups')).filter((name) => name.includes('before-restore'))
  assert.equal(kept.length, 1)
  daemon.kill('SIGKILL')
  await daemon.exited
  const next = await startDaemonProcess(t, { location: daemon.location })
  const again = await next.connect()
  assert.equal((await again.call('daemon/status')).store.epoch, after.store.epoch)
  assert.equal(
    (await again.refused('record/get', { type: 'OrionInsight', id: 'lost' })).code,
    40400,
  )
  assert.equal((await again.call('record/get', { type: 'OrionInsight', id: 'kept' })).version, 1)
  // What was lost is not gone: the file that was there is a backup of its own.
  const [old = ''] = kept
  await again.call('daemon/restore', { path: join(store, 'backups', old) })
  await again.closed
  next.kill('SIGKILL')
  await next.exited
})

test('over a store that can not be read only upkeep is served, and a backup mends it', async (t) => {
  const daemon = await startDaemonProcess(t)
  const { location } = daemon
  const client = await daemon.connect()
  await client.call('record/create', insight('kept'))
  const { path } = await client.call('daemon/backup')
  daemon.kill('SIGTERM')
  await daemon.exited
  const damaged = join(location.directory, '..', 'damaged.sqlite')
  copyFileSync(location.databasePath, damaged)
  writeFileSync(location.databasePath, Buffer.alloc(8192, 0x55))

  const second = await startDaemonProcess(t, { location })
  const peer = await second.dial()
  const welcome = await peer.initialize()
  assert.equal(welcome.capabilities.maintenance, true)
  assert.equal(welcome.warnings[0].kind, 'store_unreadable')
  const refused = await peer.refused('record/get', { type: 'OrionInsight', id: 'kept' })
  assert.equal(refused.data.kind, 'storage_failed')
  assert.match(refused.data.remedy, /orion doctor --repair|orion backup restore/)
  const status = await peer.call('daemon/status')
  assert.equal(status.store.state, 'unreadable')
  const { findings, goodBackup } = await peer.call('daemon/check')
  assert.equal(findings[0].level, 'fail')
  assert.equal(goodBackup.path, path)
  const env = { ORION_RUNTIME_DIR: join(location.directory, '..', 'run') }
  const options = {
    client: { name: 'other' },
    store: location.directory,
    env,
    daemon: 'join-only' as const,
  }
  await assert.rejects(connect(options), { kind: 'storage_failed' })

  // A backup that is damaged, one that is none, and a link to a good one.
  truncateSync(damaged, 12_288)
  for (const bad of [damaged, join(location.directory, 'missing'), location.directory]) {
    const error = await peer.refused('daemon/restore', { path: bad })
    assert.ok(['storage_failed', 'invalid_request'].includes(error.data.kind), error.message)
  }
  const link = join(location.directory, '..', 'link')
  symlinkSync(path, link)
  await peer.call('daemon/restore', { path: link })
  await peer.closed
  // Between the two lives nobody serves.
  let mended: Client | undefined
  await until(async () => {
    mended = await connect(options).catch(() => undefined)
    return mended !== undefined
  })
  assert.ok(mended)
  const { close } = mended
  t.after(() => close.call(mended))
  const now = await mended.request(DaemonStatus, {})
  assert.equal(now.pid, second.pid)
  assert.deepEqual([now.store.state, now.warnings], ['ready', []])
  const aside = readdirSync(join(location.directory, 'backups'))
  assert.equal(aside.filter((name) => name.includes('before-restore')).length, 1)
})
