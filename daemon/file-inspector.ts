/**
 * Has a store's file inspected by a process of its own: reading every page of a large file would hold the event loop, and
 * a file that is damaged enough to stop its reader stops nobody else.
 */
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import {
  type DaemonCommand,
  daemonEnvironment,
  defaultDaemonCommand,
} from '../sdk/launch/daemon-command.ts'
import { messageOf } from '../sdk/launch/launch-error.ts'
import { damagedCopy } from './store/backups.ts'
import type { FileReport, InspectionDepth } from './store/inspect-file.ts'

/** Inspects a file that nobody writes to. */
export type InspectFile = (
  path: string,
  depth: InspectionDepth,
  signal?: AbortSignal,
) => Promise<FileReport>

/**
 * Makes an inspector that runs `orion serve --inspect FILE`.
 *
 * It rejects when the process can't be run or ends without a word, and with the signal's reason; what is wrong with the
 * file is its result.
 *
 * @param engine - Name of the engine that reads the file.
 * @param command - The program that serves; by default that of this installation, from its sources if these are running and
 *   `ORION_FROM_SOURCE` says nothing else.
 */
export function fileInspector(engine: string, command?: DaemonCommand): InspectFile {
  return async (path, depth, signal) => {
    signal?.throwIfAborted()
    const { command: program, args } = command ?? defaultDaemonCommand()
    const child = spawn(program, [...args, '--inspect', path, '--depth', depth], {
      env: {
        ...daemonEnvironment(process.env),
        ORION_ENGINE: engine,
        ...(fromSource && process.env.ORION_FROM_SOURCE === undefined
          ? { ORION_FROM_SOURCE: '1' }
          : {}),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    giveWay(child.pid)
    const abort = (): void => void child.kill('SIGKILL')
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const said = await new Promise<{ stdout: string; stderr: string; how: string }>(
        (resolve, reject) => {
          let [stdout, stderr] = ['', '']
          child.stdout.setEncoding('utf8').on('data', (text: string) => {
            stdout += text
          })
          child.stderr.setEncoding('utf8').on('data', (text: string) => {
            stderr = `${stderr}${text}`.slice(-2048)
          })
          child.once('error', reject)
          child.once('close', (code, killedBy) =>
            resolve({ stdout, stderr, how: killedBy ?? `status ${code}` }),
          )
        },
      )
      signal?.throwIfAborted()
      return parseReport(said.stdout, `${said.how} ${said.stderr.trim()}`)
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }
}

/**
 * Makes what looks at backups before they get their names. A system that lets us run no process does not keep anybody from
 * having backups: they are made all the same, and `onUnable` is told.
 */
export function copyVerifier(
  inspect: InspectFile,
  onUnable: (reason: string) => void,
): (path: string, signal?: AbortSignal) => Promise<void> {
  return async (path, signal) => {
    let report: FileReport
    try {
      report = await inspect(path, 'whole', signal)
    } catch (error) {
      signal?.throwIfAborted()
      onUnable(messageOf(error))
      return
    }
    const { problem, findings } = report
    const fault = problem ?? findings.find(({ level }) => level === 'fail')
    if (fault !== undefined) throw damagedCopy(fault.message)
  }
}

const fromSource = import.meta.url.endsWith('.ts')

/** Who serves comes first. */
function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, 10)
  } catch {
    // It has ended already, or the system does not let us.
  }
}

function parseReport(text: string, otherwise: string): FileReport {
  try {
    const report: FileReport = JSON.parse(text)
    return report
  } catch {
    throw new Error(`the file could not be inspected: ${otherwise}`)
  }
}
