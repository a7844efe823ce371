import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemCode } from './launch-error.ts'
import { isDirectory } from './look-at.ts'

/**
 * Makes a directory of mode 0700 and the ones above it that are missing.
 *
 * Node's own recursive `mkdir` goes round for ever where a file system refuses new entries with ENOENT, as
 * `/proc` does; this one tries each level once.
 *
 * @throws the host's error of the level that could not be made.
 */
export function makeDirectory(path: string): void {
  try {
    makeOne(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    makeDirectory(dirname(path))
    makeOne(path)
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !isDirectory(path)) throw error
  }
}
