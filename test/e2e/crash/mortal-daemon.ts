/** A real daemon that is started again and again on one store, and killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { readDiscovery } from '../../../sdk/launch/discovery-file.ts'
import { locateRuntime } from '../../../sdk/launch/runtime-directory.ts'
import { locateStore } from '../../../sdk/launch/store-location.ts'
import { type Ended, ended, isAlive, program, until } from '../../cli/orion-process.ts'
import { killProcess } from '../../support/served-store.ts'

/** One life. */
export interface Life {
  readonly pid: number
  /** Its socket, when it is published; undefined if it was killed before. */
  readonly socket: Promise<string | undefined>
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>
}

/** The store's directory, below a directory of the test's own. */
export function storeDirectory(directory: string): string {
  return join(directory, 'store')
}

/** Starts a daemon; does not wait for it. */
export function startLife(directory: string, settings: NodeJS.ProcessEnv = {}): Life {
  const store = storeDirectory(directory)
  const env = { ...environmentOf(directory), ...settings }
  const discoveryPath = discoveryOf(directory)
  const child = spawn(process.execPath, [program, 'serve', '--store', store], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = once(child, 'exit')
  let killed = false
  const kill = async (): Promise<void> => {
    killed = true
    child.kill('SIGKILL')
    await exited
  }
  const socket = published(child, discoveryPath).then((path) => {
    if (path === undefined && !killed) throw new Error(`the daemon did not start: ${stderr}`)
    return path
  })
  return { pid: child.pid ?? 0, socket, kill }
}

/** The daemon that is published and alive, whoever has started it. */
export function livingDaemon(directory: string): Life | undefined {
  const found = readDiscovery(discoveryOf(directory))
  if (found === undefined || !isAlive(found.pid)) return undefined
  const { pid, socket } = found
  const kill = async (): Promise<void> => {
    killProcess(pid)
    await until(() => !isAlive(pid))
  }
  return { pid, socket: Promise.resolve(socket), kill }
}

/** Runs the program on the store. */
export function startProgram(
  directory: string,
  args: readonly string[],
): { kill(): void; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [program, ...args, '--store', storeDirectory(directory)], {
    env: environmentOf(directory),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { kill: () => void child.kill('SIGKILL'), ended: ended(child) }
}

function environmentOf(directory: string): NodeJS.ProcessEnv {
  const own = {
    ORION_RUNTIME_DIR: join(directory, 'run'),
    XDG_STATE_HOME: join(directory, 'state'),
  }
  return { ...process.env, ...own }
}

function discoveryOf(directory: string): string {
  const location = locateStore({ store: storeDirectory(directory), cwd: directory, env: {} })
  const env = environmentOf(directory)
  return locateRuntime({ storeDirectory: location.directory, env }).discoveryPath
}

const discovery = z.object({ pid: z.int(), socket: z.string() })

/** The file of a daemon that was killed lies there until the next one replaces it. */
async function published(child: ChildProcess, path: string): Promise<string | undefined> {
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const { pid, socket } = discovery.parse(JSON.parse(readFileSync(path, 'utf8')))
      if (pid === child.pid) return socket
    } catch {
      // Nothing is published yet.
    }
    await sleep(10)
  }
  return undefined
}
