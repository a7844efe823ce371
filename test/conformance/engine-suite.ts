import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  type Connection,
  type ConnectionOptions,
  type Engine,
  EngineError,
  type EngineErrorKind,
} from '../../daemon/store/engine/engine.ts'
import { temporaryDirectory } from '../store/engine/temporary-directory.ts'

/** The settings that a test opens with when it has no wish of its own. */
export const groupedOptions: ConnectionOptions = {
  syncMode: 'grouped',
  cacheKib: 2048,
  statementsMax: 16,
}

/** What the tests of the suite are given. */
export interface EngineSuite {
  /** The engine, loaded once. */
  readonly engine: () => Promise<Engine>
  /** A connection to a new file, closed and deleted after the test. */
  readonly open: (t: TestContext, options?: Partial<ConnectionOptions>) => Promise<Connection>
}

/** Makes what the tests are given from a way to load the engine. */
export function engineSuite(load: () => Promise<Engine>): EngineSuite {
  let loading: Promise<Engine> | undefined
  const engine = (): Promise<Engine> => {
    loading ??= load()
    return loading
  }
  return {
    engine,
    async open(t, options = {}) {
      const path = join(temporaryDirectory(t), 'test.db')
      const connection = (await engine()).open(path, { ...groupedOptions, ...options })
      t.after(() => connection.close())
      return connection
    },
  }
}

/** Asserts that `action` throws an EngineError of that kind, and that its message fits. */
export function throwsKind(kind: EngineErrorKind, action: () => unknown, message = /./): void {
  assert.throws(action, (error: unknown) => {
    assert.ok(error instanceof EngineError, `expected an EngineError, got ${error}`)
    assert.equal(error.kind, kind, error.message)
    assert.match(error.message, message)
    return true
  })
}

/** As `throwsKind`, for a promise. */
export async function rejectsKind(
  kind: EngineErrorKind,
  promise: Promise<unknown>,
  message = /./,
): Promise<void> {
  const outcome = await promise.then(
    () => () => undefined,
    (error: unknown) => () => {
      throw error
    },
  )
  throwsKind(kind, outcome, message)
}
