/** How a file of SQLite begins (its file format, section 1.3). */
import { closeSync, constants, openSync, readSync } from 'node:fs'

/** The first 100 bytes of a file, or all if it has fewer. A pipe is not waited for. @throws What the system says. */
export function readHead(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const head = Buffer.alloc(headBytes)
    return head.subarray(0, readSync(fd, head, 0, headBytes, 0))
  } finally {
    closeSync(fd)
  }
}

/** Whether a head is that of a database, which says nothing of the rest. */
export function isDatabaseHead(head: Buffer): boolean {
  return head.toString('latin1', 0, magic.length) === magic
}

/** The mark of the program that a file belongs to; undefined where a file is too short to have one. */
export function applicationIdOf(head: Buffer): number | undefined {
  return head.length < headBytes ? undefined : head.readUInt32BE(applicationIdAt)
}

const headBytes = 100
const magic = 'SQLite format 3\0'
const applicationIdAt = 68
