/** Problems that zod found, as ours. */
import type { z } from 'zod'
import type { Issue } from './errors.ts'

/** Most unknown names of one object that are told. */
const namesMax = 20

/** One of zod's issues as ours: one for each name that is not known, up to a bound. */
export function issuesOf(issue: z.core.$ZodIssue): Issue[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, namesMax).map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      message: `there is no field ${JSON.stringify(key)}`,
    }))
  }
  return [{ path, message: issue.message }]
}
