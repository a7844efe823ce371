/** What the last verification of a file found, kept in the store for the clean-up. */
import { createHash } from 'node:crypto'
import type { Client } from '../../../sdk/client/client.ts'
import { isOrionError } from '../../../sdk/errors.ts'
import { instantFromMicros } from '../../../sdk/instant.ts'
import type { RecordData } from '../../../sdk/record-type.ts'
import { LegacyVerification } from '../record-types.ts'
import type { Verification } from './verify.ts'

/** Keeps what was found; it takes the place of what was found before. */
export async function saveVerification(
  client: Client,
  found: {
    readonly source: string
    readonly types: ReadonlySet<string> | undefined
    readonly verification: Verification
  },
): Promise<void> {
  const { source, types = new Set<string>(), verification } = found
  const { verified, rows, proven, digest } = verification
  const records = client.repository(LegacyVerification)
  const at = instantFromMicros(Date.now() * 1000)
  const data = { source, verified, at, rows, proven, digest, types: [...types].sort() }
  const id = idOf(source)
  const present = await records.find(id)
  if (present === undefined) {
    try {
      await records.create(data, { id })
      return
    } catch (error) {
      // Somebody else has verified the same file meanwhile.
      if (!isOrionError(error, 'conflict')) throw error
    }
  }
  await records.update(id, () => ({ set: data }))
}

/** What was found last; undefined if the file was never verified. */
export async function savedVerification(
  client: Client,
  source: string,
): Promise<RecordData<typeof LegacyVerification> | undefined> {
  return (await client.repository(LegacyVerification).find(idOf(source)))?.data
}

function idOf(source: string): string {
  return `verification-${createHash('sha256').update(source).digest('hex').slice(0, 32)}`
}
