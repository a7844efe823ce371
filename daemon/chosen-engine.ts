/** The engine that the settings name, or what to do when it is not to be had. */
import { LaunchError } from '../sdk/launch/launch-error.ts'
import { type Engine, EngineError } from './store/engine/engine.ts'
import { type EngineName, engineNames, loadEngine } from './store/engine/load-engine.ts'
import { sqliteWasmPackage } from './store/engine/sqlite-wasm-binding.ts'

/** @throws LaunchError `start_failed` with the remedy, if the engine's package is missing or built otherwise. */
export async function loadChosenEngine(name: EngineName): Promise<Engine> {
  try {
    return await loadEngine(name)
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause
    const message = `the engine ${name} can't be loaded: ${cause.message}`
    throw new LaunchError('start_failed', message, { remedy: remedies[name], cause })
  }
}

const remedies: { readonly [name in EngineName]: string } = {
  'sql.js': 'install Orion again, so that it has the packages it was tested with',
  'sqlite-wasm':
    `run npm install ${sqliteWasmPackage.name}@${sqliteWasmPackage.knownToWork} where Orion is installed, ` +
    `or set engine to "${engineNames[0]}" in config.json (or ORION_ENGINE)`,
}
