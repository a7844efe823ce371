import { command, globalFlags } from '../command.ts'
import { proposeTopics } from '../completion/proposals.ts'
import type { NewsFlags } from '../flags.ts'

/** `orion news` */
export const newsCommand = command<NewsFlags, string[]>({
  brief: 'Tell what happened since the last time, or nothing',
  about:
    'Tells the events since it was called last with the same --as, and prints nothing when there are none. The first call only sets the mark. With --hook it reads what an agent program hands to its hooks and answers as that program wants it: see docs/agents.md.',
  examples: [
    ['news', 'everything since the last call'],
    ["news 'Proposal.*' --as reviewer", 'with a mark of its own'],
    ['news --hook --as my-agent --but agent:my-agent', 'as the command of a hook'],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      as: {
        kind: 'parsed',
        parse: String,
        default: 'cli',
        placeholder: 'NAME',
        brief: 'Whose last call counts',
      },
      but: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'PRINCIPAL',
        brief: 'Leave out what this one did; `agent:x*` for all that begin so',
      },
      hook: { kind: 'boolean', default: false, brief: 'Answer the hook of an agent program' },
    },
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        placeholder: 'PATTERN',
        brief: "Glob over topics, such as 'Proposal.*'; else all",
        proposeCompletions: proposeTopics,
      },
    },
  },
  load: async () => (await import('../actions/news.ts')).news,
})
