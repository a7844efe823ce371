import { GuardedTransport, type TransportOptions } from './guarded-transport.ts'
import { type ByteStreams, StreamLink } from './stream-link.ts'
import type { Transport } from './transport.ts'

/**
 * A transport over two byte streams: by default this process's stdin and stdout, as editors start
 * a language server; for a parent, its child's stdout and stdin.
 *
 * The streams belong to the transport from now on, and nobody else may write to the output.
 */
export function stdioTransport(
  options: TransportOptions & { readonly streams?: ByteStreams; readonly description?: string },
): Transport {
  const streams = options.streams ?? { input: process.stdin, output: process.stdout }
  const link = new StreamLink(streams, {
    description: options.description ?? 'stdio',
    headerMaxBytes: options.limits?.headerMaxBytes,
    unsentMaxBytes: options.limits?.unsentMaxBytes,
  })
  return new GuardedTransport(link, options)
}
