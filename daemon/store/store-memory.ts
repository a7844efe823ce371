/** What the user remembers of stores outside of them, so that a store that was put back to an earlier state is noticed. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** How far a store was when it was last looked at. */
export interface RememberedStore {
  readonly storeId: string
  readonly epoch: string
  /** Its newest seq on disk. */
  readonly seq: number
  /** When that event was; left out when the log does not hold it any more. */
  readonly at?: string | undefined
  /** Where its file was. */
  readonly path: string
}

/** Looks up what is remembered of a store. */
export type RecallStore = (storeId: string) => RememberedStore | undefined

/**
 * One small file for each store in a directory of the user's own. Best effort: without it, or with a directory that
 * others may write to, everything works, and a store whose file was overwritten in place is taken for the one it was.
 */
export class StoreMemory {
  readonly #directory: string
  #last = ''

  /** @param directory - The user's own; it is made when it is first needed. */
  constructor(directory: string) {
    this.#directory = directory
  }

  readonly recall: RecallStore = (storeId) => {
    try {
      if (!isOurs(this.#directory)) return undefined
      const found: unknown = JSON.parse(readFileSync(this.#pathOf(storeId), 'utf8'))
      return parseRemembered(found, storeId)
    } catch {
      return undefined // Nothing is remembered, or nothing that can be read.
    }
  }

  /** Remembers, in one step; what is known already costs nothing. Never throws. */
  keep(remembered: RememberedStore): void {
    const text = `${JSON.stringify(remembered)}\n`
    if (text === this.#last) return
    const temporary = `${this.#pathOf(remembered.storeId)}.${process.pid}`
    try {
      makeOwn(dirname(this.#directory))
      makeOwn(this.#directory)
      if (!isOurs(this.#directory)) return
      writeFileSync(temporary, text, { mode: 0o600 })
      renameSync(temporary, this.#pathOf(remembered.storeId))
      if (this.#last === '') this.#forgetLost()
      this.#last = text
    } catch {
      rmSync(temporary, { force: true }) // A read-only home, a full disk. See above.
    }
  }

  #pathOf(storeId: string): string {
    return join(this.#directory, `${storeId.replaceAll(/[^a-z0-9]/gi, '_')}.json`)
  }

  /** Stores come and go with their checkouts: of very many, the oldest are forgotten. */
  #forgetLost(): void {
    const names = readdirSync(this.#directory)
    if (names.length <= storesMax) return
    const aged = names.map((name) => {
      const path = join(this.#directory, name)
      return { path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }
    })
    aged.sort((left, right) => left.at - right.at)
    for (const { path } of aged.slice(0, names.length - storesMax)) rmSync(path, { force: true })
  }
}

const storesMax = 1000

function makeOwn(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EEXIST') return
    // `~/.local/state` may be absent; Node's recursive mkdir never returns in /proc, so each level is tried once.
    if (code !== 'ENOENT' || dirname(directory) === directory) throw error
    makeOwn(dirname(directory))
    mkdirSync(directory, { mode: 0o700 })
  }
}

/** Whether nobody but this user can have written there. */
function isOurs(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (found === undefined || !found.isDirectory()) return false
  const uid = process.getuid?.()
  return uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0)
}

function parseRemembered(found: unknown, storeId: string): RememberedStore | undefined {
  if (typeof found !== 'object' || found === null) return undefined
  if (!('storeId' in found && 'epoch' in found && 'seq' in found && 'path' in found))
    return undefined
  if (found.storeId !== storeId || typeof found.epoch !== 'string') return undefined
  if (typeof found.seq !== 'number' || typeof found.path !== 'string') return undefined
  const { epoch, seq, path } = found
  const at = 'at' in found && typeof found.at === 'string' ? found.at : undefined
  return { storeId, epoch, seq, path, at }
}
