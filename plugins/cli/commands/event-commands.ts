/** Commands about events. */
import { command, globalFlags } from '../command.ts'
import { proposeTopics } from '../completion/proposals.ts'
import type { EventsFlags, PublishFlags, WaitFlags, WatchFlags } from '../flags.ts'
import { parseWait } from '../parse-flags.ts'
import { idempotencyKeyFlag, limitFlag, reasonFlag } from './record-arguments.ts'

const patternArgument = {
  parse: String,
  placeholder: 'PATTERN',
  brief: "Glob over topics, such as 'OrionInsight.*' or '*'",
  proposeCompletions: proposeTopics,
} as const

const tokenFlag = { kind: 'parsed', parse: String, optional: true, placeholder: 'TOKEN' } as const

const whereFlag = {
  kind: 'parsed',
  parse: String,
  optional: true,
  placeholder: 'JSON',
  brief: 'Only events of records that fit; the patterns must then be of one record type',
} as const

/** `orion watch` */
export const watchCommand = command<WatchFlags, string[]>({
  brief: 'Show events as they happen',
  about:
    'Shows the events of some patterns, one a line, as they happen, until Ctrl-C. Goes on where it was after a restart of the daemon: no event is missed, none comes twice. With `--from snapshot` the records there are come first, each as an event marked `synthetic`, whatever their lifecycle.',
  examples: [
    ["watch '*'", 'everything'],
    ["watch 'JobResult.*' 'Proposal.*' --json", 'as JSON Lines'],
    ["watch '*' --from o1.k3f9.a41c.1207", 'after a position that an answer or an event gave'],
    [
      `watch 'JobResult.*' --from snapshot --where '{"status":"FAILURE"}'`,
      'the failures there are, then each that comes, and each that is one no more',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      from: { ...tokenFlag, brief: '`now` (default), `snapshot`, or a token' },
      where: whereFlag,
    },
    positional: { kind: 'array', parameter: patternArgument, minimum: 1 },
  },
  load: async () => (await import('../actions/watch.ts')).watch,
})

/** `orion events` */
export const eventsCommand = command<EventsFlags, string[]>({
  brief: 'Show events that have happened',
  about: 'Shows events of the log, oldest first, from the oldest that is kept or after a token.',
  examples: [
    ['events --limit 20', 'the first twenty that are kept'],
    [
      "events 'OrionInsight.*' --after o1.k3f9.a41c.1207 --wait 30s",
      'newer ones; waits for the first',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      after: { ...tokenFlag, brief: 'Only events after this token' },
      limit: limitFlag,
      wait: {
        kind: 'parsed',
        parse: parseWait,
        optional: true,
        placeholder: 'SPAN',
        brief: 'Wait so long for the first one, at most 60s',
      },
    },
    positional: { kind: 'array', parameter: patternArgument },
  },
  load: async () => (await import('../actions/events.ts')).listEvents,
})

/** `orion publish` */
export const publishCommand = command<PublishFlags, [string]>({
  brief: 'Put an event of your own into the log',
  examples: [[`publish Build.finished --payload '{"ok":true}'`, 'whoever watches Build.* is told']],
  parameters: {
    flags: {
      ...globalFlags,
      payload: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'JSON|@FILE|-',
        brief: 'What to tell, as JSON',
      },
      reason: reasonFlag,
      idempotencyKey: idempotencyKeyFlag,
    },
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          placeholder: 'TOPIC',
          brief: 'Such as Build.finished; not of a record type',
        },
      ],
    },
  },
  load: async () => (await import('../actions/events.ts')).publish,
})

/** `orion wait` */
export const waitCommand = command<WaitFlags, [string]>({
  brief: 'Wait for the first event that fits',
  about:
    'Waits for the first event of a pattern, prints it and ends; exits with 7 when the time runs out. Give the token of your last answer as --after, so that nothing can happen in between.',
  examples: [
    [
      'wait \'JobResult.created\' --where \'{"jobId":"test"}\' --timeout 10m',
      'until the job has a result',
    ],
  ],
  parameters: {
    flags: {
      ...globalFlags,
      where: whereFlag,
      after: { ...tokenFlag, brief: 'Also events between this token and now' },
      timeout: {
        kind: 'parsed',
        parse: parseWait,
        default: '10m',
        placeholder: 'SPAN',
        brief: 'How long to wait',
      },
    },
    positional: { kind: 'tuple', parameters: [patternArgument] },
  },
  load: async () => (await import('../actions/wait.ts')).wait,
})
