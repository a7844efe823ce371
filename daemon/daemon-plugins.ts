/** Puts together what the plugins of a daemon are given. */
import type { StoreLocation } from '../sdk/launch/store-location.ts'
import type { Action } from '../sdk/plugin/action.ts'
import type { RecordTypeDefinition } from '../sdk/record-type.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { CloseStack } from './lifecycle/close-stack.ts'
import type { Log } from './log.ts'
import type { OpenedStore } from './opened-store.ts'
import { PluginHost } from './plugins/plugin-host.ts'
import type { LocalPlugin } from './plugins/plugin-host-parts.ts'
import { transportLimits } from './session/listener.ts'

/** What of a daemon's options its plugins are about. */
export interface PluginOptions {
  readonly location: StoreLocation
  readonly config: Config
  readonly log: Log
  readonly bundledTypes: readonly RecordTypeDefinition[]
  readonly actions: readonly Action[]
  readonly stateDirectory?: string | undefined
  readonly localPlugins?: readonly LocalPlugin[]
  readonly startsPlugins?: 'at once' | 'when needed'
}

/** The plugins of a store; none of them runs yet. */
export function openPlugins(
  options: PluginOptions,
  { opened, clock }: { readonly opened: OpenedStore; readonly clock: Clock },
  stack: CloseStack,
): PluginHost {
  const { store, maintenance } = opened
  const { location, config, log, stateDirectory, actions, bundledTypes, localPlugins } = options
  const { limits } = config
  const host = new PluginHost({
    store,
    storeDirectory: location.directory,
    stateDirectory,
    limits,
    transportLimits: transportLimits(limits),
    clock,
    log,
    ownActions: actions.map(({ name }) => name),
    ownTypes: bundledTypes.map(({ name }) => name),
    startsAtOnce: options.startsPlugins !== 'when needed' && maintenance === undefined,
    local: localPlugins ?? [],
  })
  // They answer until the last of their clients is answered.
  stack.push('plugins', () => host.close())
  return host
}
