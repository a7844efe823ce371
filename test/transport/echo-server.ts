import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { MessageConnection } from 'vscode-jsonrpc/node'
import { createConnection } from '../../sdk/transport/json-rpc-connection.ts'
import { listenOnSocket } from '../../sdk/transport/socket.ts'
import type { Transport } from '../../sdk/transport/transport.ts'
import type { TransportLimits } from '../../sdk/transport/transport-limits.ts'

/** A server of a few methods on a real Unix socket. */
export interface EchoServer {
  readonly path: string
  /** What the connections logged. */
  readonly log: string[]
  /** The transports of all connections, oldest first. */
  readonly transports: Transport[]
  /** Answers every `hold` that waits, and those that come later at once. */
  release(): void
}

/** Starts one; it ends with the test. */
export async function startEchoServer(
  t: TestContext,
  options: {
    readonly limits?: Partial<TransportLimits>
    readonly connectionsMax?: number
    readonly onConnection?: (connection: MessageConnection) => void
  } = {},
): Promise<EchoServer> {
  const log: string[] = []
  const transports: Transport[] = []
  const held = new Set<() => void>()
  const path = temporarySocketPath(t)
  const listener = await listenOnSocket(path, {
    onError: (error) => log.push(`listener: ${error.message}`),
    ...(options.limits && { limits: options.limits }),
    ...(options.connectionsMax && { connectionsMax: options.connectionsMax }),
    onTransport: (transport) => {
      transports.push(transport)
      const connection = createConnection(transport, {
        log: (level, message) => log.push(`${level}: ${message}`),
      })
      serveEcho(connection, { transport, held })
      connection.onError(([error]) => log.push(`fault: ${error.message}`))
      options.onConnection?.(connection)
      connection.listen()
    },
  })
  t.after(async () => {
    await listener.close()
    await Promise.all(transports.map((transport) => transport.close()))
  })
  const release = (): void => {
    for (const answer of held) answer()
    held.clear()
    // Some of what was sent before may not have been dispatched yet: the work of one turn is bounded.
    held.add = (answer) => {
      answer()
      return held
    }
  }
  return { path, log, transports, release }
}

/** Registers `echo`, `raise` (the body limit), `hold` (until released) and `boom` (throws). */
export function serveEcho(
  connection: MessageConnection,
  { transport, held }: { readonly transport: Transport; readonly held: Set<() => void> },
): void {
  connection.onRequest('echo', (params: unknown) => params)
  connection.onRequest('raise', () => {
    transport.raiseBodyLimit()
    return true
  })
  connection.onRequest(
    'hold',
    () => new Promise<boolean>((resolve) => held.add(() => resolve(true))),
  )
  connection.onRequest('boom', () => {
    throw new Error('the inside of the server')
  })
}

/** A path for a socket in a directory that goes with the test. */
export function temporarySocketPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'orion-socket-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 's.sock')
}
