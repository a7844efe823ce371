/** The daemon itself: how it is, a backup of its store, and its end. */
import { z } from 'zod'
import { defineRequest, noParams, noResult } from './define.ts'
import { pluginInfo } from './plugins.ts'
import * as shape from './schemas.ts'
import { subscriptionId } from './subscriptions.ts'
import { backup, warning } from './upkeep.ts'

export const daemonStatus = z.object({
  version: z.string(),
  instanceId: z.string(),
  pid: z.int(),
  startedAt: z.string(),
  uptimeMs: z.number(),
  mode: z.enum(['daemon', 'in-process']),
  socket: z.string().optional(),
  /** Address of its WebSockets, if it listens for any. */
  websocket: z.string().optional(),
  store: z.object({
    path: z.string(),
    storeId: z.string(),
    epoch: z.string(),
    sizeBytes: z.number(),
    logPages: z.int(),
    /** `unreadable`: the daemon is in maintenance, and serves only what mends the store. */
    state: z.enum(['ready', 'failed', 'closed', 'unreadable']),
    problem: z.string().optional(),
    /** What to do about the problem. */
    remedy: z.string().optional(),
  }),
  /** Events above the floor, and where floor and end are. */
  log: z.object({ seq: z.int(), floorSeq: z.int(), events: z.int() }),
  token: shape.token,
  floor: shape.token,
  engine: z.object({ name: z.string(), sqliteVersion: z.string(), durability: z.string() }),
  queue: z.object({ waiting: z.int(), limit: z.int(), batches: z.int(), writes: z.int() }),
  /** Named positions, which hold the floor while they live. */
  positions: z.array(
    z.object({ principal: z.string(), name: z.string(), token: shape.token, inUse: z.boolean() }),
  ),
  connections: z.array(
    z.object({
      connectionId: z.string(),
      client: z.string(),
      kind: z.string(),
      principal: z.string(),
      connectedAt: z.string(),
      inFlight: z.int(),
      /** What is under way and for how long, the longest first; at most ten. */
      requests: z.array(z.object({ method: z.string(), forMs: z.number() })),
      subscriptions: z.array(
        z.object({
          subscriptionId,
          patterns: z.array(z.string()),
          token: shape.token,
          behind: z.int(),
        }),
      ),
    }),
  ),
  /** Its plugins, for who may look after them. */
  plugins: z.array(pluginInfo).optional(),
  /** Why it is still alive: open connections, work under way, or the idle time not yet over. */
  aliveBecause: z.array(z.string()),
  lastBackup: backup.optional(),
  backups: z.object({
    /** 0: none is made by itself. */
    everyMs: z.int(),
    /** So many of each reason are kept beside the store. */
    kept: z.int(),
    running: z.boolean(),
    /** `at` is left out when none is due. */
    next: z.object({ at: z.string().optional(), because: z.string() }),
    problem: z.string().optional(),
  }),
  /** What somebody should look at; the same as in `initialize`. */
  warnings: z.array(warning),
  memoryBytes: z.number(),
})
/** How a daemon is. */
export type DaemonStatusResult = z.infer<typeof daemonStatus>

export const DaemonStatus = defineRequest('daemon/status', {
  params: noParams,
  result: daemonStatus,
  scope: 'read',
  reach: 'some',
  summary: 'Who is connected, what waits, where the log stands, and why the daemon is alive.',
})

export const BackupStore = defineRequest('daemon/backup', {
  params: z.object({ path: z.string().min(1).max(4096).optional() }).optional(),
  result: z.object({ path: z.string(), sizeBytes: z.number(), token: shape.token }),
  scope: 'admin',
  summary: 'Writes a consistent copy of the store while others write.',
})

export const CompactStore = defineRequest('daemon/compact', {
  params: z.object({ before: shape.token.optional() }).optional(),
  result: z.object({ floor: shape.token, deleted: z.int() }),
  scope: 'admin',
  summary:
    'Forgets the events before a position, or those that are too old to be kept; what subscribers have yet to read stays.',
})

export const ShutdownDaemon = defineRequest('daemon/shutdown', {
  params: noParams,
  result: noResult,
  scope: 'admin',
  summary: 'Ends the daemon cleanly, after everything that was accepted is answered.',
})

export const HandOverDaemon = defineRequest('daemon/handover', {
  params: z
    .object({
      /** The version of the daemon that takes over; one that is older than this one is refused. */
      version: z.string().min(1).max(64).optional(),
      /** Hands over to an older one too. */
      force: z.boolean().optional(),
    })
    .optional(),
  result: noResult,
  scope: 'admin',
  summary:
    'Ends the daemon as `daemon/shutdown` does, but tells its subscribers to come back at once: another one takes over.',
})
