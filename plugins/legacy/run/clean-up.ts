/** Deletes from the file what is proven to be in the store, and nothing else. */

import { loadForeignFiles } from '../../../daemon/store/engine/foreign-file.ts'
import type { Client } from '../../../sdk/client/client.ts'
import { OrionError } from '../../../sdk/errors.ts'
import { legacyTypeOf, type SourceRow } from '../convert/source-row.ts'
import type { LegacyFile } from '../source/legacy-file.ts'
import { assertNotHeld, openLegacyFile, refused } from '../source/legacy-file.ts'
import { savedVerification } from './saved-verification.ts'
import { type Verification, verify } from './verify.ts'

/** What a clean-up did. */
export interface CleanUp {
  readonly deleted: number
  /** The copy of the file as it was before; none where nothing was to be deleted. */
  readonly exportedTo: string | undefined
  readonly verification: Verification
}

/** What a clean-up is given. */
export interface CleanUpParts {
  readonly path: string
  readonly client: Client
  readonly batchSize: number
  /** Only rows of these types are deleted; every proven one if undefined. */
  readonly types: ReadonlySet<string> | undefined
  readonly onProgress?: (rows: number) => void
}

/**
 * Reads every proven row back once more, makes a copy of the file, and deletes those rows in one transaction.
 *
 * @throws OrionError `invalid_request` if the file was not verified, or is not what was verified; then nothing was deleted.
 */
export async function cleanUp({
  path,
  client,
  batchSize,
  types: wanted,
  onProgress,
}: CleanUpParts): Promise<CleanUp> {
  const file = await openLegacyFile(path)
  const proven = new Map<string, bigint[]>()
  let verification: Verification
  let exportedTo: string | undefined
  let fingerprint: string
  try {
    const saved = await savedVerification(client, file.path)
    if (saved === undefined) {
      throw refused(`${file.path} was never verified`, verifyFirst)
    }
    if (!saved.verified) {
      throw refused(`the last verification of ${file.path}, at ${saved.at}, failed`, verifyFirst)
    }
    const types = saved.types.length === 0 ? undefined : new Set(saved.types)
    const onProven = (row: SourceRow): void => {
      const { table, rowid } = row
      if (wanted !== undefined && !wanted.has(legacyTypeOf(row) ?? '')) return
      const rows = proven.get(table) ?? []
      rows.push(rowid)
      proven.set(table, rows)
    }
    const options = {
      batchSize,
      types,
      onProven,
      ...(onProgress === undefined ? {} : { onProgress }),
    }
    verification = await verify({ file, client, options })
    if (!verification.verified || verification.digest !== saved.digest) {
      throw refused(`${file.path} is not what was verified at ${saved.at}`, verifyFirst)
    }
    if (proven.size > 0) exportedTo = await exportCopy(file)
    file.assertUnchanged()
    fingerprint = file.file.fingerprint
  } finally {
    file.close()
  }
  const deleted = proven.size === 0 ? 0 : await deleteRows(path, { proven, fingerprint })
  return { deleted, exportedTo, verification }
}

const verifyFirst = 'run `orion migrate legacy --from FILE --verify`, and clean up when it succeeds'

async function exportCopy(file: LegacyFile): Promise<string> {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const target = `${file.path}.before-clean-up-${stamp}`
  try {
    await file.file.copyTo(target)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new OrionError(
      'storage_failed',
      `the copy ${target} could not be made, so nothing was deleted: ${reason}`,
      { remedy: 'make room beside the file, and see to it that its directory can be written to' },
      { cause },
    )
  }
  return target
}

async function deleteRows(
  path: string,
  {
    proven,
    fingerprint,
  }: { readonly proven: ReadonlyMap<string, readonly bigint[]>; readonly fingerprint: string },
): Promise<number> {
  const { open } = await loadForeignFiles()
  assertNotHeld(path)
  const file = open(path, { writable: true })
  try {
    if (file.fingerprint !== fingerprint) {
      throw refused(`${path}: somebody writes to it`, 'end who does, and verify again')
    }
    let deleted = 0
    file.transaction(() => {
      for (const [table, rows] of proven) {
        for (const rowid of rows) deleted += file.delete(table, rowid)
      }
    })
    return deleted
  } finally {
    file.close()
  }
}
