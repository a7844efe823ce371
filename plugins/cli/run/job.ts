/** What one `orion run` is called and where it belongs. */
import { createHash } from 'node:crypto'
import { idMaxBytes } from '../../../sdk/model.ts'
import { uuidV7 } from '../../../sdk/uuid-v7.ts'
import type { Masker } from './mask.ts'

/** One run: what is known of it before the command starts. Secrets are masked. */
export interface Job {
  readonly jobId: string
  readonly runId: string
  /** Id of the OrionActionLog of this run. */
  readonly logId: string
  /** Shared by a run and all that are started inside it. */
  readonly traceId: string
  /** Id of the OrionActionLog of the run that this one is started inside of. */
  readonly parentLogId: string | undefined
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
}

/** What a job is made from. */
export interface JobParts {
  readonly words: readonly string[]
  readonly jobId: string | undefined
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly masker: Masker
}

/** Names a run. Without a name of its own, the job is called by its command line, so the same one is the same job. */
export function nameJob({ words, jobId, cwd, env, masker }: JobParts): Job {
  const [command = '', ...args] = masker.list(words)
  return {
    jobId: jobId ?? cut([command, ...args].map(quoted).join(' ')),
    runId: uuidV7(),
    logId: uuidV7(),
    traceId: env[traceVariable] || uuidV7(),
    parentLogId: env[causeVariable] || undefined,
    command,
    args,
    cwd: masker.text(cwd),
  }
}

/** What a command learns about the run it is in, so that what it starts itself is recorded as part of it. */
export function jobEnvironment({ traceId, logId }: Job): Record<string, string> {
  return { [traceVariable]: traceId, [causeVariable]: logId }
}

/** The id of a job's result: readable, and different for each attempt, so that no two runs can take the same number. */
export function resultIdOf(jobId: string, attempt: number): string {
  const id = `${jobId.replace(/\p{Cc}/gu, ' ').toWellFormed()}#${attempt}`
  if (Buffer.byteLength(id) <= idMaxBytes) return id
  return `${createHash('sha256').update(jobId).digest('hex').slice(0, 40)}#${attempt}`
}

const traceVariable = 'ORION_TRACE_ID'
const causeVariable = 'ORION_CAUSE'
const jobIdMaxLength = 200

function cut(text: string): string {
  return text.length <= jobIdMaxLength ? text : `${text.slice(0, jobIdMaxLength).toWellFormed()}…`
}

/** As one would type it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
