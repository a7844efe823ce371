/** Every bound of a transport, with its unit. Those that a peer can notice are part of the protocol. */
export interface TransportLimits {
  /** Longest header block of a frame, its closing empty line included. */
  readonly headerMaxBytes: number
  /** Longest body a server takes before the handshake is answered. */
  readonly handshakeBodyMaxBytes: number
  /** Longest body in either direction after the handshake. */
  readonly bodyMaxBytes: number
  /** Deepest nesting of objects and arrays in a body; the message itself is level 1. */
  readonly nestingMaxLevels: number
  /** Most JSON values in one message to a server: parsing and checking take time by their number, not by bytes. */
  readonly valuesMax: number
  /** Most requests of the peer that may wait for their answers. */
  readonly inFlightMaxRequests: number
  /** What a peer over `inFlightMaxRequests` is told to wait before it asks again. */
  readonly retryAfterMs: number
  /** Most messages handed on in one turn of the event loop. */
  readonly turnMaxMessages: number
  /** Most body bytes handed on in one turn; a single longer body is still handed on. */
  readonly turnMaxBytes: number
  /**
   * Bytes written in one turn that leave before the turn is over. Small, so that the peer works on
   * the first answers while this side still makes the others; large, because each is a system call.
   */
  readonly batchMaxBytes: number
  /** Unsent bytes above which a write waits, and a server stops reading. */
  readonly unsentMaxBytes: number
  /** How long a closing transport waits for its peer to read on, or to hang up at the end. */
  readonly lingerMs: number
  /** How long closing may take although the peer reads on. */
  readonly closeMaxMs: number
  /** How long a peer that has ended its input is still given answers to what it asked. */
  readonly endGraceMs: number
}

/** The bounds of a transport unless its maker says otherwise. */
export const defaultTransportLimits: TransportLimits = Object.freeze({
  headerMaxBytes: 8 * 1024,
  handshakeBodyMaxBytes: 64 * 1024,
  bodyMaxBytes: 16 * 1024 * 1024,
  nestingMaxLevels: 200,
  valuesMax: 100_000,
  inFlightMaxRequests: 1024,
  retryAfterMs: 100,
  turnMaxMessages: 64,
  turnMaxBytes: 1024 * 1024,
  batchMaxBytes: 8 * 1024,
  unsentMaxBytes: 64 * 1024,
  lingerMs: 1_000,
  closeMaxMs: 10_000,
  endGraceMs: 75_000,
})
