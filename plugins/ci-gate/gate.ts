/** Whether a job may begin. */
import type { Record } from '../../sdk/model.ts'
import type { HookContext } from '../../sdk/plugin/plugin-context.ts'
import type { RecordData } from '../../sdk/record-type.ts'
import { fitsPattern } from './job-pattern.ts'
import { openFailures, type Result } from './open-failures.ts'
import { CiRule } from './record-types.ts'

type Rule = Record<RecordData<typeof CiRule>>

/** What the rules say of a job: those that were kept, or why it may not begin. */
export type Verdict =
  | { readonly passes: true; readonly rules: readonly string[] }
  | { readonly passes: false; readonly reason: string }

/** Most rules of a store. */
export const rulesMax = 1000

/** Holds all rules about a job against the jobs that are failing. */
export async function judge(job: string, context: Pick<HookContext, 'list'>): Promise<Verdict> {
  const all = await context.list(CiRule, { orderBy: [{ field: 'id' }], limit: rulesMax })
  const rules = all.filter(({ data }) => fitsPattern(data.gates, job))
  const broken: string[] = []
  for (const rule of rules) {
    const failures = await failuresAgainst(rule, job, context)
    if (failures.length > 0) broken.push(reasonOf(rule, failures))
  }
  if (broken.length === 0) return { passes: true, rules: rules.map(({ id }) => id) }
  return { passes: false, reason: `${job} may not begin. ${broken.join(' ')}` }
}

/** A job does not stand in its own way: its next run may be what mends it. */
async function failuresAgainst(
  { data }: Rule,
  job: string,
  context: Pick<HookContext, 'list'>,
): Promise<readonly Result[]> {
  const failures = new Map<string, Result>()
  for (const pattern of data.needs) {
    for (const failure of await openFailures(pattern, context)) {
      if (failure.data.jobId !== job) failures.set(failure.data.jobId, failure)
    }
  }
  return [...failures.values()]
}

function reasonOf({ id, data }: Rule, failures: readonly Result[]): string {
  const named = failures.slice(0, namedMax).map(failureText)
  const more = failures.length - named.length
  if (more > 0) named.push(`${more} more`)
  const remedy = data.remedy === undefined ? '' : ` ${data.remedy}`
  return `Rule ${id}: ${named.join(', ')}.${remedy}`
}

const namedMax = 5

function failureText({ id, data, createdAt }: Result): string {
  const how = data.status === 'BLOCKED' ? 'was blocked' : 'failed'
  const run = data.runId === undefined ? '' : ` in run ${data.runId}`
  return `${data.jobId} ${how}${run} at ${createdAt.slice(0, 16)}Z (JobResult ${id})`
}

/** What is wrong with a rule, if anything; undefined for a field that says nothing about itself. */
export function ruleProblem({
  gates,
  needs,
}: Partial<RecordData<typeof CiRule>>):
  | { readonly path: string; readonly refuse: string }
  | undefined {
  if (needs?.length === 0) return { path: 'needs', refuse: 'expected a job at least' }
  for (const pattern of needs ?? []) {
    if (pattern.trim() !== pattern) {
      return { path: 'needs', refuse: `expected no space around ${JSON.stringify(pattern)}` }
    }
    if (pattern === gates) {
      return { path: 'needs', refuse: `${pattern} can’t wait for itself: name other jobs` }
    }
  }
  if (gates === undefined || gates.trim() === gates) return undefined
  return { path: 'gates', refuse: `expected no space around ${JSON.stringify(gates)}` }
}
