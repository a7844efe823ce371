/** A real daemon that is started again and again on one store, and killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { locateRuntime } from '../../../sdk/launch/runtime-directory.ts'
import { locateStore } from '../../../sdk/launch/store-location.ts'
import { program } from '../../cli/orion-process.ts'

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
  const own = {
    ORION_RUNTIME_DIR: join(directory, 'run'),
    XDG_STATE_HOME: join(directory, 'state'),
  }
  const env = { ...process.env, ...settings, ...own }
  const location = locateStore({ store, cwd: directory, env: {} })
  const { discoveryPath } = locateRuntime({ storeDirectory: location.directory, env })
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
