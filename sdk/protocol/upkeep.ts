/** The upkeep of a store: its backups, going back to one, looking for faults, and whose copy it is. */
import { z } from 'zod'
import { defineRequest, noParams } from './define.ts'

const path = z.string().min(1).max(4096)

/** A backup; `seq` is known of those that the store itself remembers. */
export const backup = z.object({
  path: z.string(),
  at: z.string(),
  reason: z.enum(['asked', 'scheduled', 'before-migration', 'before-restore']),
  sizeBytes: z.number(),
  seq: z.int().optional(),
})

/** Something that somebody should look at. Branch on `kind`. */
export const warning = z.object({
  kind: z.enum(['store_copied', 'backup_failed', 'store_unreadable']),
  message: z.string(),
  remedy: z.string(),
})
/** Something that somebody should look at. */
export type Warning = z.infer<typeof warning>

/** One check of `daemon/check` and what it found. */
export const finding = z.object({
  check: z.string(),
  level: z.enum(['ok', 'warn', 'fail']),
  message: z.string(),
  remedy: z.string().optional(),
  /** What was done about it. */
  repaired: z.string().optional(),
})
/** One check and what it found. */
export type Finding = z.infer<typeof finding>

export const ListBackups = defineRequest('daemon/backups', {
  params: noParams,
  result: z.object({ backups: z.array(backup) }),
  scope: 'admin',
  summary: 'The backups beside the store, newest first.',
})

export const RestoreStore = defineRequest('daemon/restore', {
  params: z.object({
    path,
    /** Also a backup of another store. */
    force: z.boolean().optional(),
  }),
  result: z.object({
    /** The backup that was taken. */
    path: z.string(),
    storeId: z.string(),
    /** Its newest event. */
    seq: z.int(),
    /** Where what was there before is kept. */
    kept: z.string(),
  }),
  scope: 'admin',
  summary:
    'Goes back to a backup. When this is answered it is decided, whatever happens; the daemon then drains, and serves what was restored in a new epoch.',
})

export const CheckStore = defineRequest('daemon/check', {
  params: z
    .object({
      /** Also mends what can be mended without losing anything. */
      repair: z.boolean().optional(),
    })
    .optional(),
  result: z.object({
    findings: z.array(finding),
    /** The newest backup that was looked at and is sound. */
    goodBackup: backup.optional(),
  }),
  scope: 'admin',
  summary: 'Looks for faults in the store and its backups, on copies and in another process.',
})

export const SettleStore = defineRequest('daemon/settle', {
  params: z.object({
    as: z.enum(['moved', 'copied']),
    /** Moved, although the original is still where it was. */
    force: z.boolean().optional(),
  }),
  result: z.object({ storeId: z.string() }),
  scope: 'admin',
  summary:
    'Answers whether a store that lies elsewhere than before was moved, and is the old one, or copied, and is its own.',
})
