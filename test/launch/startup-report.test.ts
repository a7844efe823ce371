import assert from 'node:assert/strict'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import {
  handedEnvironment,
  openStartupReport,
  parseStartupMessage,
  takeHandedDescriptors,
} from '../../sdk/launch/startup-report.ts'
import { temporaryDirectory } from '../support/launch.ts'

test('handed descriptors are known once and are not passed on to children', () => {
  const env: NodeJS.ProcessEnv = { ...handedEnvironment(2), OTHER: 'kept' }
  assert.deepEqual(takeHandedDescriptors(env), { reportFd: 3, lockFds: [4, 5] })
  assert.deepEqual(env, { OTHER: 'kept' })
  assert.equal(takeHandedDescriptors(env), undefined)
})

test('a report is one line, and what comes after it is not said', (t) => {
  const path = join(temporaryDirectory(t), 'pipe')
  const report = openStartupReport(openSync(path, 'w'))
  report.failed({ message: 'no', remedy: 'do', logPath: '/log' })
  report.ready()
  const text = readFileSync(path, 'utf8')
  assert.deepEqual(parseStartupMessage(text), {
    error: { message: 'no', remedy: 'do', logPath: '/log' },
  })
  assert.equal(text.split('\n').length, 2)
})

test('a report to nobody, or to a starter that is gone, is no error', () => {
  openStartupReport(undefined).ready()
  openStartupReport(9999).failed({ message: 'no' })
})
