import { randomBytes } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { readSmallFile } from './read-small-file.ts'

/**
 * What a daemon says of itself in `daemon.json`: a hint where to knock, never a proof that somebody is there. Only a
 * handshake is.
 */
export type DiscoveryEntry = z.infer<typeof entrySchema>

/**
 * Reads a discovery file. A file that is absent, half-written, foreign or too long is no entry: whoever starts a daemon
 * next replaces it.
 */
export function readDiscovery(path: string): DiscoveryEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(readSmallFile(path, discoveryMaxBytes)))
  } catch {
    return undefined // See above: each flaw means the same to the reader.
  }
}

/** Replaces the discovery file in one step: a reader sees the old one or the new one, whole. */
export function publishDiscovery(path: string, entry: DiscoveryEntry): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(temporary, `${JSON.stringify(entry)}\n`, { flag: 'wx', mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Whether the discovery file names this instance. */
export function isPublished(path: string, instanceId: string): boolean {
  return readDiscovery(path)?.instanceId === instanceId
}

/** Removes the discovery file if it still names this instance. Call it while the owner lock is held. */
export function withdrawDiscovery(path: string, instanceId: string): void {
  if (isPublished(path, instanceId)) rmSync(path, { force: true })
}

/** Far more than an entry needs; a longer file is not ours. */
const discoveryMaxBytes = 65_536

const entrySchema = z.object({
  pid: z.number().int().positive(),
  instanceId: z.string().min(1),
  /** Path of the Unix socket, or name of the pipe on Windows. */
  socket: z.string().min(1),
  /** Address of its WebSockets, if it listens for any. */
  websocket: z.string().min(1).optional(),
  storeId: z.string().min(1),
  storeDirectory: z.string().min(1),
  version: z.string().min(1),
  protocol: z.object({ min: z.number().int(), max: z.number().int() }),
  /** Instant in UTC. */
  startedAt: z.string().min(1),
})
