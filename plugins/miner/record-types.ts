/** What the miner keeps of its own: which failure it has counted, and where. */
import { reference, text } from '../../sdk/field.ts'
import { defineRecordType } from '../../sdk/record-type.ts'

/** One failed action that was counted; its id is that of the action's log, so that none is counted twice. */
export const MinedFailure = defineRecordType('MinedFailure', {
  description:
    'One failed action, counted as of one kind. The miner’s own; its id is that of the action’s log.',
  fields: {
    // Weak: the log may be purged, and the count has to follow.
    log: reference('OrionActionLog', { weak: true, description: 'The log of the action.' }),
    kind: text({
      optional: true,
      description:
        'Id of the insight about failures of its kind; absent when it is no failure any more.',
    }),
  },
  indexes: [['kind', 'createdAt']],
})
