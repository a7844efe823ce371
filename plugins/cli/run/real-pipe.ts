import { spawnSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A pipe of the kernel's: what is written at one end is read at the other. */
export interface RealPipe {
  readonly readFd: number
  /** Blocking, as a child expects its output to be. Close it here once the child has it. */
  readonly writeFd: number
}

/**
 * Makes pipes for the output of a child.
 *
 * Node's own `pipe` is a socket, and on Linux nobody can open a socket by its name: `tee /dev/stderr` or
 * `echo … > /dev/stdout` would fail in a child that had one. Node can't make a pipe, but it can open a named one, which
 * is removed again before anybody else could want it.
 *
 * @returns undefined where there is no command `mkfifo` or no directory to make one in.
 */
export function makePipes(count: number): RealPipe[] | undefined {
  if (process.platform === 'win32') return undefined
  const pipes: RealPipe[] = []
  let directory: string | undefined
  try {
    directory = mkdtempSync(join(tmpdir(), 'orion-run-'))
    const paths = Array.from({ length: count }, (_, index) => join(directory ?? '', String(index)))
    const made = spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' })
    if (made.status !== 0) return undefined
    for (const path of paths) pipes.push(openBothEnds(path))
    return pipes
  } catch {
    for (const { readFd, writeFd } of pipes) {
      closeSync(readFd)
      closeSync(writeFd)
    }
    return undefined // No space, no right, no descriptors: the caller does without.
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
  }
}

function openBothEnds(path: string): RealPipe {
  // A reader that does not wait for its writer comes first; the writer then finds it and does not wait either.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return { readFd, writeFd: openSync(path, constants.O_WRONLY) }
  } catch (error) {
    closeSync(readFd)
    throw error
  }
}
