/** Clients of the SDK for tests: of the scripted daemon, and of a real one in this process. */
import type { TestContext } from 'node:test'
import type { Client } from '../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../sdk/client/connect.ts'
import { memoryPair } from '../../sdk/transport/memory.ts'
import type { TestDaemon } from './daemon.ts'
import type { ScriptedDaemon } from './scripted-daemon.ts'

/** Connects to a scripted daemon; the client is closed after the test. */
export async function scriptedClient(
  t: TestContext,
  daemon: ScriptedDaemon,
  options: Partial<ConnectOptions> = {},
): Promise<Client> {
  const client = await connect({ client: { name: 'test' }, transport: daemon.dial, ...options })
  t.after(() => client.close())
  return client
}

/** Connects to a daemon in this process; the client is closed after the test. */
export async function daemonClient(
  t: TestContext,
  { daemon }: TestDaemon,
  options: Partial<ConnectOptions> = {},
): Promise<Client> {
  const transport = async () => {
    const [server, end] = memoryPair()
    daemon.attach(server)
    return end
  }
  const client = await connect({ client: { name: 'test' }, transport, ...options })
  t.after(() => client.close())
  return client
}

/** Resolves when the condition holds; looks again after each turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
