/** The end of a daemon that a benchmark started. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../sdk/client/client.ts'
import { DaemonStatus, ShutdownDaemon } from '../../sdk/protocol/daemon.ts'

/** Ends a client's daemon; resolves when its process is gone, which writes until then. */
export async function stopDaemon(client: Client): Promise<void> {
  const { pid } = await client.request(DaemonStatus, {})
  await client.request(ShutdownDaemon, {})
  await client.close()
  while (isThere(pid)) await sleep(5)
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
