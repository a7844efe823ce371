/** Commands about actions, proposals and simulations. */
import { command, globalFlags } from '../command.ts'
import { proposeProposals } from '../completion/proposals.ts'
import type { GlobalFlags } from '../context.ts'
import type {
  ApproveFlags,
  ApproverFlags,
  CreateProposalFlags,
  ProposalFlags,
  ProposalListFlags,
  RunActionFlags,
} from '../flags.ts'
import { parseDuration, parsePositive } from '../parse-flags.ts'

const text = (placeholder: string, brief: string) =>
  ({ kind: 'parsed', parse: String, optional: true, placeholder, brief }) as const
const positional = (placeholder: string, brief: string) =>
  ({ kind: 'tuple', parameters: [{ parse: String, placeholder, brief }] }) as const
const proposalId = {
  kind: 'tuple',
  parameters: [
    {
      parse: String,
      placeholder: 'ID',
      brief: 'The id of the proposal',
      proposeCompletions: proposeProposals,
    },
  ],
} as const
const yesOrNo = (brief: string) =>
  ({ kind: 'boolean', default: false, withNegated: false, brief }) as const

/** `orion action list` */
export const listActionsCommand = command<GlobalFlags>({
  brief: 'List the actions',
  parameters: { flags: globalFlags },
  load: async () => (await import('../actions/run-actions.ts')).listActions,
})

/** `orion action describe` */
export const describeActionCommand = command<GlobalFlags, [string]>({
  brief: 'Show what an action does and takes',
  parameters: { flags: globalFlags, positional: positional('ACTION', 'The name of the action') },
  load: async () => (await import('../actions/run-actions.ts')).describeAction,
})

/** `orion action run` */
export const runActionCommand = command<RunActionFlags, [string]>({
  brief: 'Carry an action out',
  about:
    'Carries an action out and logs it. One that others have to approve is proposed instead: exit 5, with the id of the proposal. A dangerous one needs --yes.',
  examples: [
    [
      `action run memory.save_insight --params '{"summary":"the cache is cold","domain":"build"}'`,
      'keep an insight',
    ],
    ['action run memory.use_pattern --params @use.json --dry-run', 'what that would do'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      params: text('JSON|@FILE|-', 'What it is given, as a JSON object'),
      reason: text('TEXT', 'Why; it stands with the change'),
      idempotencyKey: text('KEY', 'The same key again does nothing again'),
      dryRun: yesOrNo('Check and answer, and keep nothing'),
      yes: yesOrNo('Yes, although the action is dangerous'),
    },
    positional: positional('ACTION', 'The name of the action'),
  },
  load: async () => (await import('../actions/run-actions.ts')).runAction,
})

/** `orion simulate` */
export const simulateCommand = command<GlobalFlags, [string]>({
  brief: 'Show what operations or actions would do; nothing happens',
  about:
    'Takes a list of operations, or an object {operations, guards} or {actions: [{action, params}]}, and shows what would be created, updated and deleted. Nothing of it happens.',
  examples: [['simulate @plan.json', 'what the plan in a file would do']],
  parameters: { flags: globalFlags, positional: positional('JSON|@FILE|-', 'The plan, as JSON') },
  load: async () => (await import('../actions/run-actions.ts')).simulate,
})

/** `orion proposal create` */
export const createProposalCommand = command<CreateProposalFlags, [string]>({
  brief: 'Propose operations, or an action',
  about:
    'Takes a list of operations, or an object {operations, guards} or {action, params}. What would happen is fixed now: ids, and the versions it is based on. --submit hands it in at once.',
  examples: [
    ['proposal create @plan.json --reason "tidying up" --submit', 'propose what a file says'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      reason: text('TEXT', 'Why it should be done'),
      expires: {
        kind: 'parsed',
        parse: parseDuration,
        optional: true,
        placeholder: 'SPAN',
        brief: 'Void after a span such as 12h, if it was not carried out',
      },
      priority: {
        kind: 'enum',
        values: ['low', 'medium', 'high', 'critical'],
        optional: true,
        brief: 'How urgently a decision is wanted',
      },
      submit: yesOrNo('Hand it in at once'),
    },
    positional: positional('JSON|@FILE|-', 'What is proposed, as JSON'),
  },
  load: async () => (await import('../actions/proposals.ts')).createProposal,
})

/** `orion proposal list` */
export const listProposalsCommand = command<ProposalListFlags>({
  brief: 'List proposals, newest first; those that wait unless you ask for others',
  parameters: {
    flags: {
      ...globalFlags,
      status: text('STATE', 'Another state, or `all`'),
      limit: {
        kind: 'parsed',
        parse: parsePositive,
        optional: true,
        placeholder: 'N',
        brief: 'At most so many; 20 by default',
      },
    },
  },
  load: async () => (await import('../actions/proposals.ts')).listProposals,
})

/** `orion proposal show` */
export const showProposalCommand = command<GlobalFlags, [string]>({
  brief: 'Show a proposal and its reviews',
  parameters: { flags: globalFlags, positional: proposalId },
  load: async () => (await import('../actions/proposals.ts')).showProposal,
})

/** `orion proposal diff` */
export const diffProposalCommand = command<GlobalFlags, [string]>({
  brief: 'Show what a proposal would change now',
  parameters: { flags: globalFlags, positional: proposalId },
  load: async () => (await import('../actions/proposals.ts')).diffProposal,
})

const commentFlag = text('TEXT', 'What you have to say')

/** `orion proposal submit` */
export const submitProposalCommand = command<GlobalFlags, [string]>({
  brief: 'Hand a draft in for approval',
  parameters: { flags: globalFlags, positional: proposalId },
  load: async () => (await import('../actions/proposals.ts')).submitProposal,
})

/** `orion proposal approve` */
export const approveProposalCommand = command<ApproveFlags, [string]>({
  brief: 'Approve a proposal, after you have seen what it changes',
  about:
    'Shows what the proposal would change and asks on the terminal. Without a terminal it needs --digest, which names exactly what you have seen. Nobody approves his own proposal.',
  examples: [['proposal approve 0199f3c2-…', 'see it, and answer']],
  parameters: {
    flags: {
      ...globalFlags,
      comment: commentFlag,
      digest: text('DIGEST', 'The digest of what you approve; no question is asked'),
      keyFile: text('PATH', 'The approver’s key file, where approving needs one'),
    },
    positional: proposalId,
  },
  load: async () => (await import('../actions/approve.ts')).approveProposal,
})

/** `orion proposal reject` */
export const rejectProposalCommand = command<ProposalFlags, [string]>({
  brief: 'Reject a proposal, and say why',
  parameters: { flags: { ...globalFlags, comment: commentFlag }, positional: proposalId },
  load: async () => (await import('../actions/proposals.ts')).rejectProposal,
})

/** `orion proposal cancel` */
export const cancelProposalCommand = command<ProposalFlags, [string]>({
  brief: 'Take a proposal back',
  parameters: { flags: { ...globalFlags, comment: commentFlag }, positional: proposalId },
  load: async () => (await import('../actions/proposals.ts')).cancelProposal,
})

/** `orion proposal execute` */
export const executeProposalCommand = command<GlobalFlags, [string]>({
  brief: 'Carry out an approved proposal',
  parameters: { flags: globalFlags, positional: proposalId },
  load: async () => (await import('../actions/proposals.ts')).executeProposal,
})

/** `orion approver init` */
export const initApproverCommand = command<ApproverFlags>({
  brief: 'Make approving need a passphrase or a key file',
  about:
    'From then on every approval needs it, whoever approves. Keep it where agents can’t reach. Asks for a passphrase on the terminal, which is not shown, or takes a key file, which is made if it is not there.',
  examples: [['approver init --key-file ~/keys/orion', 'a key file; keep it out of agents’ reach']],
  parameters: {
    flags: {
      ...globalFlags,
      keyFile: text('PATH', 'The key file'),
      currentKeyFile: text('PATH', 'The present key file, to change it'),
      inProcess: yesOrNo('Open the store here if no daemon runs; needs no token'),
    },
  },
  load: async () => (await import('../actions/approve.ts')).initApprover,
})
