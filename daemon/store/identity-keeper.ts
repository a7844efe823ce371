/** Which store an open store is, what the user is asked about that, and what is remembered of it. */
import { OrionError } from '../../sdk/errors.ts'
import type { Connection } from './engine/engine.ts'
import type { EventLog } from './event-log.ts'
import type { StoreIdentityApi } from './store-api.ts'
import type { StoreIdentity } from './store-context.ts'
import type { StoreMemory } from './store-memory.ts'
import {
  type CopiedFrom,
  confirmCopy,
  originalIsThere,
  readCopiedFrom,
  takeOldIdBack,
} from './store-place.ts'
import type { WriteQueue } from './write-queue.ts'

/** What the keeper is made of. */
export interface IdentityParts {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly events: EventLog
  readonly identity: StoreIdentity
  readonly memory: StoreMemory | undefined
}

/** Remembers how far the store is, now and then, and settles whose copy it is. */
export class IdentityKeeper implements StoreIdentityApi {
  readonly #parts: IdentityParts
  readonly #timer: NodeJS.Timeout
  #copiedFrom: CopiedFrom | undefined

  constructor(parts: IdentityParts) {
    this.#parts = parts
    this.#copiedFrom = readCopiedFrom(parts.connection)
    this.#timer = setInterval(() => this.remember(), rememberEveryMs).unref()
  }

  get copiedFrom(): CopiedFrom | undefined {
    return this.#copiedFrom
  }

  /** Tells the user's memory how far the store is on disk. Cheap when nothing has changed. */
  remember(): void {
    const { connection, events, identity, memory } = this.#parts
    if (memory === undefined) return
    const seq = events.durableSeq
    const row = connection.prepare('SELECT at FROM log WHERE seq = ?').get([seq])
    const at = row === undefined ? undefined : String(row.at)
    memory.keep({ ...identity, seq, at, path: connection.path })
  }

  async settle(
    as: 'moved' | 'copied',
    { force = false } = {},
  ): Promise<{ readonly storeId: string; readonly reopen: boolean }> {
    const from = this.#copiedFrom
    const { connection, queue, identity } = this.#parts
    if (from === undefined) {
      throw new OrionError(
        'invalid_request',
        'nobody asks whether this store was copied or moved',
        {
          remedy: 'There is nothing to do: the store is where, and who, it was.',
        },
      )
    }
    if (as === 'moved' && !force && originalIsThere(from)) {
      const message = `${from.path} is still there, so this store was copied, not moved`
      throw new OrionError('invalid_request', message, {
        remedy:
          'Say `orion doctor --copied`; or remove the other one if it must not be used any more.',
      })
    }
    const run = (): void => {
      if (as === 'copied') confirmCopy(connection)
      else takeOldIdBack(connection, from)
    }
    await queue.submit({ undo: 'nothing', run }, {})
    this.#copiedFrom = undefined
    const moved = as === 'moved'
    return { storeId: moved ? from.storeId : identity.storeId, reopen: moved }
  }

  /** Remembers for the last time. */
  close(): void {
    clearInterval(this.#timer)
    this.remember()
  }
}

/** A daemon that is killed has told the memory at least what it had so long ago, in milliseconds. */
const rememberEveryMs = 60_000
