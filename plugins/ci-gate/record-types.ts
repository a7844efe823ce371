/** What the gate keeps: its rules, and the passes that it has let through. */
import { list, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

/** Which jobs must not be failing for others to begin. Its id is its name. */
export const CiRule = defineRecordType('CiRule', {
  description: 'Jobs that may begin only while others do not fail. Its id is its name.',
  fields: {
    gates: text({
      minLength: 1,
      maxLength: 255,
      description: 'The jobs that need a pass, such as `deploy-*`; `*` stands for any characters.',
    }),
    needs: list(text({ minLength: 1, maxLength: 255 }), {
      maxItems: 50,
      description: 'The jobs that must not be failing, such as `test-*`.',
    }),
    remedy: text({ optional: true, maxLength: 500, description: 'What to do when it says no.' }),
  },
})

/** A job may begin: there is none that is not let through by the rules. */
export const CiPass = defineRecordType('CiPass', {
  description: 'A job may begin: every rule about it was kept when the pass was written.',
  fields: {
    job: text({
      indexed: true,
      immutable: true,
      minLength: 1,
      maxLength: 255,
      description: 'The job, as its `JobResult` will call it.',
    }),
    runId: text({ optional: true, immutable: true, description: 'The run, as CI calls it.' }),
    commit: text({ optional: true, immutable: true, description: 'What it is about to use.' }),
    rules: list(text(), {
      default: [],
      immutable: true,
      description: 'The rules that were kept; whatever a writer says, the gate fills them in.',
    }),
  },
})
