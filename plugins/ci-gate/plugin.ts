/** The plugin: jobs of CI begin only while no rule speaks against it. */
import { z } from 'zod'
import { defineAction } from '../../sdk/plugin/action.ts'
import { definePlugin } from '../../sdk/plugin/define-plugin.ts'
import { beforeWrite } from '../../sdk/plugin/hook.ts'
import { JobResult } from '../orion/record-types.ts'
import { judge, ruleProblem } from './gate.ts'
import { CiPass, CiRule } from './record-types.ts'

const pass = defineAction('ci.pass', {
  description:
    'Lets a job of CI begin, unless jobs are failing that a rule names; then it is refused.',
  input: z.object({
    job: z.string().min(1).max(255).describe('The job, as its JobResult will call it.'),
    runId: z.string().min(1).max(255).optional().describe('The run, as CI calls it.'),
    commit: z.string().min(1).max(255).optional().describe('What it is about to use.'),
  }),
  types: [CiPass],
  // Whether it may begin is for the hook to say, so that nobody gets a pass past it.
  apply: ({ job, runId, commit }) => {
    const about = { ...(runId && { runId }), ...(commit && { commit }) }
    return [{ op: 'create', type: CiPass.name, data: { job, ...about } }]
  },
})

/** Keeps jobs from beginning while others fail. */
export const plugin = definePlugin({
  name: 'ci-gate',
  apiVersion: 1,
  version: '1.0.0',
  description: 'Keeps jobs of CI from beginning while jobs fail that a rule names.',
  scopes: { read: [JobResult.name] },
  recordTypes: [CiRule, CiPass],
  actions: [pass],
  hooks: [
    beforeWrite(CiPass, {
      operations: ['create', 'restore'],
      fail: 'closed',
      run: async ({ op, before, after }, context) => {
        const job = after?.job ?? before?.data.job
        if (job === undefined) return { refuse: 'expected a job', path: 'job' }
        const verdict = await judge(job, context)
        if (!verdict.passes) return { refuse: verdict.reason }
        return op === 'create' ? { set: { rules: [...verdict.rules] } } : undefined
      },
    }),
    beforeWrite(CiRule, { fail: 'closed', run: ({ after }) => ruleProblem(after ?? {}) }),
  ],
})
