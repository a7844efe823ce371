import { connect, createServer, type Socket } from 'node:net'
import { GuardedTransport, type TransportOptions } from './guarded-transport.ts'
import { StreamLink } from './stream-link.ts'
import { type Transport, TransportError } from './transport.ts'
import type { TransportLimits } from './transport-limits.ts'

/** Longest wait for a listening socket to take a connection, unless the caller says otherwise. */
const defaultConnectTimeoutMs = 5_000

/** Most connections that one listener holds at a time, unless the caller says otherwise. */
const defaultConnectionsMax = 512

/**
 * Connects to a Unix socket, or to a named pipe on Windows, as a client.
 *
 * @throws TransportError `path_invalid`, `connect_failed` (its cause has the system's code, such as
 * `ENOENT` or `ECONNREFUSED`) or `connect_timeout`.
 */
export async function connectSocket(
  path: string,
  options: {
    readonly timeoutMs?: number
    readonly signal?: AbortSignal
    readonly limits?: Partial<TransportLimits>
  } = {},
): Promise<Transport> {
  assertSocketPath(path)
  options.signal?.throwIfAborted()
  const socket = await openSocket(path, options)
  return socketTransport(socket, {
    side: 'client',
    limits: options.limits,
    description: `socket ${path}`,
  })
}

/** Wraps a connected socket that nobody has read from; it belongs to the transport from now on. */
export function socketTransport(
  socket: Socket,
  options: TransportOptions & { readonly description: string },
): GuardedTransport {
  const link = new StreamLink(
    { input: socket, output: socket },
    {
      description: options.description,
      headerMaxBytes: options.limits?.headerMaxBytes,
      unsentMaxBytes: options.limits?.unsentMaxBytes,
    },
  )
  return new GuardedTransport(link, options)
}

/** A socket that takes connections until it is closed. */
export interface SocketListener extends AsyncDisposable {
  readonly path: string
  /** Takes no more connections; those that stand are their owners'. Safe to repeat. */
  close(): Promise<void>
}

/**
 * Listens on a Unix socket, or a named pipe on Windows, and makes a transport of each connection.
 *
 * The path must be free: a file that is there already is not touched. Closing removes the file.
 *
 * @throws TransportError `path_invalid`, or `listen_failed` with the system's error as its cause.
 */
export async function listenOnSocket(
  path: string,
  options: {
    readonly onTransport: (transport: Transport) => void
    /** Faults of the listener after it has started, such as too many open files. */
    readonly onError: (error: Error) => void
    readonly connectionsMax?: number
    readonly limits?: Partial<TransportLimits>
  },
): Promise<SocketListener> {
  assertSocketPath(path)
  let accepted = 0
  const connectionsMax = options.connectionsMax ?? defaultConnectionsMax
  const most = `${connectionsMax} connections`
  const open = new Set<GuardedTransport>()
  // A peer may end its input and still read its answers, as a shell pipe does.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const description = `socket ${path} #${++accepted}`
    const transport = socketTransport(socket, {
      side: 'server',
      limits: options.limits,
      description,
    })
    if (open.size >= connectionsMax) {
      const idle = oldestWithoutHandshake(open)
      if (idle === undefined) return void transport.refuse(most)
      open.delete(idle)
      void idle.refuse(most)
    }
    open.add(transport)
    transport.onClose(() => void open.delete(transport))
    options.onTransport(transport)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new TransportError('listen_failed', `can't listen on ${path}: ${cause.message}`, { cause }),
      )
    })
    server.listen(path, resolve)
  })
  server.removeAllListeners('error')
  server.on('error', options.onError)
  const close = async (): Promise<void> => {
    if (server.listening) server.close()
  }
  return { path, close, [Symbol.asyncDispose]: close }
}

/** Whoever opens connections and says nothing keeps nobody out for long: the oldest of them gives way. */
function oldestWithoutHandshake(open: ReadonlySet<GuardedTransport>): GuardedTransport | undefined {
  for (const transport of open) if (!transport.isRaised) return transport
  return undefined
}

/**
 * Refuses a path that the system would cut short or can't take.
 *
 * Node 20 cuts longer ones in silence and listens on another file, so two paths can collide.
 *
 * @throws TransportError `path_invalid`.
 */
export function assertSocketPath(path: string, platform: NodeJS.Platform = process.platform): void {
  if (path === '' || path.includes('\0')) {
    throw new TransportError(
      'path_invalid',
      'expected the path of a socket, got none or a NUL in it',
    )
  }
  if (platform === 'win32') {
    if (/^\\\\[.?]\\pipe\\./.test(path)) return
    const message = `expected a named pipe such as \\\\.\\pipe\\orion, got ${path}`
    throw new TransportError('path_invalid', message)
  }
  const maxBytes = platform === 'linux' ? 107 : 103
  const bytes = Buffer.byteLength(path)
  if (bytes <= maxBytes) return
  const message = `expected a socket path of at most ${maxBytes} bytes, got ${bytes}: ${path}`
  throw new TransportError('path_invalid', message)
}

function openSocket(
  path: string,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
): Promise<Socket> {
  const timeoutMs = options.timeoutMs ?? defaultConnectTimeoutMs
  const { signal } = options
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true })
    const settle = (outcome: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.removeAllListeners()
      outcome()
    }
    const fail = (error: unknown): void =>
      settle(() => {
        socket.on('error', () => {
          // The attempt has failed already; what follows from giving up says nothing new.
        })
        socket.destroy()
        reject(error)
      })
    const abort = (): void => fail(signal?.reason)
    const timer = setTimeout(() => {
      fail(new TransportError('connect_timeout', `${path} took no connection in ${timeoutMs} ms`))
    }, timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    socket.once('connect', () => settle(() => resolve(socket)))
    socket.once('error', (cause) => {
      fail(
        new TransportError('connect_failed', `can't connect to ${path}: ${cause.message}`, {
          cause,
        }),
      )
    })
  })
}
