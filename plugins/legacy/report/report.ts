/** The report of a run: one object, from which the text, the JSON and the page are made. */
import type { CleanUp } from '../run/clean-up.ts'
import type { Counted } from '../run/tally.ts'
import type { Verification } from '../run/verify.ts'
import type { LegacyFile } from '../source/legacy-file.ts'

/** What a run was asked to do. */
export type Mode = 'migrate' | 'dry-run' | 'verify' | 'clean-up'

/** What a run did. */
export interface MigrationReport {
  readonly mode: Mode
  readonly source: {
    readonly path: string
    readonly sizeBytes: number
    readonly rows: number
    readonly tables: readonly { readonly name: string; readonly rows: number }[]
    /** Tables that are none of the earlier system's; they were left alone. */
    readonly ignored: readonly { readonly name: string; readonly rows: number }[]
  }
  readonly startedAt: string
  readonly durationMs: number
  /** Absent if no row was brought over, because that was not asked for. */
  readonly migration?: Counted
  readonly verification?: Verification
  /** `exportedTo` is absent where nothing was to be deleted, and so no copy was made. */
  readonly cleanUp?: { readonly deleted: number; readonly exportedTo?: string }
  /** What to do next, as imperative sentences. */
  readonly next: readonly string[]
}

/** Puts a report together. */
export function reportOf(parts: {
  readonly mode: Mode
  readonly file: Pick<LegacyFile, 'path' | 'sizeBytes' | 'rows' | 'tables' | 'ignored'>
  readonly startedMs: number
  readonly migration?: Counted | undefined
  readonly verification?: Verification | undefined
  readonly cleanUp?: CleanUp | undefined
}): MigrationReport {
  const { mode, file, startedMs, migration, verification, cleanUp } = parts
  return {
    mode,
    source: {
      path: file.path,
      sizeBytes: file.sizeBytes,
      rows: file.rows,
      tables: file.tables.map(({ name, rows }) => ({ name, rows })),
      ignored: file.ignored,
    },
    startedAt: new Date(startedMs).toISOString(),
    durationMs: Date.now() - startedMs,
    ...(migration === undefined ? {} : { migration }),
    ...(verification === undefined ? {} : { verification }),
    ...(cleanUp === undefined
      ? {}
      : {
          cleanUp: {
            deleted: cleanUp.deleted,
            ...(cleanUp.exportedTo === undefined ? {} : { exportedTo: cleanUp.exportedTo }),
          },
        }),
    next: nextSteps(parts),
  }
}

/** Whether everything that was asked for came out right. */
export function succeeded({ mode, migration, verification }: MigrationReport): boolean {
  if (mode === 'dry-run') return migration !== undefined
  return verification?.verified === true
}

function nextSteps({
  mode,
  file,
  migration,
  verification,
  cleanUp,
}: Parameters<typeof reportOf>[0]): string[] {
  const command = `orion migrate legacy --from ${quoted(file.path)}`
  const steps: string[] = []
  const aside = migration?.piles.quarantined ?? 0
  if (mode === 'dry-run') {
    if (aside > 0)
      steps.push(
        `Look at the ${aside} rows that would be kept aside: --report FILE.html shows examples.`,
      )
    return [...steps, `Bring the rows over: ${command}`]
  }
  if (cleanUp !== undefined) {
    if (cleanUp.exportedTo === undefined) return []
    return [`Keep ${cleanUp.exportedTo} until you are sure: it is the file as it was before.`]
  }
  if (aside > 0 || (verification?.kept ?? 0) > 0) {
    steps.push('Look at what was kept aside: orion migrate quarantine list')
  }
  if (verification?.verified === false) {
    steps.push(`Bring over what changed or is missing, and verify again: ${command}`)
  } else if (verification !== undefined && verification.proven > 0) {
    steps.push(
      `When you need the old file no more, delete from it what is proven to be here: ${command} --cleanup`,
    )
  }
  return steps
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
