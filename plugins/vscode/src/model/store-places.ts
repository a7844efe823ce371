/** Which stores the folders of a window have. */
import { createHash } from 'node:crypto'
import { LaunchError } from '../../../../sdk/launch/launch-error.ts'
import { lookAt } from '../../../../sdk/launch/look-at.ts'
import { type Environment, locateStore } from '../../../../sdk/launch/store-location.ts'
import { type Problem, problemOf } from './problem.ts'

/** A folder of the window. */
export interface Folder {
  readonly path: string
  readonly name: string
  /** The setting `orion.store` of the folder; empty for the store of its repository. */
  readonly store: string
}

/** A store that some folders share. */
export interface StorePlace {
  /** The same in every window and at every start, so that addresses of documents stay right. */
  readonly key: string
  /** The store’s directory. */
  readonly directory: string
  /** The first of its folders. */
  readonly folder: string
  /** What it is called here. */
  readonly name: string
  /** Whether it is there; what is not there is made only when somebody asks for it. */
  readonly exists: boolean
}

/** The stores of folders, each once, in the order of the folders; and what is wrong with those that have none. */
export function storePlaces(
  folders: readonly Folder[],
  env: Environment,
): { readonly places: readonly StorePlace[]; readonly problems: readonly Problem[] } {
  const places = new Map<string, StorePlace>()
  const problems: Problem[] = []
  for (const { path, name, store } of folders) {
    try {
      const named = store === '' ? {} : { store }
      const { directory } = locateStore({ cwd: path, env, ...named })
      const there = places.get(directory)
      const exists = lookAt(directory)?.isDirectory() === true
      const key = createHash('sha256').update(directory).digest('hex').slice(0, 12)
      if (there === undefined) places.set(directory, { key, directory, folder: path, name, exists })
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error
      problems.push(problemOf(error))
    }
  }
  return { places: [...places.values()], problems }
}
