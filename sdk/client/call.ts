import type { ErrorKind, OrionError } from '../errors.ts'
import { isOrionError } from '../errors.ts'
import type { RequestDefinition, ResultOf } from '../protocol/define.ts'
import { Cancellation } from './cancellation.ts'
import { parseResult } from './result-outline.ts'
import { askAtLeast, type SeenPosition } from './seen-position.ts'
import { classifyFailure, type Failure, type Session, type WorkProgress } from './session.ts'
import { clientClosed, type SessionKeeper } from './session-keeper.ts'
import { typedError } from './typed-errors.ts'
import { whyUnsendable } from './unsendable.ts'

/** What one request needs. */
export interface CallParts<D extends RequestDefinition = RequestDefinition> {
  readonly definition: D
  /** The same at each repetition, idempotency key and epoch included. */
  readonly params: { readonly idempotencyKey?: string | undefined }
  readonly repetition: 'keyed' | 'free' | 'never'
  readonly keeper: SessionKeeper
  /** What is read is never older than what was seen. */
  readonly seen: SeenPosition
  /** Whether the parameters may ask for a position. */
  readonly positioned: boolean
  /** What the request's reports are named by, and who is told. */
  readonly progress?: {
    readonly token: string
    readonly listener: (progress: WorkProgress) => void
  }
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number
  /** Called once, when nothing more will come of it. */
  readonly onSettled: (call: Pick<Call, 'abandon'>) => void
}

/**
 * One request, from the caller's wish to its one result, over as many attempts as it takes.
 *
 * ```
 * wait for a session -> send -> answer ------------------------> result or error
 *        ^                 |-> connection lost, may be repeated --+
 *        |                 |-> draining, overloaded: pause -------+
 *        +-----------------+<-------------------------------------+
 * stop (time, signal): a read ends at once; a write that is under way is cancelled and given a moment to say
 * whether it stood. What stays open then is `outcome_unknown`, never a guess.
 * ```
 */
export class Call<D extends RequestDefinition = RequestDefinition> {
  /** Settled once, with the checked result or an OrionError. */
  readonly result: Promise<ResultOf<D>>
  readonly #parts: CallParts<D>
  #resolve: (result: ResultOf<D>) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #settled = false
  /** Why the caller waits no longer. A write that is under way may still be answered. */
  #stopped: 'timeout' | 'cancelled' | undefined
  /** An attempt may have reached the daemon and has no answer. */
  #unanswered = false
  #losses = 0
  #underWay: Cancellation | undefined
  /** The last answer, if it was that the daemon is busy or ending. */
  #busy: OrionError | undefined
  #timer: NodeJS.Timeout | undefined
  /** Ends what the request waits for at the moment: a session, or a pause. */
  #endWait: (() => void) | undefined
  #onAbort: () => void = () => {}

  constructor(parts: CallParts<D>) {
    this.#parts = parts
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { signal, timeoutMs } = parts
    if (signal?.aborted) {
      this.#fail(this.#stopError('cancelled'))
      return
    }
    if (signal !== undefined) {
      this.#onAbort = () => this.#stop('cancelled')
      signal.addEventListener('abort', this.#onAbort, { once: true })
    }
    this.#timer = setTimeout(() => this.#stop('timeout'), timeoutMs)
    this.#next()
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Settles the request now, because the client is being closed. */
  abandon(): void {
    if (this.#underWay !== undefined) this.#unanswered = true
    this.#fail(this.#unreachable(clientClosed()))
  }

  /** Makes the next attempt, on the session there is or the next one. */
  #next(): void {
    if (this.#settled) return
    const { session } = this.#parts.keeper
    if (session === undefined) this.#awaitSession()
    else this.#attempt(session)
  }

  #attempt(session: Session): void {
    const { definition, params, seen, positioned } = this.#parts
    const cancellation = new Cancellation()
    this.#underWay = cancellation
    this.#busy = undefined
    const needed = positioned ? seen.neededFrom(session) : undefined
    const sent = needed === undefined ? params : askAtLeast(params, needed)
    const { progress } = this.#parts
    const reports = progress && session.onProgress(progress.token, progress.listener)
    session.send(definition, sent, cancellation).then(
      (raw) => {
        reports?.dispose()
        this.#answered(raw, session)
      },
      (error: unknown) => {
        reports?.dispose()
        this.#underWay = undefined
        if (!this.#settled) this.#afterFailure(classifyFailure(error), session)
      },
    )
  }

  #answered(raw: unknown, session: Session): void {
    this.#underWay = undefined
    const token = tokenOf(raw)
    if (token !== undefined) this.#parts.seen.note(token, session)
    if (!this.#settle()) return
    try {
      this.#resolve(parseResult(this.#parts.definition, raw))
    } catch (error) {
      this.#reject(error)
    }
  }

  /** Settles the request, or goes on to the next attempt. */
  #afterFailure(failure: Failure, session: Session): void {
    switch (failure.outcome) {
      case 'refused':
        this.#afterRefusal(failure.error, session)
        return
      case 'lost':
        this.#unanswered = true
        if (this.#stopped !== undefined) this.#fail(this.#stopError(this.#stopped))
        else if (this.#parts.repetition === 'never') this.#fail(this.#unknownOutcome(undefined))
        else this.#afterLoss()
        return
      case 'unsent':
        if (this.#stopped !== undefined) this.#fail(this.#stopError(this.#stopped))
        else this.#afterUnsent(session)
        return
      default:
        failure satisfies never
    }
  }

  /** At once the first time; then slower and slower, because it may be this request that ends the daemon. */
  #afterLoss(): void {
    this.#losses++
    if (this.#losses === 1) this.#next()
    else this.#pause(Math.min(secondLossMs * 2 ** (this.#losses - 2), lossMaxMs), undefined)
  }

  #afterUnsent(session: Session): void {
    const reason = whyUnsendable(this.#parts.params)
    if (reason !== undefined) {
      this.#fail(reason)
      return
    }
    session.abandon()
    this.#next()
  }

  #afterRefusal(error: OrionError, session: Session): void {
    if (this.#stopped !== undefined) {
      const dropped = error.kind === 'cancelled' || asksToWait(error)
      this.#fail(dropped ? this.#stopError(this.#stopped) : error)
    } else if (asksToWait(error)) {
      this.#busy = error
      this.#pause(error.data.retryAfterMs, session)
    } else {
      const isOpen = error.kind === 'outcome_unknown' || this.#isLeftOpenBy(error)
      this.#fail(isOpen ? this.#unknownOutcome(error) : error)
    }
  }

  /** Whether an attempt before, whose answer was lost, may have happened although this one was refused. */
  #isLeftOpenBy(error: OrionError): boolean {
    const { repetition } = this.#parts
    return this.#unanswered && repetition !== 'free' && saysNothingOfEarlier(error)
  }

  #awaitSession(): void {
    this.#endWait = this.#parts.keeper.wait({
      urgent: true,
      ready: () => {
        this.#endWait = undefined
        this.#next()
      },
      fail: (error) => {
        this.#endWait = undefined
        this.#fail(this.#unreachable(error))
      },
    })
  }

  /** Ends early when the session does, if one is named: the next one may not be busy. */
  #pause(ms: number, session: Session | undefined): void {
    const goOn = (): void => {
      if (this.#endWait !== end) return
      end()
      this.#next()
    }
    const timer = setTimeout(goOn, ms * (1 + Math.random() / 4))
    const registration = session?.onClose(goOn)
    const end = (): void => {
      this.#endWait = undefined
      clearTimeout(timer)
      registration?.dispose()
    }
    this.#endWait = end
  }

  #stop(reason: 'timeout' | 'cancelled'): void {
    if (this.#settled || this.#stopped !== undefined) return
    this.#stopped = reason
    const underWay = this.#underWay
    underWay?.cancel()
    if (underWay === undefined || this.#parts.repetition === 'free') {
      this.#fail(this.#stopError(reason))
      return
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        this.#unanswered = true
        this.#fail(this.#stopError(reason))
      },
      Math.min(this.#parts.timeoutMs, lastWordMaxMs),
    )
  }

  #stopError(reason: 'timeout' | 'cancelled'): OrionError {
    const { definition, timeoutMs, signal, keeper, repetition } = this.#parts
    if (this.#unanswered && repetition !== 'free') return this.#unknownOutcome(keeper.failure)
    if (reason === 'cancelled') {
      const message = `${definition.method} was cancelled by its caller`
      return typedError('cancelled', message, { data: {}, cause: signal?.reason })
    }
    if (this.#busy !== undefined) return this.#busy
    if (keeper.session === undefined) return this.#unreachable(keeper.failure)
    const message = `expected an answer to ${definition.method} within ${timeoutMs} ms, got none`
    return typedError('timeout', message, { data: { timeoutMs } })
  }

  #unreachable(cause: unknown): OrionError {
    const { definition, repetition } = this.#parts
    if (this.#unanswered && repetition !== 'free') return this.#unknownOutcome(cause)
    if (isOrionError(cause)) return cause
    const message = `expected to reach the daemon for ${definition.method}, got no connection`
    return typedError('disconnected', message, { data: {}, cause })
  }

  #unknownOutcome(cause: unknown): OrionError<'outcome_unknown'> {
    const { definition, params } = this.#parts
    const key = params.idempotencyKey
    return typedError('outcome_unknown', `${definition.method} was sent, and its answer is lost`, {
      data:
        key === undefined
          ? {}
          : { idempotencyKey: key, remedy: 'repeat it with the same idempotency key' },
      cause,
    })
  }

  #fail(error: unknown): void {
    if (this.#settle()) this.#reject(error)
  }

  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    clearTimeout(this.#timer)
    const { signal, onSettled } = this.#parts
    signal?.removeEventListener('abort', this.#onAbort)
    this.#endWait?.()
    this.#endWait = undefined
    onSettled(this)
    return true
  }
}

/**
 * A daemon that looks at a write finds the answer to its key first. What is refused before that, or because nobody could
 * look, is told of the request that was refused, and of no earlier one.
 */
function saysNothingOfEarlier(error: OrionError): boolean {
  return refusedUnseen.has(error.kind)
}

const refusedUnseen: ReadonlySet<ErrorKind> = new Set<ErrorKind>([
  'storage_failed',
  'storage_full',
  'forbidden',
  'unauthenticated',
  'internal',
])

function tokenOf(raw: unknown): string | undefined {
  if (typeof raw !== 'object' || raw === null || !('token' in raw)) return undefined
  return typeof raw.token === 'string' ? raw.token : undefined
}

/** Pauses after the second lost answer, and at most, in milliseconds. */
const secondLossMs = 100
const lossMaxMs = 5_000

/** Longest time a cancelled write may take to say whether it stood, in milliseconds; its own time limit if shorter. */
const lastWordMaxMs = 2_000

/** Kinds that a daemon asks to repeat after a while; nothing was done. */
type WaitKind = 'draining' | 'overloaded'

function asksToWait(error: OrionError): error is OrionError<WaitKind> {
  const kind: ErrorKind = error.kind
  return kind === 'draining' || kind === 'overloaded'
}
