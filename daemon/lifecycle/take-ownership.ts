/** How a daemon comes to own its store. */
import {
  acquireOwnerLock,
  adoptOwnerLock,
  heldElsewhere,
  type OwnerLock,
} from '../../sdk/launch/owner-lock.ts'
import { prepareStore, type StoreLocation } from '../../sdk/launch/store-location.ts'

/**
 * Takes over the lock that a starter handed on, or takes it now.
 *
 * @throws LaunchError `lock_held` when another process owns the store, and what the lock itself throws.
 */
export async function takeOwnership(
  location: StoreLocation,
  lockFds: readonly number[] | undefined,
): Promise<OwnerLock> {
  prepareStore(location)
  if (lockFds !== undefined) return adoptOwnerLock(location.lockPath, lockFds)
  const lock = await acquireOwnerLock(location.lockPath, { waitMs: ownerEndsMs })
  if (lock === undefined) throw heldElsewhere(location.lockPath)
  return lock
}

/** An owner that is just ending, or a short in-process run, is waited for. */
const ownerEndsMs = 500
