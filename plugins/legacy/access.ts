/** What the command line uses of this plugin; the program that wires the parts hands it in. */
import type { Client } from '../../sdk/client/client.ts'
import { namedZone } from './decode/zone.ts'
import { migrateLegacy } from './migrate-legacy.ts'
import { listQuarantine, retryQuarantined, showQuarantined } from './run/quarantine.ts'
import { refused } from './source/legacy-file.ts'

/** The migration, and the rows that it kept aside. */
export const legacyAccess = {
  migrate: migrateLegacy,
  listQuarantine,
  showQuarantined,
  retryQuarantined: async (
    client: Client,
    { ids, zone }: { readonly ids: readonly string[]; readonly zone: string | undefined },
  ) => {
    try {
      const named = zone === undefined ? undefined : namedZone(zone)
      return await retryQuarantined(client, { ids, zone: named })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw refused(error.message, 'name one such as UTC, Asia/Seoul or +09:00', error)
    }
  },
}
