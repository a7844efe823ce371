/**
 * What carries message bodies between two peers: a pair of byte streams, or a queue in memory.
 *
 * A link knows nothing of JSON-RPC. Its owner calls `attach` once, before anything else, and
 * gives it bodies with `append` that leave in one piece with `flush`.
 */
export interface Link {
  readonly description: string

  /** Whether more bytes wait to be sent than the limit allows; `onDrain` tells when they left. */
  readonly full: boolean

  /** How many bytes wait to be sent, about. */
  readonly unsentBytes: number

  /** Starts telling `events`; nothing is read before `setPaused(false)`. */
  attach(events: LinkEvents): void

  /** Longest body that is taken from the peer from now on. */
  setBodyMaxBytes(bytes: number): void

  /**
   * The next whole body that has come, as bytes or as text.
   *
   * @throws FrameError if the peer's bytes are no frames or a body is too long.
   */
  next(): Buffer | string | undefined

  /** Stops or resumes reading from the peer; what has been read already stays for `next`. */
  setPaused(paused: boolean): void

  /** Adds a body to what the next `flush` sends. `bytes` is its length in UTF-8. */
  append(body: string, bytes: number): void

  /** Sends what was appended, unless the link is full: then it goes out after the drain. */
  flush(): void

  /** Sends what was appended and tells the peer that nothing follows; input is thrown away. */
  end(): void

  /** Gives the link up at once. `onClose` follows. */
  destroy(error?: Error): void
}

/** What a link tells its owner. Each is called in a turn of its own, never from within a call. */
export interface LinkEvents {
  /** Bodies, or parts of them, have come. */
  onReadable(): void
  /** The peer has ended its side; what it sent before can still be read. */
  onEnd(): void
  /** All that was flushed has left. */
  onDrain(): void
  /** Nothing can be read or sent any more. Called once. */
  onClose(error: Error | undefined): void
}
