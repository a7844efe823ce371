import { lstatSync, type Stats, statSync } from 'node:fs'

/** What is at a path, through links; undefined if there is nothing, or nothing that this user may see. */
export function lookAt(path: string): Stats | undefined {
  return seen(statSync, path)
}

/** What is at a path itself, which may be a link. */
export function lookAtItself(path: string): Stats | undefined {
  return seen(lstatSync, path)
}

/** Whether a directory is at a path, through links. */
export function isDirectory(path: string): boolean {
  return lookAt(path)?.isDirectory() ?? false
}

function seen(look: typeof statSync, path: string): Stats | undefined {
  try {
    return look(path, { throwIfNoEntry: false })
  } catch {
    return undefined // Below a file, behind a closed directory, in a circle of links: none of it can be used.
  }
}
