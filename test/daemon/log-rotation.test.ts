/** The log of a daemon is begun anew when it is too long, by the daemon that writes it. */
import assert from 'node:assert/strict'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { rotateLog } from '../../daemon/lifecycle/log-rotation.ts'
import { DaemonStatus } from '../../sdk/protocol/daemon.ts'
import { until } from '../cli/orion-process.ts'
import { temporaryDirectory } from '../support/launch.ts'
import { servedStore } from '../support/served-store.ts'

function openLog(t: TestContext) {
  const path = join(temporaryDirectory(t), 'daemon.log')
  const fd = openSync(path, 'a')
  t.after(() => closeSync(fd))
  return { path, fd, maxBytes: 10 }
}

test('a log at its bound is left alone, one byte more begins a new one and keeps the old', (t) => {
  const log = openLog(t)
  writeSync(log.fd, '0123456789')
  rotateLog(log)
  assert.equal(existsSync(`${log.path}.1`), false)
  writeSync(log.fd, 'a')
  rotateLog(log)
  writeSync(log.fd, 'next')
  assert.equal(readFileSync(`${log.path}.1`, 'utf8'), '0123456789a')
  assert.equal(readFileSync(log.path, 'utf8'), 'next')
})

test('a descriptor that is not the log’s, or a log that is gone, is left alone', (t) => {
  const log = openLog(t)
  writeSync(log.fd, '0123456789a')
  const other = `${log.path}.other`
  writeFileSync(other, 'of somebody else')
  rotateLog({ ...log, path: other })
  rotateLog({ ...log, path: `${log.path}.gone` })
  rotateLog({ ...log, fd: 9999 })
  assert.equal(readFileSync(log.path, 'utf8'), '0123456789a')
  assert.equal(readFileSync(other, 'utf8'), 'of somebody else')
})

test('a daemon in the background keeps its log short while it runs', async (t) => {
  const { client, runtime } = servedStore(t, {
    ORION_LOG: 'debug',
    ORION_LIMIT_SELF_CHECK_EVERY_MS: '50',
    ORION_LIMIT_LOG_FILE_MAX_BYTES: '1',
  })
  const connected = await client()
  await until(() => existsSync(`${runtime.logPath}.1`))
  assert.match(readFileSync(`${runtime.logPath}.1`, 'utf8'), /"msg":"/)
  assert.equal((await connected.request(DaemonStatus, {})).mode, 'daemon')
})
