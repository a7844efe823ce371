/** What the processes of the demonstration and the one that directs them say to each other. */
import { z } from 'zod'

const token = z.string()

/** An event, as far as the demonstration looks at it. */
export const seenEvent = z.object({
  seq: z.int(),
  txn: z.int(),
  topic: z.string(),
  id: z.string().optional(),
  version: z.int().optional(),
  token,
  at: z.string(),
  actor: z.object({ principal: z.string(), client: z.string() }),
})
/** An event, as far as the demonstration looks at it. */
export type SeenEvent = z.infer<typeof seenEvent>

/** What the editor reports. */
export const editorReport = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('watching'),
    /** How many bridges it has started so far, this one included. */
    session: z.int(),
    principal: z.string(),
    instanceId: z.string(),
    /** The position it asked to go on from; undefined for what comes from now on. */
    from: token.optional(),
    token,
  }),
  z.object({ kind: z.literal('events'), session: z.int(), events: z.array(seenEvent) }),
  z.object({ kind: z.literal('lost'), token }),
])

/** What the agent reports. */
export const agentReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), principal: z.string(), scopes: z.array(z.string()) }),
  z.object({
    kind: z.literal('wrote'),
    insightId: z.string(),
    version: z.int(),
    summary: z.string(),
    /** The record that it read, as it read it, and the event that told it to. */
    resultId: z.string(),
    cause: token,
    metrics: z.record(z.string(), z.unknown()),
  }),
  /** What happened when it tried to purge what it had written. */
  z.object({ kind: z.literal('purged'), refusedAs: z.string(), needs: z.string().optional() }),
])

/** What the loser of a race was told; the members are those of the error on the wire. */
export const conflict = z.object({
  reason: z.string(),
  expectedVersion: z.int(),
  currentVersion: z.int(),
  changedBy: z.string(),
  changedAt: z.string(),
  changedFields: z.array(z.string()),
  /** The fields that changed, as they are now. */
  current: z.record(z.string(), z.unknown()),
})
/** What the loser of a race was told. */
export type Conflict = z.infer<typeof conflict>

/** A write that was answered: where it stands, and what was written. */
export const answeredWrite = z.object({
  record: z.string(),
  version: z.int(),
  token,
  content: z.string(),
})
/** A write that was answered: where it stands, and what was written. */
export type AnsweredWrite = z.infer<typeof answeredWrite>

/** What a writer reports. */
export const writerReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), principal: z.string() }),
  z.object({ kind: z.literal('read'), version: z.int() }),
  z.object({ kind: z.literal('won'), version: z.int(), fields: z.array(z.string()) }),
  z.object({ kind: z.literal('lost'), conflict }),
  z.object({ kind: z.literal('settled'), version: z.int() }),
  z.object({ kind: z.literal('answered'), count: z.int(), instanceId: z.string() }),
  z.object({
    kind: z.literal('done'),
    writes: z.array(answeredWrite),
    /** Answers that said: this was done before, when the answer was lost. */
    replayed: z.int(),
    /** How many of the answers each instance of the daemon gave. */
    answersBy: z.record(z.string(), z.int()),
  }),
])

/** What a writer is told to do. */
export const writerCue = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('read'), insightId: z.string() }),
  z.object({ kind: z.literal('race') }),
  z.object({ kind: z.literal('decide-again') }),
  z.object({ kind: z.literal('write') }),
  z.object({ kind: z.literal('stop') }),
])
/** What a writer is told to do. */
export type WriterCue = z.infer<typeof writerCue>

/** What each role reports. */
export const reports = { editor: editorReport, agent: agentReport, writer: writerReport } as const
/** A part that is played by a process of its own. */
export type Role = keyof typeof reports
/** What a role reports. */
export type ReportOf<R extends Role> = z.infer<(typeof reports)[R]>
