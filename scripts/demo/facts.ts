/** What was seen and measured, act by act. Claims are judged by these facts and by nothing else. */
import type { AnsweredWrite, Conflict, SeenEvent } from './messages.ts'

/** The facts of an act are absent when it did not come to its end. */
export interface Facts {
  readonly start?: StartFacts | undefined
  readonly job?: JobFacts | undefined
  readonly insight?: InsightFacts | undefined
  readonly race?: RaceFacts | undefined
  readonly crash?: CrashFacts | undefined
  readonly end?: EndFacts | undefined
}

/** The first daemon, and the editor that watches. */
export interface StartFacts {
  readonly pid: number
  /** How long a first client waited for the daemon that it started. */
  readonly readyMs: number
  readonly mode: string
  readonly storeId: string
  readonly epoch: string
  readonly instanceId: string
  /** Events and records that were there. */
  readonly seq: number
  readonly records: number
  readonly recordTypes: number
  readonly processes: number
  /** What the agent may do after it narrowed its rights. */
  readonly agentScopes: readonly string[]
}

/** `orion run`, seen from outside and as it was recorded. */
export interface JobFacts {
  readonly command: string
  readonly exitCode: number
  readonly wallMs: number
  readonly stdoutBytes: number
  readonly stderrBytes: number
  /** As the test runner counted them. */
  readonly tests: { readonly pass: number; readonly fail: number }
  readonly recorded: {
    readonly status: string
    readonly metrics: { readonly [name: string]: number | undefined }
    readonly logStatus: string
    /** Events of the end: they have to be of one transaction. */
    readonly transactions: readonly number[]
  }
}

/** What the agent wrote, as it was found in the store. */
export interface InsightFacts {
  readonly id: string
  readonly summary: string
  /** The summary that the recorded numbers give when they are read again. */
  readonly summaryExpected: string
  readonly createdBy: string
  readonly sources: readonly string[]
  readonly resultId: string
  /** The event that caused it, and the one that created the result. */
  readonly cause: string | undefined
  readonly resultToken: string
  /** What it was told when it tried to purge. */
  readonly refusedAs: string
  readonly needs: string | undefined
}

/** Two writers at one version. */
export interface RaceFacts {
  readonly readVersions: readonly number[]
  readonly winners: readonly string[]
  readonly losers: readonly string[]
  readonly wonFields: readonly string[]
  /** What the loser was told. */
  readonly conflict: Conflict
  /** What the record's history says of the version that won. */
  readonly history: {
    readonly version: number
    readonly principal: string
    readonly at: string
    readonly changedFields: readonly string[]
    readonly current: { readonly [field: string]: unknown }
  }
  /** The version at which the loser's own change went in, and the record then. */
  readonly settledVersion: number
  readonly final: {
    readonly version: number
    readonly tags: readonly string[]
    readonly decayFactor: number | undefined
  }
}

/** The daemon's death, its successor, and what was found then. */
export interface CrashFacts {
  readonly signalled: boolean
  readonly killed: { readonly pid: number; readonly instanceId: string }
  /** Answers of the daemon that was killed. */
  readonly answersBefore: number
  /** How many answers each writer got from which daemon. */
  readonly writers: readonly { readonly [instanceId: string]: number }[]
  readonly replayed: number
  /** From the signal until the editor watched again. */
  readonly awayMs: number
  readonly successor: { readonly pid: number; readonly storeId: string; readonly epoch: string }
  /** Every daemon that any client was served by after the signal; it has to be one. */
  readonly instanceIds: readonly string[]
  readonly daemons: number
  /** Every answered write, and what a new client finds of all of them. */
  readonly answered: readonly AnsweredWrite[]
  readonly found: readonly AnsweredWrite[]
  readonly watched: WatchFacts
}

/** What the editor saw, held against the log. */
export interface WatchFacts {
  /** The position it was at when the bridge ended, and the one it asked to go on from. */
  readonly lostAt: string | undefined
  readonly resumedFrom: string | undefined
  /** What came live from the first daemon, and what came from the second. */
  readonly before: readonly SeenEvent[]
  readonly after: readonly SeenEvent[]
  readonly log: readonly SeenEvent[]
}

/** The end of the second daemon. */
export interface EndFacts {
  readonly processGone: boolean
  readonly lockFree: boolean
}
