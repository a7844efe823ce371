/** Who has a SQLite file open, as far as the system tells: a connection locks the file, or the index of its log. */
import { readFileSync, statSync } from 'node:fs'

/**
 * Ids of the processes that hold locks on a SQLite file. Only Linux tells; elsewhere, and for processes that can't be
 * seen from here, there are none, and it is noticed when the file changes.
 */
export function lockHolders(path: string): number[] {
  let locks: string
  try {
    locks = readFileSync('/proc/locks', 'latin1')
  } catch {
    return [] // Not Linux, or without /proc.
  }
  const files = new Set([path, `${path}-shm`].flatMap((file) => lockedName(file) ?? []))
  const holders = new Set<number>()
  for (const line of locks.split('\n')) {
    const [, kind, , , pid, file] = line.trim().split(/\s+/)
    if (kind === 'POSIX' && file !== undefined && files.has(file)) holders.add(Number(pid))
  }
  return [...holders]
}

/** How the kernel names a file in its table of locks: device and inode. */
function lockedName(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  const hex = (part: number): string => part.toString(16).padStart(2, '0')
  const major = ((stats.dev >>> 8) & 0xfff) | 0
  const minor = (stats.dev & 0xff) | ((stats.dev >>> 12) & 0xfff00)
  return `${hex(major)}:${hex(minor)}:${stats.ino}`
}
