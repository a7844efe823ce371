/** What a test of a limit says: how its daemon is bounded, what is served at the limit, what is refused beyond it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Limits } from '../../daemon/limits.ts'
import { startDaemon, type TestDaemon } from './daemon.ts'
import type { WireClient, WireError } from './wire-client.ts'

/** What a case is given. */
export interface LimitWorld {
  readonly t: TestContext
  readonly daemon: TestDaemon
  readonly client: WireClient
}

/** A limit that a client can run into. */
export interface LimitCase {
  /** The daemon's limits; small ones, so that the test is quick. */
  readonly limits?: Partial<Limits>
  /** Whether the daemon also listens on a socket. */
  readonly socket?: boolean
  /** Asks for as much as is served, then for one more. */
  readonly check: (world: LimitWorld) => Promise<void>
}

/** A limit that has no two sides, or whose sides are shown by another test. */
export type LimitReason = { readonly internal: string } | { readonly shownBy: string }

/** Runs a case on a daemon of its own. */
export async function runLimitCase(t: TestContext, { limits, socket, check }: LimitCase) {
  const daemon = await startDaemon(t, {
    ...(limits === undefined ? {} : { limits }),
    ...(socket === undefined ? {} : { socket }),
  })
  await check({ t, daemon, client: await daemon.connect() })
}

/** A request that is served with the first parameters, and refused as too large with the second. */
export function servedAndRefused(
  method: string,
  served: unknown,
  refused: unknown,
  bound?: { readonly limit: number; readonly actual: number },
): LimitCase['check'] {
  return async ({ client }) => {
    await client.call(method, served)
    assertTooLarge(await client.refused(method, refused), bound)
  }
}

/** A request that is served with the first parameters, and whose second have the wrong shape: the protocol's own bound. */
export function fitsAndMisfits(
  method: string,
  served: unknown,
  refused: unknown,
  limit: number,
): LimitCase['check'] {
  return async ({ client }) => {
    await client.call(method, served)
    const error = await client.refused(method, refused)
    assert.equal(error.data.kind, 'invalid_params')
    assert.match(error.message, new RegExp(String(limit)))
  }
}

/** Checks that an error is `too_large` and says by how much. */
export function assertTooLarge(
  error: WireError,
  bound?: { readonly limit: number; readonly actual: number },
): void {
  assert.deepEqual([error.code, error.data.kind], [41300, 'too_large'], error.message)
  assert.ok(error.data.actual > error.data.limit, JSON.stringify(error.data))
  if (bound === undefined) return
  assert.deepEqual({ limit: error.data.limit, actual: error.data.actual }, bound)
}

/** Checks that an error asks to come back later. */
export function assertOverloaded(error: WireError | undefined): void {
  assert.equal(error?.code, 42900, error?.message)
  assert.equal(error?.data.kind, 'overloaded')
  assert.equal(error?.data.retryable, true)
  assert.ok(error?.data.retryAfterMs > 0)
}

/** Paces and caches: what they bound is the same for whoever looks from outside. */
export const unseenLimits = {
  logTailMaxEvents: { internal: 'a cache: what fell out is read from the file' },
  logTailMaxBytes: { internal: 'a cache: what fell out is read from the file' },
  compactEveryMs: { internal: 'a pace: what is kept is bounded by other limits' },
  checkpointPages: { internal: 'a pace: what is on disk is the same' },
  pageCacheKib: { internal: 'a cache' },
  statementsMax: { internal: 'a cache' },
  recordCacheMaxBytes: { internal: 'a cache' },
  proposalsLookedAtEveryMs: { internal: 'a pace: who acts on one that is over is refused at once' },
} as const satisfies { readonly [name: string]: LimitReason }

/** A bound of what is searched for. */
export function searchBound(limit: number, query: (size: number) => string): LimitCase {
  const [served, refused] = [{ query: query(limit) }, { query: query(limit + 1) }]
  return {
    check: servedAndRefused('record/search', served, refused, { limit, actual: limit + 1 }),
  }
}
