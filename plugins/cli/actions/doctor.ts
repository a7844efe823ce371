/** `orion doctor`: looks at everything around a store from outside, has its daemon look inside, and mends what is safe. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import type { Client } from '../../../sdk/client/client.ts'
import { connect } from '../../../sdk/client/connect.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import { readDiscovery } from '../../../sdk/launch/discovery-file.ts'
import { LaunchError, messageOf } from '../../../sdk/launch/launch-error.ts'
import { acquireOwnerLock, readOwnerNote } from '../../../sdk/launch/owner-lock.ts'
import { checkRuntime, locateRuntime } from '../../../sdk/launch/runtime-directory.ts'
import { locateStore, type StoreLocation } from '../../../sdk/launch/store-location.ts'
import { DaemonStatus } from '../../../sdk/protocol/daemon.ts'
import {
  CheckStore,
  type Finding,
  RestoreStore,
  SettleStore,
} from '../../../sdk/protocol/upkeep.ts'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import type { DoctorFlags } from '../flags.ts'
import { printResult, styleOf } from '../print.ts'
import { connectOptions } from '../store-client.ts'
import { UsageError } from '../usage-error.ts'

/** `orion doctor` */
export const doctor: Action<DoctorFlags, []> = async (cli, flags) => {
  if (flags.moved && flags.copied) throw new UsageError('--moved and --copied exclude each other')
  const location = locateStore({ store: flags.store, cwd: cli.cwd, env: cli.env })
  const findings: Finding[] = [versionFinding(cli), ...outside(cli, location)]
  const stopped = await stoppedOwner(location)
  if (stopped !== undefined) findings.push(stoppedFinding(stopped))
  else findings.push(...(await inside(cli, flags, location)))
  const sound = findings.every(({ level, repaired }) => level !== 'fail' || repaired !== undefined)
  await printResult(cli, flags, {
    value: { ok: sound, findings },
    people: async () =>
      (await import('../present/findings.ts')).findingsText(findings, styleOf(cli)),
  })
  return sound ? 0 : 1
}

function versionFinding(cli: Cli): Finding {
  const message = `Orion ${cli.version}, Node ${process.versions.node}, ${process.platform}`
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19))
    return { check: 'versions', level: 'ok', message }
  return { check: 'versions', level: 'fail', message, remedy: 'Use Node 20.19 or newer.' }
}

/** The store's place, its run-time directory and what is published there. */
function outside(cli: Cli, location: StoreLocation): Finding[] {
  const findings: Finding[] = [placeFinding(location)]
  try {
    const runtime = locateRuntime({ storeDirectory: location.directory, env: cli.env })
    const state = checkRuntime(runtime)
    const absent = 'not made yet: no daemon has run here since the last start of the machine'
    findings.push({
      check: 'run-time directory',
      level: 'ok',
      message: state === 'sound' ? `${runtime.directory} is yours alone` : absent,
    })
    const entry = state === 'sound' ? readDiscovery(runtime.discoveryPath) : undefined
    if (entry !== undefined && entry.storeDirectory !== location.directory) {
      findings.push({
        check: 'discovery file',
        level: 'warn',
        message: `${runtime.discoveryPath} is of ${entry.storeDirectory}`,
        remedy: 'Nothing to do: the next daemon replaces it.',
      })
    }
  } catch (error) {
    findings.push(failed('run-time directory', error))
  }
  return findings
}

function placeFinding({ directory, how }: StoreLocation): Finding {
  const check = 'place'
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    return { check, level: 'ok', message: `${directory} (found by ${how})` }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { check, level: 'ok', message: `${directory} is not there yet; it is made now` }
    }
    const message = `${directory} can't be used: ${messageOf(error)}`
    return { check, level: 'fail', message, remedy: 'Fix its owner and mode, or use --store.' }
  }
}

/** A stopped process holds its lock and answers nobody; asking it would take until the deadline. */
async function stoppedOwner({ lockPath }: StoreLocation): Promise<number | undefined> {
  const pid = readOwnerNote(lockPath)?.pid
  if (pid === undefined || !isStopped(pid)) return undefined
  // The note may be old, and the id somebody else's by now.
  const lock = await acquireOwnerLock(lockPath)
  lock?.release()
  return lock === undefined ? pid : undefined
}

function isStopped(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    return /^State:\s+[Tt]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false // It has ended.
  }
}

function stoppedFinding(pid: number): Finding {
  return {
    check: 'daemon',
    level: 'fail',
    message: `process ${pid}, which owns the store, is stopped (SIGSTOP)`,
    remedy: `Let it go on with \`kill -CONT ${pid}\`, or end it with \`kill -KILL ${pid}\`: nothing that was answered is lost.`,
  }
}

/** Has the daemon look at its store; starts one if there is none. */
async function inside(cli: Cli, flags: DoctorFlags, location: StoreLocation): Promise<Finding[]> {
  const before = readOwnerNote(location.lockPath)?.pid
  let client: Client | undefined
  const watch = watchForStop(location)
  try {
    client = await connect({
      ...connectOptions(cli, flags),
      maintenance: true,
      signal: watch.signal,
    })
    return await askDaemon(cli, flags, { client, before, signal: watch.signal })
  } catch (error) {
    return [watch.found ?? failed('daemon', error)]
  } finally {
    watch.dispose()
    await client?.close()
  }
}

/** Gives up what waits for the daemon when somebody stops it meanwhile. */
function watchForStop({ lockPath }: StoreLocation): {
  readonly signal: AbortSignal
  readonly found: Finding | undefined
  dispose(): void
} {
  const stop = new AbortController()
  let found: Finding | undefined
  const timer = setInterval(() => {
    const pid = readOwnerNote(lockPath)?.pid
    if (pid === undefined || !isStopped(pid)) return
    found = stoppedFinding(pid)
    stop.abort()
  }, 1000)
  return {
    signal: stop.signal,
    get found() {
      return found
    },
    dispose: () => clearInterval(timer),
  }
}

async function askDaemon(
  cli: Cli,
  flags: DoctorFlags,
  {
    client,
    before,
    signal,
  }: { readonly client: Client; readonly before: number | undefined; readonly signal: AbortSignal },
): Promise<Finding[]> {
  const findings: Finding[] = []
  if (flags.moved || flags.copied) findings.push(await settle(flags, client, signal))
  const status = await client.request(DaemonStatus, {}, { signal })
  const how = status.pid === before ? 'answers' : 'started to look at the store; it ends when idle'
  findings.push({ check: 'daemon', level: 'ok', message: `process ${status.pid} ${how}` })
  if (client.server.server.version !== cli.version) {
    findings.push({
      check: 'versions',
      level: 'warn',
      message: `the daemon is Orion ${client.server.server.version}, this is ${cli.version}`,
      remedy: '`orion handover` replaces it by one of this installation.',
    })
  }
  for (const { kind, message, remedy } of status.warnings) {
    if (kind !== 'store_unreadable')
      findings.push({ check: 'identity', level: 'warn', message, remedy })
  }
  const params = { repair: flags.repair }
  const timing = { timeoutMs: checkTimeoutMs, signal }
  const checked = await client.request(CheckStore, params, timing)
  const broken = checked.findings.some(
    ({ check, level }) => fromBackup.has(check) && level === 'fail',
  )
  if (!broken || !flags.repair) return [...findings, ...checked.findings]
  const { goodBackup } = checked
  if (goodBackup === undefined) return [...findings, ...checked.findings]
  if (!(await mayRestore(cli, flags, goodBackup))) {
    const remedy = 'Say so with --yes: what is there now is kept aside.'
    const message = `not restored from ${goodBackup.path}: nobody agreed`
    return [...findings, ...checked.findings, { check: 'restore', level: 'warn', message, remedy }]
  }
  const { kept } = await client.request(RestoreStore, { path: goodBackup.path }, timing)
  const repaired = `went back to ${goodBackup.path} in a new epoch; what was there is kept: ${kept}`
  const again = await client.request(CheckStore, {}, timing)
  return [
    ...findings,
    { check: 'restore', level: 'ok', message: 'the store was damaged', repaired },
    ...again.findings,
  ]
}

/** Says whether the store was moved or copied; when that can't be, the other checks go on all the same. */
async function settle(flags: DoctorFlags, client: Client, signal: AbortSignal): Promise<Finding> {
  const as = flags.moved ? 'moved' : 'copied'
  try {
    const { storeId } = await client.request(SettleStore, { as, force: flags.force }, { signal })
    return { check: 'identity', level: 'ok', message: `the store was ${as}: it is ${storeId}` }
  } catch (error) {
    return failed('identity', error)
  }
}

/** Faults that only an earlier state of the store mends. */
const fromBackup: ReadonlySet<string> = new Set([
  'integrity',
  'log',
  'record types',
  'records',
  'positions',
  'keys',
])

async function mayRestore(
  cli: Cli,
  flags: DoctorFlags,
  backup: { readonly path: string; readonly at: string },
): Promise<boolean> {
  if (flags.yes) return true
  if (flags.json || cli.stdin.isTTY !== true) return false
  const question = createInterface({ input: cli.stdin, output: process.stderr })
  try {
    const answer = await question.question(
      `The store is damaged. Go back to the backup of ${backup.at}? What was written since is only in the file that is kept aside. [y/N] `,
    )
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    question.close()
  }
}

function failed(check: string, error: unknown): Finding {
  const remedy =
    error instanceof LaunchError
      ? error.remedy
      : isOrionError(error)
        ? error.data.remedy
        : undefined
  const message = messageOf(error)
  return { check, level: 'fail', message, ...(remedy === undefined ? {} : { remedy }) }
}

const checkTimeoutMs = 60 * 60_000
