import { acquireOwnerLock, adoptOwnerLock, heldElsewhere, type OwnerLock } from './owner-lock.ts'
import type { HandedDescriptors } from './startup-report.ts'
import { prepareStore, type StoreLocation } from './store-location.ts'

/**
 * Makes this process the owner of a store, whether its starter has handed it the lock, it was started by hand, or it works
 * in process. The store's directory is made if need be; nothing else in it may be opened before this resolves.
 *
 * @throws LaunchError `lock_held` if another process owns the store, also after `waitMs`; and what `prepareStore`,
 *   `acquireOwnerLock` and `adoptOwnerLock` throw.
 */
export async function ownStore(
  location: StoreLocation,
  options: OwnOptions = {},
): Promise<OwnerLock> {
  const { handed, waitMs, signal } = options
  prepareStore(location)
  if (handed !== undefined) return await adoptOwnerLock(location.lockPath, handed.lockFd)
  const lock = await acquireOwnerLock(location.lockPath, { waitMs, signal })
  if (lock === undefined) throw heldElsewhere(location.lockPath)
  return lock
}

/** How the lock is come by. */
export interface OwnOptions {
  /** From `takeHandedDescriptors`: the lock is adopted, not taken. */
  readonly handed?: HandedDescriptors | undefined
  /** How long to wait for the present owner to end, in milliseconds. Default 0. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}
