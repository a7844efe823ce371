/**
 * The daemon inside the caller's own process, on a memory pair, under the same lock. The bin and tests hand it to
 * the SDK's `connect`, so that the sdk never imports the daemon.
 */
import { orionActions } from '../plugins/orion/actions.ts'
import { orionRecordTypes } from '../plugins/orion/record-types.ts'
import type { InProcessDaemon, InProcessFactory } from '../sdk/client/in-process.ts'
import { acquireOwnerLock } from '../sdk/launch/owner-lock.ts'
import { locateState } from '../sdk/launch/state-directory.ts'
import { type Environment, prepareStore, type StoreLocation } from '../sdk/launch/store-location.ts'
import type { Action } from '../sdk/plugin/action.ts'
import type { RecordTypeDefinition } from '../sdk/record-type.ts'
import { memoryPair } from '../sdk/transport/memory.ts'
import { loadChosenEngine } from './chosen-engine.ts'
import { loadConfig } from './config.ts'
import { startDaemon } from './daemon.ts'
import type { Limits } from './limits.ts'
import { type Log, silentLog } from './log.ts'
import { transportLimits } from './session/listener.ts'

/** How an in-process daemon differs from an ordinary one. */
export interface InProcessOptions {
  readonly env?: Environment
  readonly limits?: Partial<Limits>
  readonly log?: Log
  /** Types beside the bundled ones that are there from the first day. */
  readonly types?: readonly RecordTypeDefinition[]
  /** Actions beside the bundled ones. */
  readonly actions?: readonly Action[]
}

/** Makes daemons in this process: same engine, same lock, no socket. */
export function inProcess(options: InProcessOptions = {}): InProcessFactory {
  return async (location, { waitMs, signal }) => {
    prepareStore(location)
    const lock = await acquireOwnerLock(location.lockPath, { waitMs, signal })
    if (lock === undefined) return 'held'
    return open(options, location, lock)
  }
}

async function open(
  options: InProcessOptions,
  location: StoreLocation,
  lock: Parameters<typeof startDaemon>[0]['lock'],
): Promise<InProcessDaemon> {
  const { env = process.env, log = silentLog, limits = {} } = options
  const bundledTypes = [...orionRecordTypes.map(({ definition }) => definition)]
  let config: ReturnType<typeof loadConfig>
  let engine: Awaited<ReturnType<typeof loadChosenEngine>>
  try {
    config = loadConfig({ storeDirectory: location.directory, env, limits })
    engine = await loadChosenEngine(config.engine)
  } catch (error) {
    lock.release()
    throw error
  }
  const daemon = await startDaemon({
    location,
    lock,
    engine,
    config,
    log,
    actions: [...orionActions, ...(options.actions ?? [])],
    bundledTypes: [...bundledTypes, ...(options.types ?? [])],
    stateDirectory: locateState(env),
    listen: { on: 'none' },
    startsPlugins: 'when needed',
  })
  const [server, client] = memoryPair(transportLimits(config.limits))
  daemon.attach(server)
  return {
    transport: client,
    close: async () => {
      await daemon.close('its client closed it')
      await client.close()
    },
  }
}
