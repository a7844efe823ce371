/** What the demonstration claims, each judged by the facts alone. */
import { isDeepStrictEqual } from 'node:util'
import type { CrashFacts, Facts } from './facts.ts'
import type { AnsweredWrite, SeenEvent } from './messages.ts'

/** A claim that was judged. */
export interface Claim {
  readonly claim: string
  readonly holds: boolean
  /** The facts behind it; if it does not hold, what is wrong. */
  readonly measured: string
}

/** Judges every claim, in the order of the story. A claim whose act did not come to its end does not hold. */
export function checkClaims(facts: Facts): Claim[] {
  return claims.map(({ claim, judge }) => {
    const finding = judge(facts)
    if (finding === undefined) return { claim, holds: false, measured: 'it did not come to that' }
    const wrong = finding.conditions.filter(([holds]) => !holds).map(([, expected]) => expected)
    return wrong.length === 0
      ? { claim, holds: true, measured: finding.measured }
      : { claim, holds: false, measured: `not so: ${wrong.join('; ')}` }
  })
}

/** What has to hold, in words, and what was measured. */
interface Finding {
  readonly conditions: readonly (readonly [holds: boolean, expected: string])[]
  readonly measured: string
}

interface ClaimRule {
  readonly claim: string
  readonly judge: (facts: Facts) => Finding | undefined
}

const claims: readonly ClaimRule[] = [
  {
    claim: 'One daemon serves a store that did not exist before',
    judge: ({ start }) =>
      start && {
        conditions: [
          [start.seq === 0 && start.records === 0, 'no event and no record in a new store'],
          [start.mode === 'daemon', 'a daemon with a process of its own'],
          [start.processes === 1, `one daemon, got ${start.processes}`],
        ],
        measured: `process ${start.pid}, ready after ${seconds(start.readyMs)}, ${start.recordTypes} record types, 0 events`,
      },
  },
  {
    claim: 'A command under orion run keeps its exit code and its output',
    judge: ({ job }) =>
      job && {
        conditions: [
          [job.tests.pass + job.tests.fail > 0, 'tests that ran'],
          [(job.exitCode === 0) === (job.tests.fail === 0), 'the exit code of the tests'],
          [job.recorded.metrics.exitCode === job.exitCode, 'the exit code as recorded'],
          [job.recorded.metrics.stdoutBytes === job.stdoutBytes, 'each byte of stdout'],
          [job.recorded.metrics.stderrBytes === job.stderrBytes, 'each byte of stderr'],
        ],
        measured: `${job.tests.pass} tests passed, ${job.tests.fail} failed; exit code ${job.exitCode}; ${job.stdoutBytes} bytes of output, counted on both sides`,
      },
  },
  {
    claim: 'What it did is on record: an action log and a job result, in one transaction',
    judge: ({ job }) => {
      if (job === undefined) return undefined
      const { recorded, exitCode, wallMs } = job
      const { durationMs = Number.POSITIVE_INFINITY } = recorded.metrics
      const status = statusOf(exitCode)
      return {
        conditions: [
          [recorded.status === status, `a result that says ${status}, got ${recorded.status}`],
          [recorded.logStatus === status, `a log that says ${status}, got ${recorded.logStatus}`],
          [recorded.transactions.length === 2, 'an event of the log and one of the result'],
          [new Set(recorded.transactions).size === 1, 'one transaction for both'],
          [durationMs >= 0 && durationMs <= wallMs, 'a duration within the measured one'],
        ],
        measured: `${recorded.status} after ${seconds(durationMs)}; its end is transaction #${recorded.transactions[0]} of the log`,
      }
    },
  },
  {
    claim: 'An agent heard of it by itself and wrote what follows from the numbers',
    judge: ({ insight }) =>
      insight && {
        conditions: [
          [insight.summary === insight.summaryExpected, 'a summary that the numbers give'],
          [insight.createdBy === 'agent:demo', 'a record by agent:demo'],
          [isDeepStrictEqual(insight.sources, [insight.resultId]), 'the result as its source'],
          [insight.cause === insight.resultToken, 'the event of the result as its cause'],
        ],
        measured: `“${insight.summary}”, by ${insight.createdBy}, caused by ${insight.resultId}`,
      },
  },
  {
    claim: 'It may do no more than it narrowed itself to',
    judge: ({ start, insight }) =>
      start &&
      insight && {
        conditions: [
          [sameSet(start.agentScopes, ['read', 'write']), 'two scopes'],
          [insight.refusedAs === 'forbidden', `forbidden, got ${insight.refusedAs}`],
          [insight.needs === 'admin', 'the scope that is missing'],
        ],
        measured: `it has the scopes ${start.agentScopes.join(' and ')}; its purge is ${insight.refusedAs}, which needs ${insight.needs}`,
      },
  },
  {
    claim: 'Of two writers at one version exactly one wins',
    judge: ({ race }) =>
      race && {
        conditions: [
          [race.winners.length === 1, `one winner, got ${race.winners.length}`],
          [race.losers.length === 1, `one loser, got ${race.losers.length}`],
          [isDeepStrictEqual(race.readVersions, [1, 1]), 'both at version 1'],
          [race.history.version === 2, 'the winner’s version 2 in the history'],
        ],
        measured: `both had read version 1; ${race.winners.join()} wrote version 2, ${race.losers.join()} wrote nothing`,
      },
  },
  {
    claim: 'The other is told who, when, which fields, and what is there now',
    judge: ({ race }) => {
      if (race === undefined) return undefined
      const { conflict, history, wonFields } = race
      return {
        conditions: [
          [conflict.reason === 'version', 'the reason'],
          [conflict.expectedVersion === 1, 'the version it expected'],
          [conflict.currentVersion === history.version, 'the version there is'],
          [conflict.changedBy === history.principal, 'who'],
          [conflict.changedBy === `script:${race.winners[0]}`, 'the winner as who'],
          [conflict.changedAt === history.at, 'when'],
          [sameSet(conflict.changedFields, history.changedFields), 'which fields'],
          [sameSet(conflict.changedFields, wonFields), 'the fields that the winner wrote'],
          [isDeepStrictEqual(conflict.current, history.current), 'what is there now'],
        ],
        measured: `${conflict.changedBy} at ${conflict.changedAt.slice(11, 23)}: ${conflict.changedFields.join(', ')}; the same as the history says`,
      }
    },
  },
  {
    claim: 'It decides again, and nobody’s change is lost',
    judge: ({ race }) =>
      race && {
        conditions: [
          [race.settledVersion === 3 && race.final.version === 3, 'version 3'],
          [race.final.tags.includes('triaged'), 'the tag of one of them'],
          [race.final.decayFactor === 0.1, 'the judgement of the other'],
        ],
        measured: `version ${race.final.version} has the changes of both`,
      },
  },
  {
    claim: 'Killed in the middle of writes, the daemon has exactly one successor',
    judge: ({ start, crash }) =>
      start &&
      crash && {
        conditions: [
          [crash.signalled, 'SIGKILL that reached the daemon'],
          [crash.killed.instanceId === start.instanceId, 'the death of the first daemon'],
          [
            crash.writers.every((answersBy) => Object.keys(answersBy).length === 2),
            'answers of both daemons to each writer',
          ],
          [crash.successor.pid !== crash.killed.pid, 'another process'],
          [crash.successor.storeId === start.storeId, 'the same store'],
          [crash.successor.epoch === start.epoch, 'the same unbroken log'],
          [new Set(crash.instanceIds).size === 1, 'one daemon for all clients'],
          [!crash.instanceIds.includes(crash.killed.instanceId), 'a new daemon'],
          [crash.daemons === 1, `one daemon, got ${crash.daemons}`],
        ],
        measured: `process ${crash.killed.pid}, then ${crash.successor.pid} for all of the clients, which started it themselves; the editor watched again after ${seconds(crash.awayMs)}`,
      },
  },
  {
    claim: 'Every answered write is there, and none twice',
    judge: ({ crash }) => {
      if (crash === undefined) return undefined
      const { missing, altered, unanswered, twice } = compareWrites(crash)
      return {
        conditions: [
          [crash.answered.length > 0, 'answered writes'],
          [missing.length === 0, `every answered write, ${missing.length} are missing`],
          [altered.length === 0, `what was answered, ${altered.length} are different`],
          [unanswered.length === 0, `only answered writes, got ${unanswered.length} others`],
          [twice.length === 0, `each write once, ${twice.length} were done twice`],
        ],
        measured: `${crash.answered.length} of ${crash.answered.length} compared, ${crash.answersBefore} of them from before the signal; ${crash.replayed} were repeated after a lost answer, without a second effect`,
      }
    },
  },
  {
    claim: 'The editor went on by its token: every event exactly once, in order',
    judge: ({ start, crash }) => {
      if (start === undefined || crash === undefined) return undefined
      const { lostAt, resumedFrom, before, after, log } = crash.watched
      const seen = [...before, ...after]
      const seqs = seen.map(({ seq }) => seq)
      return {
        conditions: [
          [lostAt !== undefined && resumedFrom === lostAt, 'the token it had seen last'],
          [before.length > 0 && after.length > 0, 'events from both daemons'],
          [seqs.every((seq, index) => seq === start.seq + index + 1), 'each seq once, in order'],
          [seen.length === log.length, `${log.length} events, got ${seen.length}`],
          [seen.every((event, index) => isSame(event, log[index])), 'the same events as the log'],
        ],
        measured: `#${seqs[0]} to #${seqs.at(-1)}: ${before.length} live, ${after.length} after the crash, no hole, none twice`,
      }
    },
  },
  {
    claim: 'Asked to end, the daemon ends and lets go of the store',
    judge: ({ end }) =>
      end && {
        conditions: [
          [end.processGone, 'a process that is gone'],
          [end.lockFree, 'a lock that is free'],
        ],
        measured: 'its process is gone, the lock is free',
      },
  },
]

/** What a new client finds, held against what was answered. */
export function compareWrites({ answered, found }: Pick<CrashFacts, 'answered' | 'found'>): {
  readonly missing: readonly AnsweredWrite[]
  readonly altered: readonly AnsweredWrite[]
  readonly unanswered: readonly AnsweredWrite[]
  readonly twice: readonly AnsweredWrite[]
} {
  const byPlace = new Map(found.map((write) => [placeOf(write), write]))
  const known = new Set(answered.map(placeOf))
  const contents = new Map<string, number>()
  for (const { content } of found) contents.set(content, (contents.get(content) ?? 0) + 1)
  return {
    missing: answered.filter((write) => !byPlace.has(placeOf(write))),
    altered: answered.filter((write) => {
      const there = byPlace.get(placeOf(write))
      return there !== undefined && !isDeepStrictEqual(there, write)
    }),
    unanswered: found.filter((write) => !known.has(placeOf(write))),
    twice: found.filter(({ content }) => (contents.get(content) ?? 0) > 1),
  }
}

/** As `orion run` says it records exit codes; the two are those of a command that can't be started. */
function statusOf(exitCode: number): string {
  if (exitCode === 126 || exitCode === 127) return 'BLOCKED'
  return exitCode === 0 ? 'SUCCESS' : 'FAILURE'
}

function placeOf({ record, version }: AnsweredWrite): string {
  return `${record} ${version}`
}

function isSame(seen: SeenEvent, logged: SeenEvent | undefined): boolean {
  return isDeepStrictEqual(seen, logged)
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return isDeepStrictEqual([...left].sort(), [...right].sort())
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
