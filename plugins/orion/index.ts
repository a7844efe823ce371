/** The public names of the bundled record types, and of the questions that are asked about them. */

export { ActionLogs } from './action-logs.ts'
export { type InsightRecord, Insights, type NamedInsights } from './insights.ts'
export { type JobHealth, JobResults } from './job-results.ts'
export { type PatternRecord, Patterns } from './patterns.ts'
export { type ProposalQuery, type ProposalStatus, Proposals } from './proposals.ts'
export {
  JobResult,
  OrionActionLog,
  OrionInsight,
  OrionPattern,
  orionRecordTypes,
  Proposal,
} from './record-types.ts'
export type { PageOf } from './selection.ts'
