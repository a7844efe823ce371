/** Which engine a test runs on, so that the same suites run on each. */
import type { Engine } from '../../daemon/store/engine/engine.ts'
import type { HostIo } from '../../daemon/store/engine/host-io.ts'
import { type EngineName, engineNames, loadEngine } from '../../daemon/store/engine/load-engine.ts'

/**
 * The engine that `ORION_ENGINE` names, or the default. It is looked at anew each time: a file that runs the suites of
 * others on another engine sets it before it imports them.
 */
export function testEngineName(): EngineName {
  const named = process.env.ORION_ENGINE ?? engineNames[0]
  const name = engineNames.find((one) => one === named)
  if (name === undefined) throw new Error(`expected ORION_ENGINE to be an engine, got ${named}`)
  return name
}

/** Loads that engine. */
export function loadTestEngine(options: { readonly io?: HostIo } = {}): Promise<Engine> {
  return loadEngine(testEngineName(), options)
}
