/** As much of Redis's protocol as a benchmark needs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Starts `redis-server` on a Unix socket; undefined when it is not installed. By default it keeps nothing on disk. */
export async function startRedis(
  socketPath: string,
  durability: readonly string[] = ['--appendonly', 'no'],
): Promise<ChildProcess | undefined> {
  const settings = ['--port', '0', '--unixsocket', socketPath, '--save', '', ...durability]
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] })
  const failed = once(server, 'error').then(() => 'failed' as const)
  const ready = new Promise<'ready'>((resolve) => {
    server.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections') || chunk.includes('ready to accept'))
        resolve('ready')
    })
  })
  return (await Promise.race([failed, ready])) === 'ready' ? server : undefined
}

/** A connection that publishes. */
export class RedisPublisher {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
    socket.resume()
  }

  static async open(path: string): Promise<RedisPublisher> {
    return new RedisPublisher(await open(path))
  }

  publish(payload: string): void {
    this.#socket.write(command('PUBLISH', 'ev', payload))
  }

  close(): void {
    this.#socket.destroy()
  }
}

/**
 * Makes a connection with many patterns that all fit the one channel, and hands on the payload of every message, parsed,
 * as each handler of a client would get it.
 */
export async function subscribeRedis(
  path: string,
  patterns: number,
  onMessage: (payload: unknown) => void,
): Promise<void> {
  const socket = await open(path)
  const names = Array.from({ length: patterns }, (_, n) => `[e${n}]v`)
  socket.write(command('PSUBSCRIBE', ...names))
  let confirmed = 0
  let lines: string[] = []
  let rest = ''
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString('latin1')).split('\r\n')
      rest = parts.pop() ?? ''
      lines = lines.concat(parts)
      let at = 0
      for (; lines.length - at >= confirmationLines; ) {
        const isMessage = lines[at + 2] === 'pmessage'
        if (isMessage && lines.length - at < messageLines) break
        if (isMessage) onMessage(JSON.parse(lines[at + messageLines - 1] ?? ''))
        else if (++confirmed === patterns) resolve()
        at += isMessage ? messageLines : confirmationLines
      }
      lines = lines.slice(at)
    })
  })
}

/** Lines of `psubscribe`, its pattern and a count; of `pmessage`, its pattern, the channel and the payload. */
const confirmationLines = 6
const messageLines = 9

async function open(path: string): Promise<Socket> {
  const socket = connect(path)
  await once(socket, 'connect')
  return socket
}

function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}
