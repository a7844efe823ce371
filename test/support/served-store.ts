/** A store of a test's own and the clients of its daemon, which runs in a process of its own. */
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Client } from '../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../sdk/client/connect.ts'
import type { DaemonCommand } from '../../sdk/launch/daemon-command.ts'
import { readDiscovery } from '../../sdk/launch/discovery-file.ts'
import { locateRuntime, type RuntimeDirectory } from '../../sdk/launch/runtime-directory.ts'
import type { StoreLocation } from '../../sdk/launch/store-location.ts'
import { testPlace } from './daemon.ts'
import { scriptArguments } from './script-arguments.ts'

/** How tests import TypeScript in other processes. */
export const tsx = import.meta.resolve('tsx')

/** What starts the daemon's own main from its sources. */
export const daemonCommand: DaemonCommand = {
  command: process.execPath,
  args: scriptArguments(fileURLToPath(new URL('serve.ts', import.meta.url))),
}

/** Where the clients of a test connect. */
export interface ServedStore {
  readonly options: ConnectOptions
  readonly location: StoreLocation
  readonly runtime: RuntimeDirectory
  /** Connects; starts a daemon if there is none. */
  client(more?: Partial<ConnectOptions>): Promise<Client>
  /** The process id of the daemon that is published now. */
  pid(): number | undefined
}

/** A store of its own; whatever daemon was started there is killed after the test. */
export function servedStore(
  t: TestContext,
  moreEnv: Readonly<Record<string, string>> = {},
): ServedStore {
  const clients: Client[] = []
  const pids = new Set<number>()
  let pid = (): number | undefined => undefined
  // Before the directories are removed, in which the daemon is found.
  t.after(async () => {
    for (const client of clients) await client.close()
    pid()
    for (const each of pids) killProcess(each)
  })
  const { location, env: runtimeEnv } = testPlace(t)
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...runtimeEnv, ...moreEnv }
  const runtime = locateRuntime({ storeDirectory: location.directory, env })
  pid = () => {
    const found = readDiscovery(runtime.discoveryPath)?.pid
    if (found !== undefined && found !== process.pid) pids.add(found)
    return found
  }
  const options: ConnectOptions = {
    client: { name: 'test' },
    store: location.directory,
    env,
    daemonCommand,
    timeoutMs: 60_000,
  }
  const client = async (more: Partial<ConnectOptions> = {}): Promise<Client> => {
    const connected = await connect({ ...options, ...more })
    clients.push(connected)
    pid()
    return connected
  }
  return { options, location, runtime, client, pid }
}

/** Ends a process as a crash would; one that is gone is fine. */
export function killProcess(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
