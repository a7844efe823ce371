/** Calls to one running plugin: each within its time, and not too many at once. */
import type { z } from 'zod'
import { classifyFailure } from '../../sdk/client/session.ts'
import { OrionError } from '../../sdk/errors.ts'
import type { RequestDefinition } from '../../sdk/protocol/define.ts'
import type { PluginPeer } from './plugin-seat.ts'

/** Asks a plugin. */
export class PluginCalls {
  readonly #name: string
  readonly #peer: PluginPeer
  readonly #callsMax: number
  readonly #ended = new AbortController()
  #underWay = 0

  constructor(name: string, peer: PluginPeer, callsMax: number) {
    this.#name = name
    this.#peer = peer
    this.#callsMax = callsMax
  }

  /**
   * The answer, held against its schema.
   *
   * @throws OrionError what the plugin says; `timeout` after `timeMaxMs`; `overloaded` when too much is asked of it at once;
   *   `disconnected` when it ends; `cancelled`.
   */
  async ask<P extends z.ZodType, R extends z.ZodType>(
    definition: RequestDefinition<P, R>,
    params: z.input<P> & object,
    options: { readonly timeMaxMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<z.output<R>> {
    if (this.#underWay >= this.#callsMax) {
      const message = `plugin ${this.#name} is asked too much at once`
      throw new OrionError('overloaded', message, { retryAfterMs: retryAfterBusyMs })
    }
    this.#underWay++
    try {
      const answer = await this.#within(definition, params, options)
      const parsed = definition.result.safeParse(answer)
      if (parsed.success) return parsed.data
      const [issue] = parsed.error.issues
      const where = issue?.path.map(String).join('.')
      const message = `plugin ${this.#name} answered ${definition.method} wrongly: ${where}: ${issue?.message}`
      throw new OrionError('invalid_request', message, { remedy: 'tell whoever maintains it' })
    } finally {
      this.#underWay--
    }
  }

  /** Rejects what waits: the plugin has ended. */
  end(): void {
    this.#ended.abort()
  }

  async #within(
    definition: RequestDefinition,
    params: object,
    {
      timeMaxMs,
      signal,
    }: { readonly timeMaxMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<unknown> {
    const given = new AbortController()
    let settle: (error: OrionError) => void = () => {}
    const gaveUp = new Promise<never>((_resolve, reject) => {
      settle = (error) => {
        reject(error)
        given.abort()
      }
    })
    const late = setTimeout(
      () => settle(new OrionError('timeout', this.#tooLate(timeMaxMs), { timeoutMs: timeMaxMs })),
      timeMaxMs,
    )
    const cancel = (): void => settle(new OrionError('cancelled', 'the request was cancelled', {}))
    const gone = (): void => settle(this.#gone())
    signal?.addEventListener('abort', cancel, { once: true })
    this.#ended.signal.addEventListener('abort', gone, { once: true })
    if (signal?.aborted) cancel()
    if (this.#ended.signal.aborted) gone()
    const answer = this.#peer.ask(definition, params, given.signal)
    // Whoever gave up does not hear of it.
    answer.catch(() => {})
    try {
      return await Promise.race([answer, gaveUp])
    } catch (error) {
      if (error instanceof OrionError) throw error
      const failure = classifyFailure(error)
      throw failure.outcome === 'refused' ? failure.error : this.#gone()
    } finally {
      clearTimeout(late)
      signal?.removeEventListener('abort', cancel)
      this.#ended.signal.removeEventListener('abort', gone)
    }
  }

  #tooLate(timeMaxMs: number): string {
    return `plugin ${this.#name} gave no answer within ${timeMaxMs} ms`
  }

  #gone(): OrionError<'disconnected'> {
    return new OrionError('disconnected', `plugin ${this.#name} ended before it answered`, {})
  }
}

/** What somebody is told to wait who asks too much. */
const retryAfterBusyMs = 100
