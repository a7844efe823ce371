/** A daemon looks now and then whether it can still be found, and still owns what it serves. */
import { lstatSync } from 'node:fs'

/** One thing that must stay as it was when the daemon began to serve. */
export interface OwnThing {
  /** For people, as in "its socket". */
  readonly name: string
  /** May throw, which means no. */
  readonly holds: () => boolean
}

/**
 * Calls back once, with the name of the first thing that does not hold any more. Looking costs some system calls.
 *
 * A daemon that nobody can find keeps the store from those who look for it, and one whose lock or file was taken
 * away writes where nobody reads: it has to end, and the next client starts one in good order.
 */
export function watchOwnThings(
  things: readonly OwnThing[],
  everyMs: number,
  onLost: (name: string) => void,
): { dispose(): void } {
  const timer = setInterval(() => {
    const lost = things.find((thing) => !isHeld(thing))
    if (lost === undefined) return
    clearInterval(timer)
    onLost(lost.name)
  }, everyMs).unref()
  return { dispose: () => clearInterval(timer) }
}

/** What lies at a path now; it holds as long as that very file or socket lies there. */
export function fileInPlace(name: string, path: string): OwnThing {
  const before = lstatSync(path, { bigint: true })
  return {
    name,
    holds: () => {
      const now = lstatSync(path, { bigint: true })
      return now.ino === before.ino && now.dev === before.dev
    },
  }
}

function isHeld(thing: OwnThing): boolean {
  try {
    return thing.holds()
  } catch {
    return false // It is gone, or its directory is open to others now.
  }
}
