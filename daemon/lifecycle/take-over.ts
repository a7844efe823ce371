/** How a daemon takes the place of the one that serves a store now. */
import { z } from 'zod'
import { LaunchError } from '../../sdk/launch/launch-error.ts'
import { heldElsewhere, type OwnerLock, takeTurn } from '../../sdk/launch/owner-lock.ts'
import { findDaemon } from '../../sdk/launch/start-daemon.ts'
import {
  type Environment,
  prepareStore,
  type StoreLocation,
} from '../../sdk/launch/store-location.ts'
import { HandOverDaemon } from '../../sdk/protocol/daemon.ts'
import { Initialize, protocolRange } from '../../sdk/protocol/handshake.ts'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { connectSocket } from '../../sdk/transport/socket.ts'
import { VERSION } from '../../sdk/version.ts'

/** What is taken over, and as whom. */
export interface TakeOver {
  readonly location: StoreLocation
  readonly env: Environment
  /** Also from a newer daemon. */
  readonly force: boolean
}

/**
 * Asks the daemon of a store to hand over, and owns the store when it has.
 *
 * The place of the next owner is taken before the daemon is asked, so that nobody else gets the lock between the two.
 * Have everything ready before this is called: nobody serves while it runs.
 *
 * @throws LaunchError `lock_held` when another one takes over already or the daemon does not end in time,
 * `start_failed` when it refuses.
 */
export async function takeOver({ location, env, force }: TakeOver): Promise<OwnerLock> {
  prepareStore(location)
  const turn = await takeTurn(location.lockPath, { waitMs: turnWaitMs, pollMaxMs: lockPollMs })
  if (turn === undefined) throw heldElsewhere(location.lockPath)
  try {
    const probe = (socketPath: string, signal: AbortSignal) =>
      askToHandOver(socketPath, { signal, force, token: env.ORION_TOKEN })
    await findDaemon({ location, env, probe })
    const lock = await turn.acquire({ waitMs: oldEndsMs, pollMaxMs: lockPollMs })
    if (lock === undefined) throw heldElsewhere(location.lockPath)
    return lock
  } finally {
    turn.release()
  }
}

/** Somebody who only tries for the lock has the place for some milliseconds. */
const turnWaitMs = 2_000
/** Longer than a daemon drains. */
const oldEndsMs = 60_000
const lockPollMs = 10

/** @returns True when the daemon at this socket has agreed; undefined when none answers there. */
async function askToHandOver(
  socketPath: string,
  options: {
    readonly signal: AbortSignal
    readonly force: boolean
    readonly token: string | undefined
  },
): Promise<true | undefined> {
  const { signal, force, token } = options
  const transport = await connectSocket(socketPath, { signal }).catch(() => undefined)
  if (transport === undefined) return undefined
  const connection = createConnection(transport)
  const hello = {
    client: { name: 'orion-daemon', version: VERSION },
    ...(token === undefined ? {} : { token }),
  }
  const initialize = (protocol: { readonly min: number; readonly max: number }) =>
    connection.sendRequest(Initialize.type, { ...hello, protocol })
  try {
    connection.listen()
    await initialize(protocolRange).catch(async (error: unknown) => {
      // An older daemon still has to understand that it is to be replaced.
      const { supported } = refusal.parse(error).data
      if (supported === undefined) throw error
      await initialize(supported)
    })
    await connection.sendRequest(HandOverDaemon.type, { version: VERSION, force })
    return true
  } catch (error) {
    const refused = refusal.safeParse(error)
    if (!refused.success) return undefined // It went away meanwhile.
    throw new LaunchError(
      'start_failed',
      `the daemon does not hand over: ${refused.data.message}`,
      {
        remedy:
          refused.data.data.remedy ??
          'end it with `orion stop`; the next command starts another one',
        cause: error,
      },
    )
  } finally {
    connection.dispose()
    void transport.close()
  }
}

/** An error that the daemon answered with, as the JSON-RPC library throws it. */
const refusal = z.object({
  message: z.string(),
  data: z
    .object({
      remedy: z.string().optional(),
      supported: z.object({ min: z.int(), max: z.int() }).optional(),
    })
    .catch({}),
  code: z.int().min(1),
})
