/** Notices that files of a plugin have changed. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What is told apart of the files below a directory: names, sizes and times; equal texts mean that nothing has changed. */
export function fingerprint(directory: string, depthMax = 16): string {
  const lines: string[] = []
  const look = (at: string, depth: number): void => {
    for (const entry of entriesOf(at)) {
      const path = join(at, entry.name)
      if (entry.isDirectory()) {
        if (!notOwn.has(entry.name) && depth < depthMax) look(path, depth + 1)
        continue
      }
      const facts = statSync(path, { throwIfNoEntry: false })
      if (facts !== undefined) lines.push(`${path} ${facts.size} ${facts.mtimeMs}`)
      if (lines.length >= filesMax) return
    }
  }
  look(directory, 0)
  return lines.sort().join('\n')
}

/**
 * Resolves when the files below a directory are other than a fingerprint says, and have been left alone for a moment: an
 * editor writes several at once, and some in two steps. Resolves with the new fingerprint; undefined when the signal aborts.
 */
export async function changed(
  directory: string,
  before: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let last = before
  while (!signal.aborted) {
    const now = fingerprint(directory)
    if (now !== before && now === last) return now
    last = now
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
  }
  return undefined
}

/** Asked for again and again, because what a system tells of changes differs, and fails in silence. */
const lookEveryMs = 150
const filesMax = 5000
const notOwn: ReadonlySet<string> = new Set(['node_modules', '.git', '.orion'])

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return [] // It is gone, or being replaced; the next look tells.
  }
}
