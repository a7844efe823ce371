/** Reaches a daemon over a WebSocket. */
import { withDeadline } from '../launch/deadline.ts'
import type { InitializeParams } from '../protocol/handshake.ts'
import type { Dialer, DialWish } from './dialer.ts'
import type { Session } from './session.ts'
import { typedError } from './typed-errors.ts'

/** Dials `ws://` and `wss://` addresses. What that needs is loaded when it is done, as few programs do it. */
export class WebSocketDialer implements Dialer {
  readonly redials = true
  readonly #url: URL
  readonly #hello: InitializeParams

  /** @throws InvalidRequestError when the text is no address of a WebSocket. */
  constructor(url: string, hello: InitializeParams) {
    this.#url = parseUrl(url)
    this.#hello = hello
  }

  async dial({ deadlineMs, signal }: DialWish): Promise<Session> {
    const { openOverWebSocket } = await import('./websocket-session.ts')
    return await withDeadline({ deadlineMs, signal }, (deadline) =>
      openOverWebSocket(this.#url, this.#hello, { timeoutMs: deadlineMs, signal: deadline.signal }),
    )
  }

  async close(): Promise<void> {}
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain = url?.pathname === '/' && url.search === '' && url.username === ''
  if (url !== undefined && plain && /^wss?:$/.test(url.protocol)) return url
  throw typedError(
    'invalid_request',
    `expected an address such as ws://127.0.0.1:41234, got ${text}`,
    {
      data: {
        remedy: '`orion endpoint --json` tells the address, if the daemon listens for WebSockets',
      },
    },
  )
}
