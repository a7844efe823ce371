import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/**
 * Reads a small text file that others may have put something else in the place of: a link is not followed, a pipe is not
 * waited for, and a file that is longer than ours can be is not read.
 *
 * @throws What the system says, or an Error for what is no file of at most so many bytes.
 */
export function readSmallFile(path: string, maxBytes: number): string {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const found = fstatSync(fd)
    if (!found.isFile()) throw new Error(`expected a file, got something else: ${path}`)
    if (found.size > maxBytes) {
      throw new Error(`expected at most ${maxBytes} bytes, got ${found.size}: ${path}`)
    }
    const bytes = Buffer.alloc(Math.min(maxBytes, found.size + 1))
    let length = 0
    for (;;) {
      const read = readSync(fd, bytes, length, bytes.length - length, length)
      length += read
      if (read === 0 || length === bytes.length) return bytes.toString('utf8', 0, length)
    }
  } finally {
    closeSync(fd)
  }
}
