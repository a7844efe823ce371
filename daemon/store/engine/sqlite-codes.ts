/**
 * Numbers of SQLite's C interface, as sqlite3.h publishes them. They are part of SQLite's promise
 * of compatibility and never change.
 */

/** Result codes; the low byte of an extended code is its primary code. */
export const ResultCode = {
  ok: 0,
  error: 1,
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  notFound: 12,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  misuse: 21,
  range: 25,
  notADatabase: 26,
  row: 100,
  done: 101,
  ioRead: 266,
  ioShortRead: 522,
  ioWrite: 778,
  ioSync: 1034,
  ioTruncate: 1546,
  ioDelete: 2570,
  ioClose: 4106,
  ioDeleteNoEntry: 5898,
} as const

/** Flags that SQLite passes to `xOpen`. */
export const OpenFlag = {
  readOnly: 0x1,
  readWrite: 0x2,
  create: 0x4,
  exclusive: 0x10,
} as const

/** Levels of a file lock, in the order SQLite climbs them. */
export const LockLevel = { none: 0, shared: 1, reserved: 2, pending: 3, exclusive: 4 } as const

/** What `xAccess` asks. */
export const AccessFlag = { exists: 0, readWrite: 1 } as const

/**
 * What we promise of the disk: bytes beside a write are not harmed by it (so a commit needs no
 * padding frame), and parts of a page may be read.
 */
export const DeviceTrait = { powersafeOverwrite: 0x1000, subpageRead: 0x8000 } as const

/** Storage classes that `sqlite3_column_type` tells. */
export const ColumnType = { integer: 1, float: 2, text: 3, blob: 4, null: 5 } as const
