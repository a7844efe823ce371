/** Takes connections on the daemon's socket. */

import { listenOnSocket } from '../../sdk/transport/socket.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { TransportLimits } from '../../sdk/transport/transport-limits.ts'
import type { Limits } from '../limits.ts'
import type { Log } from '../log.ts'

/** Where and how to listen. */
export interface ListenerOptions {
  readonly path: string
  readonly limits: Limits
  readonly log: Log
  /** Takes each connection. What it throws closes that connection alone. */
  readonly onTransport: (transport: Transport) => void
}

/** A listener that takes connections until it is closed; those that stand go on. */
export interface Listener {
  readonly path: string
  close(): Promise<void>
}

/** Begins to listen; a connection over the cap is closed at once, and none can hurt another. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { path, limits, log, onTransport } = options
  return listenOnSocket(path, {
    connectionsMax: limits.connectionsMax,
    limits: transportLimits(limits),
    onError: (error) => log.error('the listener had a fault', { path, error }),
    onTransport: (transport) => {
      try {
        onTransport(transport)
      } catch (error) {
        log.error('a connection could not be served', { path, error })
        void transport.close()
      }
    },
  })
}

/** The bounds of a transport, taken from those of the daemon. */
export function transportLimits(limits: Limits): Partial<TransportLimits> {
  return {
    headerMaxBytes: limits.headerMaxBytes,
    handshakeBodyMaxBytes: limits.bodyBeforeHandshakeMaxBytes,
    bodyMaxBytes: limits.bodyMaxBytes,
    nestingMaxLevels: limits.nestingMax,
    valuesMax: limits.valuesMax,
    inFlightMaxRequests: limits.requestsInFlightMax,
  }
}
