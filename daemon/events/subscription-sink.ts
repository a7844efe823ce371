/** Where a connection's pump writes. */

/** The notifications a subscriber is sent; each is `subscription/<kind>` on the wire. */
export type NotificationKind = 'events' | 'snapshot' | 'synced' | 'bookmark' | 'gap' | 'closed'

/** Takes notifications for one connection. */
export interface SubscriptionSink {
  /**
   * Sends one notification, in order.
   *
   * @param params - Its parameters as JSON text.
   * @returns A promise that resolves when the transport has room for more, and rejects when it is closed.
   */
  send(kind: NotificationKind, params: string): Promise<void>
}

/** Why the daemon ends a subscription. */
export interface ClosingReason {
  readonly reason: 'shutdown' | 'handover' | 'forbidden' | 'error'
  readonly retryAfterMs?: number
}
