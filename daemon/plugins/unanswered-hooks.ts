/**
 * The hooks that one plugin is being asked about, so that what it sends meanwhile waits: a hook reads, and what it says of
 * a write can't rest on a write of its own.
 *
 * The daemon does not see which function of a plugin sent a request, as hooks and handlers share one connection. A write
 * therefore waits for the hooks that had not answered when it came, and for no later ones: those of a busy plugin overlap
 * without a pause.
 */
import { isOrionError } from '../../sdk/errors.ts'

/** See the head of the file. */
export class UnansweredHooks {
  readonly #asked = new Set<Promise<'answered' | 'late'>>()

  /** Asks a hook; resolves and rejects as it does. */
  async during<T>(ask: () => Promise<T>): Promise<T> {
    const answer = ask()
    const outcome = answer.then(
      () => 'answered' as const,
      (error: unknown) => (gaveNone(error) ? 'late' : 'answered'),
    )
    this.#asked.add(outcome)
    try {
      return await answer
    } finally {
      this.#asked.delete(outcome)
    }
  }

  /** How those end that are being asked now: `late` when one gives no answer in its time. Undefined when there are none. */
  get outcome(): Promise<'answered' | 'late'> | undefined {
    if (this.#asked.size === 0) return undefined
    return Promise.all(this.#asked).then((all) => (all.includes('late') ? 'late' : 'answered'))
  }
}

function gaveNone(error: unknown): boolean {
  return isOrionError(error, 'timeout') || isOrionError(error, 'disconnected')
}
