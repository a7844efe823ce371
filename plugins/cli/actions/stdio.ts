/** The bridge for editors. */
import { connect as connectSocket, type Socket } from 'node:net'
import { connect } from '../../../sdk/client/connect.ts'
import { DaemonStatus } from '../../../sdk/protocol/daemon.ts'
import type { Action } from '../command.ts'
import type { Cli, GlobalFlags } from '../context.ts'
import { connectOptions } from '../store-client.ts'

/**
 * `orion stdio`: carries bytes between stdin, stdout and the daemon's socket, and looks at none of them.
 *
 * Ends when its input ends, when the daemon closes, when its output can't be written, or when its parent is gone; so it
 * never outlives the editor that started it.
 */
export const bridge: Action<GlobalFlags, []> = async (cli, flags) => {
  const socket = await openSocket(cli, flags)
  return await carry(cli, socket)
}

/** What the editor has sent may be answered after it has closed its end; but not for ever. */
const lastAnswersMs = 2_000
/** An editor that is killed closes nothing if somebody else holds its end of the pipe too. */
const parentLookMs = 1_000

function carry({ stdin }: Cli, socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    const parent = process.ppid
    const end = (exitCode: number): void => {
      clearInterval(looks)
      socket.destroy()
      resolve(exitCode)
    }
    const looks = setInterval(() => {
      if (process.ppid !== parent) end(0)
    }, parentLookMs)
    looks.unref()
    stdin.once('end', () => setTimeout(() => end(0), lastAnswersMs).unref())
    stdin.once('error', () => end(0))
    process.stdout.once('error', () => end(0))
    socket.once('error', () => end(1))
    // As the editor's end is still open, the daemon's `end` alone closes nothing.
    for (const over of ['end', 'close']) {
      socket.once(over, () => process.stdout.write('', () => end(0)))
    }
    stdin.pipe(socket)
    socket.pipe(process.stdout, { end: false })
  })
}

/** A connection of the SDK finds or starts the daemon and proves that it answers; the bytes then have one of their own. */
async function openSocket(cli: Cli, flags: GlobalFlags): Promise<Socket> {
  const client = await connect(connectOptions(cli, flags))
  try {
    const { socket: path } = await client.request(DaemonStatus, {})
    if (path === undefined) throw new Error('the daemon of this store has no socket')
    return await new Promise<Socket>((resolve, reject) => {
      const socket = connectSocket({ path, allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(socket)
      })
    })
  } finally {
    await client.close()
  }
}
