/** What `orion serve` runs: command line, signals, exit code. */
import { orionRecordTypes } from '../plugins/orion/record-types.ts'
import { openStartupReport, takeHandedDescriptors } from '../sdk/launch/startup-report.ts'
import { locateStore } from '../sdk/launch/store-location.ts'
import { parseCommandLine } from './command-line.ts'
import { type Config, loadConfig } from './config.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { onUncaught } from './lifecycle/last-resort.ts'
import { onTerminationSignal } from './lifecycle/signals.ts'
import { describeFailure } from './lifecycle/start-failure.ts'
import { takeOver } from './lifecycle/take-over.ts'
import { takeOwnership } from './lifecycle/take-ownership.ts'
import { type Log, openLog } from './log.ts'
import { serveStdio } from './serve-stdio.ts'
import { loadSqlJsEngine } from './store/engine/sqljs-engine.ts'

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
  const handed = takeHandedDescriptors(process.env)
  const report = openStartupReport(handed?.reportFd)
  let daemon: Daemon
  let config: Config
  let log: Log
  try {
    const location = locateStore({ store: args.store, cwd: process.cwd(), env: process.env })
    const limits = args.idleExitMs === undefined ? {} : { idleExitMs: args.idleExitMs }
    const { webSocket } = args
    const { directory: storeDirectory } = location
    config = loadConfig({ storeDirectory, env: process.env, limits, webSocket })
    log = openLog(2, config.logLevel)
    // Before the store is taken, because nobody serves it from then on until this one does.
    const engine = await loadSqlJsEngine()
    const lock = args.takeOver
      ? await takeOver({ location, env: process.env, force: args.force })
      : await takeOwnership(location, handed?.lockFds)
    daemon = await startDaemon({
      location,
      lock,
      engine,
      config,
      log,
      bundledTypes: orionRecordTypes.map(({ definition }) => definition),
      listen: args.stdio ? { on: 'none' } : { on: 'socket', env: process.env },
    })
  } catch (error) {
    const failure = describeFailure(error)
    report.failed(failure)
    return complain(`${failure.message}\n  what to do: ${failure.remedy}`, cannotStart)
  }
  let exitCode = 0
  const signals = onTerminationSignal((signal) => void daemon.close(`got ${signal}`))
  const uncaught = onUncaught(log, () => {
    exitCode = failed
    void daemon.close('an exception that nobody caught')
  })
  if (args.stdio) serveStdio(daemon, config.limits)
  report.ready()
  await daemon.ended
  signals.dispose()
  uncaught.dispose()
  return exitCode
}

/** Exit codes of the command line. */
const failed = 1
const wrongUsage = 2
const cannotStart = 6

function complain(message: string, exitCode: number): number {
  process.stderr.write(`orion serve: ${message}\n`)
  return exitCode
}
