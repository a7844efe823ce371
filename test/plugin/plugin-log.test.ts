/** What a plugin prints: bounded in a second, and in all. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { PluginLog } from '../../daemon/plugins/plugin-log.ts'
import { temporaryDirectory } from '../support/launch.ts'

test('as much is kept as a second may bring, and the rest is counted', async (t) => {
  const path = join(temporaryDirectory(t), 'a.log')
  const log = new PluginLog(path, { pluginLogPerSecondMaxBytes: 10, pluginLogFileMaxBytes: 1000 })
  const input = new PassThrough()
  log.take(input)
  input.write('0123456789abc')
  input.end()
  await new Promise((resolve) => input.once('close', resolve))
  assert.match(log.end(1000), /^0123456789\[.*at least 3 bytes were left out/)
  assert.equal(log.lastLines, '0123456789abc')
})

test('a log that has got too long is put aside, and one older is kept', (t) => {
  const path = join(temporaryDirectory(t), 'a.log')
  const log = new PluginLog(path, { pluginLogPerSecondMaxBytes: 1000, pluginLogFileMaxBytes: 200 })
  for (let line = 0; line < 30; line++) log.note(`line ${line}`)
  assert.ok(statSync(path).size <= 200 && statSync(`${path}.1`).size <= 200)
  assert.match(log.end(1000), /line 29\n$/)
})
