/** Notices a store whose file is not the one, or not where, it was when it was last opened. */
import { statSync } from 'node:fs'
import type { Connection } from './engine/engine.ts'
import { newEpoch, newStore, readMeta, writeMeta } from './store-meta.ts'

/** What became of a store's file since it was last opened; a file that was only moved is the same. */
export type Placement = 'same' | 'replaced' | 'copied'

/**
 * Notes where the file is, and begins a new epoch when another file lies in its place, or a store of its own when the
 * file was copied elsewhere: two stores must not give the same tokens for different events.
 *
 * Told by path and inode, so a file whose content was overwritten in place by a plain copy is not noticed here.
 */
export function settleInPlace(connection: Connection): Placement {
  const path = connection.path
  const inode = String(statSync(path, { bigint: true }).ino)
  const before = {
    path: readMeta(connection, 'path') ?? path,
    inode: readMeta(connection, 'inode') ?? inode,
  }
  if (readMeta(connection, 'path') !== path) writeMeta(connection, 'path', path)
  if (readMeta(connection, 'inode') !== inode) writeMeta(connection, 'inode', inode)
  if (before.inode === inode) return 'same'
  newEpoch(connection)
  if (before.path === path) return 'replaced'
  newStore(connection)
  return 'copied'
}
