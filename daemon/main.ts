/** What `orion serve` runs: command line, signals, exit code. */
import { orionActions } from '../plugins/orion/actions.ts'
import { orionRecordTypes } from '../plugins/orion/record-types.ts'
import { openStartupReport, takeHandedDescriptors } from '../sdk/launch/startup-report.ts'
import { locateState } from '../sdk/launch/state-directory.ts'
import { locateStore } from '../sdk/launch/store-location.ts'
import { loadChosenEngine } from './chosen-engine.ts'
import { systemClock } from './clock.ts'
import { type DaemonArguments, parseCommandLine } from './command-line.ts'
import { loadConfig } from './config.ts'
import { type DaemonOptions, startDaemon } from './daemon.ts'
import { type DaemonLives, startLives } from './daemon-lives.ts'
import { onUncaught } from './lifecycle/last-resort.ts'
import { onTerminationSignal } from './lifecycle/signals.ts'
import { describeFailure } from './lifecycle/start-failure.ts'
import { takeOver } from './lifecycle/take-over.ts'
import { takeOwnership } from './lifecycle/take-ownership.ts'
import { openLog } from './log.ts'
import { serveStdio } from './serve-stdio.ts'
import { engineNames } from './store/engine/load-engine.ts'
import { inspectFile } from './store/inspect-file.ts'

/**
 * Serves a store until it is told to end:
 * `[--store DIR] [--stdio] [--foreground] [--idle-exit-ms N] [--take-over [--force]]`.
 *
 * A starter hands the lock and a pipe for one word about the start on, through `ORION_HANDED_FDS`. A daemon that was
 * started by hand takes the lock itself and stays in the foreground.
 *
 * @returns The exit code: 0 after a clean end, 1 after a bug, 2 for a wrong command line, 6 when it could not start.
 */
export async function runDaemon(argv: readonly string[]): Promise<number> {
  const args = parseCommandLine(argv)
  if (typeof args === 'string') return complain(args, wrongUsage)
  if (args.inspect !== undefined) return await printReport(args.inspect)
  const handed = takeHandedDescriptors(process.env)
  const report = openStartupReport(handed?.reportFd)
  let options: DaemonOptions
  let lives: DaemonLives
  try {
    options = await optionsOf(args, handed?.lockFds)
    lives = await startLives((lock) => startDaemon({ ...options, lock }), options.lock)
  } catch (error) {
    const failure = describeFailure(error)
    report.failed(failure)
    return complain(`${failure.message}\n  what to do: ${failure.remedy}`, cannotStart)
  }
  let exitCode = 0
  const signals = onTerminationSignal((signal) => lives.close(`got ${signal}`))
  const uncaught = onUncaught(options.log, () => {
    exitCode = failed
    lives.close('an exception that nobody caught')
  })
  if (args.stdio) serveStdio(lives.first, options.config.limits)
  report.ready()
  await lives.ended.catch((error: unknown) => {
    exitCode = complain(describeFailure(error).message, cannotStart)
  })
  signals.dispose()
  uncaught.dispose()
  return exitCode
}

async function optionsOf(
  args: DaemonArguments,
  handedLockFds: readonly number[] | undefined,
): Promise<DaemonOptions> {
  const { env } = process
  const location = locateStore({ store: args.store, cwd: process.cwd(), env })
  const limits = args.idleExitMs === undefined ? {} : { idleExitMs: args.idleExitMs }
  const { webSocket } = args
  const { directory: storeDirectory } = location
  const config = loadConfig({ storeDirectory, env, limits, webSocket })
  const log = openLog(2, config.logLevel)
  // Before the store is taken, because nobody serves it from then on until this one does.
  const engine = await loadChosenEngine(config.engine)
  const lock = args.takeOver
    ? await takeOver({ location, env, force: args.force })
    : await takeOwnership(location, handedLockFds)
  return {
    location,
    lock,
    engine,
    config,
    log,
    actions: orionActions,
    bundledTypes: orionRecordTypes.map(({ definition }) => definition),
    stateDirectory: locateState(env),
    listen: args.stdio ? { on: 'none' } : { on: 'socket', env },
  }
}

/** What the daemon's own upkeep asks of a process of its own: one line of JSON about a file. */
async function printReport({
  path,
  depth,
}: NonNullable<DaemonArguments['inspect']>): Promise<number> {
  const nowMicros = systemClock.nowMicros()
  // The daemon that asks says which engine it runs on: another may lack what its own put into the file.
  const name = engineNames.find((one) => one === process.env.ORION_ENGINE) ?? engineNames[0]
  const report = inspectFile(await loadChosenEngine(name), path, { depth, nowMicros })
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(report)}\n`, resolve))
  return 0
}

/** Exit codes of the command line. */
const failed = 1
const wrongUsage = 2
const cannotStart = 6

function complain(message: string, exitCode: number): number {
  process.stderr.write(`orion serve: ${message}\n`)
  return exitCode
}
