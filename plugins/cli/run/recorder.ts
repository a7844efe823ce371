/** Writes down what `orion run` does: before, in parallel with the command's start, and after its end. */
import type { z } from 'zod'
import type { Client } from '../../../sdk/client/client.ts'
import { type ConnectOptions, connect } from '../../../sdk/client/connect.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import type { JsonObject } from '../../../sdk/json.ts'
import type { Token } from '../../../sdk/model.ts'
import * as records from '../../../sdk/protocol/records.ts'
import { defined } from '../defined.ts'
import { type Job, resultIdOf } from './job.ts'
import { errorOf, metricsOf, type RunFacts, statusOf } from './run-outcome.ts'

/**
 * Records one run as an OrionActionLog and a JobResult.
 *
 * With a daemon it keeps one connection. In process it owns the store only while it writes, never while the command
 * runs. Nothing here may hold the command up: whoever waits, waits with a deadline.
 */
export class RunRecorder {
  readonly #job: Job
  readonly #options: ConnectOptions
  readonly #keepConnection: boolean
  #client: Client | undefined
  /** The record of the run once it is known to be written: its version, and its place in the log. */
  #log: { readonly version: number; readonly token: Token } | undefined

  constructor(job: Job, options: ConnectOptions) {
    this.#job = job
    this.#options = options
    this.#keepConnection = options.daemon !== 'in-process'
  }

  /**
   * Writes that the command runs. If it has ended by the time there is a connection, one write will do for both: then the
   * connection is kept for it. @throws what connecting and writing throw.
   */
  async started(signal: AbortSignal, stillRuns: () => boolean): Promise<void> {
    const client = await this.#connect(signal)
    if (!stillRuns()) return
    try {
      const cause = await this.#parentToken(client, signal)
      const params = { type: logType, id: this.#job.logId, data: this.#logData('PENDING') }
      const write = { ...params, ...defined({ cause }) }
      this.#log = await client.request(records.CreateRecord, write, { signal })
    } finally {
      if (!this.#keepConnection) await this.close()
    }
  }

  /** Writes how it ended, in one transaction. @throws what connecting and writing throw. */
  async ended(facts: RunFacts, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal)
    this.#log ??= await this.#writtenLog(client, signal)
    const cause = this.#log?.token ?? (await this.#parentToken(client, signal))
    for (let taken = 0; ; ) {
      const attempt = Math.max(taken, await this.#earlierResults(client, signal)) + 1
      const operations = this.#endOperations(facts, attempt)
      try {
        await client.request(records.Transact, { operations, ...defined({ cause }) }, { signal })
        return
      } catch (error) {
        // Another run of the same job has taken the number meanwhile.
        if (!isOrionError(error, 'conflict') || error.data.reason !== 'exists') throw error
        if (error.data.type !== undefined && error.data.type !== resultType) throw error
        taken = attempt
      }
    }
  }

  /** Lets go of the connection, if there still is one. */
  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  async #connect(signal: AbortSignal): Promise<Client> {
    this.#client ??= await connect({ ...this.#options, signal })
    return this.#client
  }

  /** The position of the surrounding run's record, if it has been written. */
  async #parentToken(client: Client, signal: AbortSignal) {
    const id = this.#job.parentLogId
    if (id === undefined) return undefined
    try {
      return (await client.request(records.GetRecord, { type: logType, id }, { signal })).token
    } catch (error) {
      if (isOrionError(error, 'not_found') || isOrionError(error, 'invalid_params'))
        return undefined
      throw error
    }
  }

  async #earlierResults(client: Client, signal: AbortSignal): Promise<number> {
    const { count } = await client.request(
      records.CountRecords,
      {
        type: resultType,
        where: { jobId: this.#job.jobId },
        lifecycle: ['active', 'archived', 'deleted'],
      },
      { signal },
    )
    return count
  }

  #endOperations(facts: RunFacts, attempt: number): Operations {
    const { jobId, runId, logId } = this.#job
    const resultId = resultIdOf(jobId, attempt)
    const status = statusOf(facts)
    const end = {
      status,
      durationMs: facts.durationMs,
      affectedIds: [resultId],
      ...defined({ error: errorOf(facts) }),
    }
    const data = {
      jobId,
      runId,
      attempt,
      status,
      outputArtifacts: facts.artifacts.map((artifact) => ({ ...artifact })),
      metrics: metricsOf(facts),
    }
    return [
      this.#log === undefined
        ? { op: 'create', type: logType, id: logId, data: { ...this.#logData(status), ...end } }
        : { op: 'update', type: logType, id: logId, expectedVersion: this.#log.version, set: end },
      { op: 'create', type: resultType, id: resultId, data },
    ]
  }

  /** The first record may have been written although its answer never came. */
  async #writtenLog(client: Client, signal: AbortSignal) {
    const keys = [{ type: logType, id: this.#job.logId }]
    const found = await client.request(records.GetManyRecords, { keys }, { signal })
    return found.records[0] ?? undefined
  }

  #logData(status: string): JsonObject {
    const { command, args, cwd, jobId, runId, traceId, parentLogId } = this.#job
    return {
      agentId: 'orion-run',
      traceId,
      actionType: 'run',
      status,
      parameters: {
        command,
        arguments: [...args],
        cwd,
        jobId,
        runId,
        ...defined({ parent: parentLogId }),
      },
    }
  }
}

type Operations = z.input<typeof records.Transact.params>['operations']

const logType = 'OrionActionLog'
const resultType = 'JobResult'
