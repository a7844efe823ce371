import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadConfig } from '../../daemon/config.ts'
import { defaultLimits } from '../../daemon/limits.ts'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import { temporaryDirectory } from '../support/store.ts'

function directoryWith(t: TestContext, settings: unknown): string {
  const directory = temporaryDirectory(t)
  if (settings !== undefined) {
    writeFileSync(join(directory, 'config.json'), JSON.stringify(settings))
  }
  return directory
}

test('without settings every limit has its default', (t) => {
  const config = loadConfig({ storeDirectory: directoryWith(t, undefined), env: {} })
  assert.deepEqual(config.limits, defaultLimits)
  assert.equal(config.logLevel, 'info')
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.limits))
})

test('the caller wins over the environment, and the environment over the file', (t) => {
  const storeDirectory = directoryWith(t, {
    limits: { idleExitMs: 1, drainMaxMs: 1, operationsMax: 1 },
    logLevel: 'error',
  })
  const env = { ORION_LIMIT_IDLE_EXIT_MS: '2', ORION_LIMIT_DRAIN_MAX_MS: '2', ORION_LOG: 'debug' }
  const { limits, logLevel } = loadConfig({ storeDirectory, env, limits: { idleExitMs: 3 } })
  assert.deepEqual([limits.idleExitMs, limits.drainMaxMs, limits.operationsMax], [3, 2, 1])
  assert.equal(limits.headerMaxBytes, defaultLimits.headerMaxBytes)
  assert.equal(logLevel, 'debug')
})

test('the engine is the default one, or what the file names, or before it the environment', (t) => {
  const engineOf = (settings: unknown, env: Record<string, string> = {}): string =>
    loadConfig({ storeDirectory: directoryWith(t, settings), env }).engine
  assert.equal(engineOf(undefined), 'sql.js')
  assert.equal(engineOf({ engine: 'sqlite-wasm' }), 'sqlite-wasm')
  assert.equal(engineOf({ engine: 'sqlite-wasm' }, { ORION_ENGINE: 'sql.js' }), 'sql.js')
})

const wrong: readonly (readonly [settings: unknown, env: Record<string, string>, says: RegExp])[] =
  [
    [[], {}, /config\.json/],
    [{ limits: { operationsMax: 0 } }, {}, /limits\.operationsMax/],
    [{ limits: { operationsMax: '10' } }, {}, /limits\.operationsMax/],
    [{ limits: { operationMax: 10 } }, {}, /did you mean operationsMax/],
    [{ limit: {} }, {}, /did you mean limits/],
    [{ limits: { pageMax: 10 } }, {}, /pageMax of .* is part of the protocol/],
    [{ engine: 'oracle' }, {}, /engine: .*"sql\.js"\|"sqlite-wasm"/],
    [{}, { ORION_ENGINE: 'sqlite' }, /environment.*engine: .*"sql\.js"\|"sqlite-wasm"/],
    [{}, { ORION_LIMIT_OPERATIONS_MAX: 'ten' }, /environment.*limits\.operationsMax/],
    [{}, { ORION_LIMIT_OPERATION_MAX: '10' }, /did you mean operationsMax/],
    [{}, { ORION_LOG: 'loud' }, /logLevel/],
  ]

for (const [settings, env, says] of wrong) {
  test(`${JSON.stringify(settings)} with ${JSON.stringify(env)} is refused by name`, (t) => {
    const storeDirectory = directoryWith(t, settings)
    assert.throws(
      () => loadConfig({ storeDirectory, env }),
      (error) => error instanceof LaunchError && says.test(error.describe()),
    )
  })
}
