/** Why a daemon could not start, in words for whoever waits for it. */
import { isOrionError } from '../../sdk/errors.ts'
import { LaunchError, systemCode } from '../../sdk/launch/launch-error.ts'

/** One sentence for what happened and one for what to do. */
export interface StartFailure {
  readonly message: string
  readonly remedy: string
}

/** Says what was thrown while a daemon started. */
export function describeFailure(error: unknown): StartFailure {
  if (error instanceof LaunchError) return { message: error.message, remedy: error.remedy }
  const message = error instanceof Error ? error.message : String(error)
  const remedy = isOrionError(error) ? error.data.remedy : remedies.get(systemCode(error) ?? '')
  return { message, remedy: remedy ?? 'this is a bug of Orion: please report it with this message' }
}

/** What the machine lacks, wherever in the start it was missed. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'free some space on the disks of the store and of its run-time directory'],
  ['EDQUOT', 'free some of your quota on the disks of the store and of its run-time directory'],
])
