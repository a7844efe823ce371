/** The names of the backups beside a store, which say when and why each was made. */
import { type Instant, parseInstant } from './instant.ts'

/** Why a backup was made. */
export type BackupReason = 'asked' | 'scheduled' | 'before-migration' | 'before-restore'

/** The directory beside a store's file in which its backups lie. */
export const backupDirectoryName = 'backups'

/** The name of a backup of this moment. */
export function backupName(at: Instant, reason: BackupReason): string {
  return `${at.replaceAll(':', '').replaceAll('-', '')}-${reason}.sqlite`
}

/** What a name says; undefined for one that is not of a backup of ours. */
export function parseBackupName(name: string): { at: Instant; reason: BackupReason } | undefined {
  const match = form.exec(name)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, rest, reason] = match
  const at = parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${rest}`)
  return at === undefined ? undefined : { at, reason: reason as BackupReason }
}

const form =
  /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{6}Z)-(asked|scheduled|before-migration|before-restore)\.sqlite$/
