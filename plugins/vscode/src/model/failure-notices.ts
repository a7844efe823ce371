/** Which failures are told, and how. */
import { counted } from './instants.ts'
import { isSuccess, type JobRun, type JobState } from './job-board.ts'
import { outcome } from './job-rows.ts'
import { plainLine } from './visible-text.ts'

/** Which ends of jobs somebody wants to be told of. */
export interface FailureWish {
  readonly failures: 'failing' | 'every' | 'off'
  /** Globs; all jobs when empty. */
  readonly jobs: readonly string[]
}

/** The failures to tell of: as wished, and of each job the newest. */
export function failuresToTell(
  fresh: readonly JobRun[],
  jobs: readonly JobState[],
  wish: FailureWish,
): JobRun[] {
  if (wish.failures === 'off') return []
  const byName = new Map(jobs.map((job) => [job.jobId, job]))
  const told = new Map<string, JobRun>()
  for (const run of fresh) {
    if (told.has(run.jobId) || !fitsGlobs(run.jobId, wish.jobs)) continue
    const job = byName.get(run.jobId)
    // It has succeeded again since: there is nothing to look after.
    if (job === undefined || !job.isFailing) continue
    if (wish.failures === 'failing' && hadFailedBefore(job, fresh)) continue
    told.set(run.jobId, run)
  }
  return [...told.values()]
}

/** One notification for any number of failures. */
export function failureText(failures: readonly JobRun[], store?: string): string {
  const where = store === undefined ? '' : `${plainLine(store, 40)}: `
  const [first, ...others] = failures
  if (first === undefined) return ''
  if (others.length === 0) return `${where}${plainLine(first.jobId, 80)} ${outcome(first)}.`
  const names = failures.slice(0, namesMax).map(({ jobId }) => plainLine(jobId, 50))
  const rest = failures.length - names.length
  const last = rest > 0 ? [`${rest} more`] : []
  return `${where}${counted(failures.length, 'job')} failed: ${[...names, ...last].join(', ')}.`
}

/**
 * Collects what is to be told and lets it out at most once an interval: the first at once, what comes meanwhile together. It
 * holds so many, and of the rest their number.
 */
export class NoticeGate<T> {
  readonly #max: number
  #items: T[] = []
  #dropped = 0
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(max = noticesMax) {
    this.#max = max
  }

  /** Whether something waits. */
  get isWaiting(): boolean {
    return this.#items.length > 0
  }

  /** Takes what is to be told. */
  add(items: readonly T[]): void {
    for (const item of items) {
      if (this.#items.length < this.#max) this.#items.push(item)
      else this.#dropped++
    }
  }

  /** How long to wait until it may be told, in milliseconds; 0 for now. */
  waitMs(now: number, everyMs: number): number {
    return Math.max(0, this.#lastMs + everyMs - now)
  }

  /** Everything that waits; the gate is closed for an interval. */
  take(now: number): { readonly items: readonly T[]; readonly dropped: number } {
    const taken = { items: this.#items, dropped: this.#dropped }
    this.#items = []
    this.#dropped = 0
    if (taken.items.length > 0) this.#lastMs = now
    return taken
  }
}

/** Most notices that wait. */
const noticesMax = 100
const namesMax = 3

/** Whether the job was failing already when the first of the fresh results came. */
function hadFailedBefore({ runs }: JobState, fresh: readonly JobRun[]): boolean {
  const succeeded = runs.findIndex(isSuccess)
  const streak = succeeded < 0 ? runs : runs.slice(0, succeeded)
  const began = streak.at(-1)
  return !fresh.some(({ id }) => id === began?.id)
}

function fitsGlobs(name: string, globs: readonly string[]): boolean {
  return globs.length === 0 || globs.some((glob) => fitsGlob(name, glob))
}

/** `*` stands for anything. Goes through name and glob once, whatever they are: no pattern makes it slow. */
function fitsGlob(name: string, glob: string): boolean {
  const [first = '', ...parts] = glob.split('*')
  if (parts.length === 0) return name === glob
  if (!name.startsWith(first)) return false
  const last = parts.pop() ?? ''
  let at = first.length
  for (const part of parts) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
