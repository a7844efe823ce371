/** The public names of the bundled record types. */
export {
  JobResult,
  OrionActionLog,
  OrionInsight,
  OrionPattern,
  orionRecordTypes,
  Proposal,
} from './record-types.ts'
