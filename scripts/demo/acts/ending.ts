import { setTimeout as sleep } from 'node:timers/promises'
import { ShutdownDaemon } from '../../../sdk/index.ts'
import { acquireOwnerLock } from '../../../sdk/launch/owner-lock.ts'
import { locateStore } from '../../../sdk/launch/store-location.ts'
import type { EndFacts } from '../facts.ts'
import type { Place } from '../place.ts'
import type { Production } from '../production.ts'

/** The daemon is asked to end. Whoever takes the lock next finds nobody there. */
export async function ending(production: Production, pid: number): Promise<EndFacts> {
  const { stage, place } = production
  stage.act('The end')
  production.dismiss()
  await production.look((client) => client.request(ShutdownDaemon, {}))
  const { lockPath } = locateStore({ store: place.store, cwd: place.directory, env: {} })
  const lock = await acquireOwnerLock(lockPath, { waitMs: lockWaitMs })
  const processGone = await isGone(place, pid)
  stage.say('daemon', processGone ? `process ${pid} has ended` : `process ${pid} is still there`)
  lock?.release()
  return { processGone, lockFree: lock !== undefined }
}

const lockWaitMs = 15_000
const lookAgainMs = 20

/** The lock is let go of a moment before the process is gone. */
async function isGone(place: Place, pid: number): Promise<boolean> {
  const deadline = performance.now() + lockWaitMs
  while (place.daemons().includes(pid)) {
    if (performance.now() > deadline) return false
    await sleep(lookAgainMs)
  }
  return true
}
