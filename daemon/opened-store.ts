/** The store that a daemon serves: open, or, when its file can't be read, what stands for it in maintenance. */
import { statSync } from 'node:fs'
import type { OrionError } from '../sdk/errors.ts'
import type { Warning } from '../sdk/protocol/upkeep.ts'
import { openStore } from './store/open-store.ts'
import type { StoreApi } from './store/store-api.ts'
import type { StoreOptions } from './store/store-options.ts'
import { isUnreadable, unreadableStore } from './store/unreadable-store.ts'

/** A store, and why nothing but upkeep is served of it, if so. */
export interface OpenedStore {
  readonly store: StoreApi
  readonly maintenance: OrionError<'storage_failed'> | undefined
}

/**
 * Opens a store.
 *
 * @param mayMaintain - Stand in for a file that can't be read, rather than throw: whoever connects can mend it then.
 */
export async function openOrMaintain(
  options: StoreOptions,
  mayMaintain: boolean,
): Promise<OpenedStore> {
  try {
    return { store: await openStore(options), maintenance: undefined }
  } catch (error) {
    if (!mayMaintain || !isUnreadable(error)) throw error
    const { path, engine, limits, log } = options
    log.error('the store can not be read; only its upkeep is served', { error })
    const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    const { backupsMax } = limits
    const store = unreadableStore({ path, sizeBytes, engine, backupsMax, problem: error })
    return { store, maintenance: error }
  }
}

/** What somebody should look at. */
export function warningsOf({ store, maintenance }: OpenedStore): Warning[] {
  const warnings: Warning[] = []
  if (maintenance !== undefined) {
    const remedy = maintenance.data.remedy ?? 'Run `orion doctor --repair`.'
    warnings.push({ kind: 'store_unreadable', message: maintenance.message, remedy })
  }
  const from = store.identity.copiedFrom
  if (from !== undefined) {
    warnings.push({
      kind: 'store_copied',
      message: `this store was at ${from.path} before; it is served as a copy, a store of its own`,
      remedy:
        'Say what it is: `orion doctor --copied` if the other one lives on, `orion doctor --moved` if this is the one.',
    })
  }
  if (store.backups.problem !== undefined) {
    warnings.push({
      kind: 'backup_failed',
      message: `the backup that was due failed: ${store.backups.problem}`,
      remedy:
        'See to the space and the permissions of the store directory, then run `orion backup`.',
    })
  }
  return warnings
}
