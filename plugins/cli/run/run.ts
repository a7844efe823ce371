import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Action } from '../command.ts'
import type { Cli } from '../context.ts'
import type { RunFlags } from '../flags.ts'
import { parseWait } from '../parse-flags.ts'
import { collectArtifacts } from './artifacts.ts'
import { exitCodeOf, type RunningCommand, startCommand } from './child.ts'
import { errorTail } from './error-tail.ts'
import { type Job, jobEnvironment, nameJob } from './job.ts'
import { createMasker, type Masker } from './mask.ts'
import type { RunRecorder } from './recorder.ts'
import type { RunFacts } from './run-outcome.ts'
import { forwardSignals } from './signals.ts'

/**
 * `orion run`: runs a command, and records how it went.
 *
 * ```
 * start the command ──────────── it runs ─────────────> its end ── deliver output, artifacts ── write the end ── exit
 *        └── meanwhile: load the SDK, connect, write the start ──────────┘        (with a deadline)
 * ```
 *
 * Whatever goes wrong with the record is one line on stderr and changes neither the output nor the exit code.
 */
export const run: Action<RunFlags, string[]> = async (cli, flags, ...words) => {
  const masker = createMasker(cli.env)
  const job = nameJob({ words, jobId: flags.job, cwd: cli.cwd, env: cli.env, masker })
  const afterwards = new AbortController()
  let child: RunningCommand | undefined
  const signals = forwardSignals({ send: (signal) => child?.kill(signal), afterwards })
  const startedAt = performance.now()
  child = startCommand({
    command: words[0] ?? '',
    args: words.slice(1),
    env: childEnvironment(cli, flags, job),
  })
  const record = beginRecord(cli, flags, job)
  const outcome = await child.outcome
  const durationMs = Math.round(performance.now() - startedAt)
  signals.childEnded()
  record.commandEnded()
  const peakMemoryBytes = child.peakMemoryBytes()
  await child.delivered()
  if (outcome.how === 'unstartable') await say(cli, flags, outcome.message)
  await sayProblems(cli, flags, masker)
  const exitCode = exitCodeOf(outcome)
  try {
    const found = await findArtifacts(cli, flags, { signal: afterwards.signal, exitCode })
    const kept = child.errorOutput
    await record.finish(
      {
        outcome,
        stoppedBy: signals.stoppedBy,
        durationMs,
        peakMemoryBytes,
        sizes: child.sizes(),
        errorTail: kept === undefined ? undefined : errorTail(kept, masker),
        artifacts: found,
      },
      afterwards.signal,
    )
  } catch (error) {
    await say(cli, flags, `not recorded: ${await reasonOf(error, afterwards.signal)}`)
  }
  return exitCode
}

function childEnvironment(cli: Cli, { store }: RunFlags, job: Job): NodeJS.ProcessEnv {
  // What runs inside and is recorded belongs into the same store.
  const named = store === undefined ? {} : { ORION_STORE: resolve(cli.cwd, store) }
  return { ...cli.env, ...named, ...jobEnvironment(job) }
}

interface RecordUnderWay {
  /** The command has ended; a start that is not written yet need not be. */
  commandEnded(): void
  /** Writes the end. @throws when the run could not be recorded in time. */
  finish(facts: RunFacts, stop: AbortSignal): Promise<void>
}

/** Begins to write the start while the command starts; how that goes matters only to the end. */
function beginRecord(cli: Cli, flags: RunFlags, job: Job): RecordUnderWay {
  const startOver = new AbortController()
  let recorder: RunRecorder | undefined
  let ended = false
  const begun = (async (): Promise<void> => {
    recorder = await loadRecorder(cli, flags, job)
    if (!ended) await recorder.started(startOver.signal, () => !ended)
  })()
  // Told at the end, if the end can't be written either.
  begun.catch(() => {})
  return {
    commandEnded: () => {
      ended = true
    },
    finish: async (facts, stop) => {
      const deadline = deadlineAfter(deadlineOf(cli.env), stop)
      deadline.signal.addEventListener('abort', () => startOver.abort(), { once: true })
      const write = async (): Promise<void> => {
        await begun.catch(() => {})
        if (recorder === undefined) return await begun
        await recorder.ended(facts, deadline.signal)
        await recorder.close()
      }
      try {
        await Promise.race([write(), lateAfter(deadline.signal)])
      } catch (error) {
        // What ends because the time is over says no more than that, but for the launcher, which knows who is silent.
        const knowing = error instanceof Error && error.name === 'LaunchError'
        throw deadline.signal.aborted && !knowing ? deadline.signal.reason : error
      } finally {
        deadline.dispose()
      }
    },
  }
}

/** The SDK is loaded only when the command is under way. */
async function loadRecorder(cli: Cli, flags: RunFlags, job: Job): Promise<RunRecorder> {
  const { recorderOptions } = await import('./recorder-options.ts')
  const { RunRecorder } = await import('./recorder.ts')
  const { traceId } = job
  return new RunRecorder(
    job,
    await recorderOptions(cli, flags, { traceId, timeoutMs: deadlineOf(cli.env) }),
  )
}

/** How long the end may take to be written after the command's end. */
const deadlineDefaultMs = 15_000
/** A write that is under way is given a moment to say whether it stood. */
const lastWordMs = 500

function deadlineOf({ ORION_RUN_DEADLINE }: NodeJS.ProcessEnv): number {
  try {
    return ORION_RUN_DEADLINE ? parseWait(ORION_RUN_DEADLINE) : deadlineDefaultMs
  } catch {
    return deadlineDefaultMs // Not a span; a slip there must not break a build.
  }
}

/**
 * Aborts after a while, or when somebody asks for it. Held by a timer of its own: Node 20 may collect an
 * `AbortSignal.timeout` inside `AbortSignal.any` before its time, and never tell.
 */
function deadlineAfter(ms: number, stop: AbortSignal) {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new LateError()), ms)
  const onStop = (): void => controller.abort(stop.reason)
  stop.addEventListener('abort', onStop, { once: true })
  if (stop.aborted) onStop()
  return { signal: controller.signal, dispose: () => clearTimeout(timer) }
}

/** The store did not answer in time. */
class LateError extends Error {}

async function lateAfter(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  await sleep(lastWordMs)
  throw signal.reason
}

async function findArtifacts(
  cli: Cli,
  flags: RunFlags,
  { signal, exitCode }: { readonly signal: AbortSignal; readonly exitCode: number },
) {
  if (flags.artifact === undefined || flags.artifact.length === 0) return []
  const report = await collectArtifacts(flags.artifact, { cwd: cli.cwd, signal })
  // A command that failed seldom made all that it was to make; that says nothing new.
  if (exitCode === 0) for (const warning of report.warnings) await say(cli, flags, warning)
  return report.artifacts
}

async function sayProblems(cli: Cli, flags: RunFlags, { problems }: Masker): Promise<void> {
  if (problems.length === 0) return
  await say(cli, flags, `ORION_MASK: not understood and left out: ${problems.join(' ')}`)
}

/** One line on stderr, the only one that is ours. */
async function say(cli: Cli, { json }: RunFlags, message: string): Promise<void> {
  const line = message.replace(/\s*\n\s*/g, ' ')
  await cli.err.write(json ? `${JSON.stringify({ message: line })}\n` : `orion run: ${line}\n`)
}

async function reasonOf(error: unknown, stop: AbortSignal): Promise<string> {
  if (stop.aborted) return 'a signal asked to end at once'
  const { describeError } = await import('../told-error.ts')
  if (error instanceof LateError) {
    return 'the store did not answer in time (ORION_RUN_DEADLINE sets how long to wait)'
  }
  const { message, data } = describeError(error)
  return data.remedy === undefined ? message : `${message} (${data.remedy})`
}
