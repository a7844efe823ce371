/** The claims of the demonstration: true facts prove all of them, and each falsehood is noticed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkClaims } from '../../scripts/demo/claims.ts'
import type {
  CrashFacts,
  EndFacts,
  Facts,
  InsightFacts,
  JobFacts,
  RaceFacts,
  StartFacts,
} from '../../scripts/demo/facts.ts'
import type { AnsweredWrite, SeenEvent } from '../../scripts/demo/messages.ts'

const start: StartFacts = {
  pid: 100,
  readyMs: 800,
  mode: 'daemon',
  storeId: 'store',
  epoch: 'epoch',
  instanceId: 'first',
  seq: 0,
  records: 0,
  recordTypes: 5,
  processes: 1,
  agentScopes: ['write', 'read'],
}

const job: JobFacts = {
  command: 'npm run test:quick',
  exitCode: 0,
  wallMs: 5000,
  stdoutBytes: 1234,
  stderrBytes: 0,
  tests: { pass: 12, fail: 0 },
  recorded: {
    status: 'SUCCESS',
    metrics: { exitCode: 0, durationMs: 4000, stdoutBytes: 1234, stderrBytes: 0 },
    logStatus: 'SUCCESS',
    transactions: [2, 2],
  },
}

const insight: InsightFacts = {
  id: 'insight',
  summary: 'quick-tests: SUCCESS in 4.0 s',
  summaryExpected: 'quick-tests: SUCCESS in 4.0 s',
  createdBy: 'agent:demo',
  sources: ['quick-tests#1'],
  resultId: 'quick-tests#1',
  cause: 'token-3',
  resultToken: 'token-3',
  refusedAs: 'forbidden',
  needs: 'admin',
}

const race: RaceFacts = {
  readVersions: [1, 1],
  winners: ['triage'],
  losers: ['review'],
  wonFields: ['tags'],
  conflict: {
    reason: 'version',
    expectedVersion: 1,
    currentVersion: 2,
    changedBy: 'script:triage',
    changedAt: '2026-11-22T09:30:12.482913Z',
    changedFields: ['tags'],
    current: { tags: ['triaged'] },
  },
  history: {
    version: 2,
    principal: 'script:triage',
    at: '2026-11-22T09:30:12.482913Z',
    changedFields: ['tags'],
    current: { tags: ['triaged'] },
  },
  settledVersion: 3,
  final: { version: 3, tags: ['triaged'], decayFactor: 0.1 },
}

const eventAt = (seq: number): SeenEvent => ({
  seq,
  txn: seq,
  topic: 'OrionActionLog.created',
  id: `record-${seq}`,
  version: 1,
  token: `token-${seq}`,
  at: '2026-11-22T09:30:12.482913Z',
  actor: { principal: 'script:triage', client: 'demo-writer/1.0.0' },
})
const [event1, event2, event3, event4] = [eventAt(1), eventAt(2), eventAt(3), eventAt(4)]

const writeOf = (number: number): AnsweredWrite => ({
  record: `OrionActionLog/record-${number}`,
  version: 1,
  token: `token-${number}`,
  content: `script:triage ${number}`,
})
const [write1, write2, write3] = [writeOf(1), writeOf(2), writeOf(3)]
const writes = [write1, write2, write3]

const crash: CrashFacts = {
  signalled: true,
  killed: { pid: 100, instanceId: 'first' },
  answersBefore: 2,
  writers: [
    { first: 30, second: 30 },
    { first: 31, second: 30 },
  ],
  replayed: 1,
  awayMs: 900,
  successor: { pid: 101, storeId: 'store', epoch: 'epoch' },
  instanceIds: ['second', 'second', 'second'],
  daemons: 1,
  answered: writes,
  found: writes,
  watched: {
    lostAt: 'token-2',
    resumedFrom: 'token-2',
    before: [event1, event2],
    after: [event3, event4],
    log: [event1, event2, event3, event4],
  },
}

const end: EndFacts = { processGone: true, lockFree: true }
const facts: Required<Facts> = { start, job, insight, race, crash, end }

test('every claim holds for facts that prove it', () => {
  const claims = checkClaims(facts)
  assert.equal(claims.length, 12)
  for (const { claim, holds, measured } of claims) assert.ok(holds, `${claim}: ${measured}`)
})

test('no claim holds when nothing was measured', () => {
  assert.deepEqual(
    checkClaims({}).filter(({ holds }) => holds),
    [],
  )
})

const watching = (watched: Partial<CrashFacts['watched']>): Facts => ({
  crash: { ...crash, watched: { ...crash.watched, ...watched } },
})
const recorded = (more: Partial<JobFacts['recorded']>): Facts => ({
  job: { ...job, recorded: { ...job.recorded, ...more } },
})
const told = (more: Partial<RaceFacts['conflict']>): Facts => ({
  race: { ...race, conflict: { ...race.conflict, ...more } },
})

const neverStarted: Facts = {
  job: {
    ...job,
    exitCode: 127,
    tests: { pass: 0, fail: 1 },
    recorded: {
      ...job.recorded,
      status: 'FAILURE',
      metrics: { ...job.recorded.metrics, exitCode: 127 },
    },
  },
}

/** One falsehood each: the claim that has to notice it, by its number, and what it has to say. */
const falsehoods: readonly (readonly [what: string, claim: number, wrong: Facts, says: RegExp])[] =
  [
    ['the store is not new', 1, { start: { ...start, records: 3 } }, /no record/],
    ['two daemons run', 1, { start: { ...start, processes: 2 } }, /one daemon, got 2/],
    [
      'the exit code changes on its way',
      2,
      recorded({ metrics: { ...job.recorded.metrics, exitCode: 1 } }),
      /exit code/,
    ],
    ['output is lost', 2, { job: { ...job, stdoutBytes: 1235 } }, /each byte of stdout/],
    ['no test has run', 2, { job: { ...job, tests: { pass: 0, fail: 0 } } }, /tests that ran/],
    ['a failure is recorded as success', 3, recorded({ status: 'FAILURE' }), /says SUCCESS/],
    ['a job that was never started is called a failure', 3, neverStarted, /BLOCKED/],
    ['log and result are apart', 3, recorded({ transactions: [2, 4] }), /one transaction/],
    [
      'the duration is made up',
      3,
      recorded({ metrics: { ...job.recorded.metrics, durationMs: 6000 } }),
      /duration/,
    ],
    ['the numbers are made up', 4, { insight: { ...insight, summary: 'all is well' } }, /summary/],
    ['somebody else wrote it', 4, { insight: { ...insight, createdBy: 'owner' } }, /agent:demo/],
    ['the cause is another event', 4, { insight: { ...insight, cause: 'token-9' } }, /cause/],
    ['the purge is done', 5, { insight: { ...insight, refusedAs: 'nothing' } }, /forbidden/],
    ['the agent kept its scopes', 5, { start: { ...start, agentScopes: ['admin'] } }, /scopes/],
    ['both win', 6, { race: { ...race, winners: ['triage', 'review'], losers: [] } }, /one winner/],
    ['they did not race', 6, { race: { ...race, readVersions: [1, 2] } }, /both at version 1/],
    ['it is told a wrong name', 7, told({ changedBy: 'script:review' }), /who/],
    ['it is told a wrong time', 7, told({ changedAt: '2026-11-22T09:30:12.000000Z' }), /when/],
    ['it is told wrong fields', 7, told({ changedFields: ['domain'] }), /which fields/],
    ['it is told an old state', 7, told({ current: { tags: [] } }), /there now/],
    [
      'the first change is lost',
      8,
      { race: { ...race, final: { ...race.final, tags: [] } } },
      /tag/,
    ],
    ['nobody dies', 9, { crash: { ...crash, signalled: false } }, /SIGKILL/],
    [
      'nothing was under way',
      9,
      { crash: { ...crash, writers: [{ second: 60 }] } },
      /both daemons/,
    ],
    [
      'two daemons take over',
      9,
      { crash: { ...crash, instanceIds: ['second', 'third'] } },
      /one daemon/,
    ],
    [
      'the log is another one',
      9,
      { crash: { ...crash, successor: { ...crash.successor, epoch: 'new' } } },
      /unbroken/,
    ],
    ['a write is lost', 10, { crash: { ...crash, found: [write1, write3] } }, /1 are missing/],
    [
      'a write is altered',
      10,
      { crash: { ...crash, found: [write1, { ...write2, content: 'x' }, write3] } },
      /1 are different/,
    ],
    [
      'a write is done twice',
      10,
      { crash: { ...crash, found: [...writes, { ...write3, record: 'OrionActionLog/other' }] } },
      /2 were done twice/,
    ],
    ['an event is missing', 11, watching({ after: [event4] }), /once, in order/],
    ['an event comes twice', 11, watching({ after: [event2, event3, event4] }), /once, in order/],
    ['events swap places', 11, watching({ after: [event4, event3] }), /once, in order/],
    [
      'an event is another one',
      11,
      watching({ after: [event3, { ...event4, id: 'x' }] }),
      /same events/,
    ],
    ['it begins again elsewhere', 11, watching({ resumedFrom: 'token-1' }), /seen last/],
    ['the daemon stays', 12, { end: { processGone: false, lockFree: true } }, /gone/],
    ['the lock stays', 12, { end: { processGone: true, lockFree: false } }, /free/],
  ]
for (const [what, number, wrong, says] of falsehoods) {
  test(`claim ${number} does not hold if ${what}`, () => {
    const claims = checkClaims({ ...facts, ...wrong })
    const claim = claims[number - 1]
    assert.equal(claim?.holds, false)
    assert.match(claim.measured, says)
    const others = claims.filter(({ holds }, index) => !holds && index !== number - 1)
    assert.deepEqual(others, [])
  })
}
