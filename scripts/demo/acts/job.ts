import { JobResult, OrionActionLog } from '../../../plugins/orion/index.ts'
import { type Client, isJsonObject } from '../../../sdk/index.ts'
import { numbersOf } from '../describe-run.ts'
import type { JobFacts } from '../facts.ts'
import type { Production } from '../production.ts'
import { quickTests, runInCi } from '../quick-tests.ts'
import type { WatchingEditor } from '../watching-editor.ts'

const jobId = 'quick-tests'
/** The id of the first result of a job. */
export const resultId = `${jobId}#1`

/** A CI job runs this project's own quick tests under `orion run`. */
export async function job(production: Production, editor: WatchingEditor): Promise<JobFacts> {
  const { stage, place } = production
  stage.act('A CI job runs this project’s own quick tests under orion run')
  const command = quickTests.join(' ')
  stage.say('ci', `orion run --job ${jobId} -- ${command}`)
  const observed = await runInCi(quickTests, {
    place,
    jobId,
    onPassed: (tests) => stage.progress(`${tests} tests have passed so far …`),
    onStarted: (kill) => production.onDismiss(kill),
  })
  const { exitCode, wallMs, stdoutBytes, stderrBytes, tests } = observed
  stage.say('ci', `${tests.pass} tests passed, ${tests.fail} failed; exit code ${exitCode}`)
  if (exitCode !== 0) for (const line of observed.tail.split('\n')) stage.detail('output', line)
  const created = await editor.until(
    'the result of the job',
    ({ topic }) => topic === 'JobResult.created',
  )
  const logged = editor
    .eventsOf(() => true)
    .findLast(({ topic, seq }) => topic.startsWith('OrionActionLog.') && seq < created.seq)
  const recorded = await production.look(readRecorded)
  stage.detail('recorded', `${recorded.status}, ${metricsText(recorded.metrics)}`)
  return {
    command,
    exitCode,
    wallMs,
    stdoutBytes,
    stderrBytes,
    tests,
    recorded: { ...recorded, transactions: [logged?.txn ?? 0, created.txn] },
  }
}

async function readRecorded(client: Client): Promise<Omit<JobFacts['recorded'], 'transactions'>> {
  const { data: result } = await client.repository(JobResult).get(resultId)
  const { records } = await client.repository(OrionActionLog).list({
    where: { actionType: 'run' },
  })
  const log = records.find(
    ({ data: { parameters } }) => isJsonObject(parameters) && parameters.jobId === jobId,
  )
  return {
    status: result.status,
    metrics: numbersOf(result.metrics),
    logStatus: log?.data.status ?? 'nothing',
  }
}

function metricsText(metrics: { readonly [name: string]: number | undefined }): string {
  const { durationMs = 0, peakMemoryBytes, stdoutBytes } = metrics
  const memory =
    peakMemoryBytes === undefined ? [] : [`peak ${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`]
  return [`${(durationMs / 1000).toFixed(1)} s`, ...memory, `${stdoutBytes} bytes out`].join(', ')
}
