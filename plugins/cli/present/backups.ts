import type { ResultOf } from '../../../sdk/protocol/define.ts'
import type { ListBackups } from '../../../sdk/protocol/upkeep.ts'
import type { TextStyle } from '../print.ts'
import { safeText } from './safe-text.ts'
import { drawTable } from './table.ts'
import { age, bytes } from './time.ts'

/** The backups beside a store, newest first, with their whole paths. */
export function backupTable(
  backups: ResultOf<typeof ListBackups>['backups'],
  style: TextStyle,
): string {
  if (backups.length === 0) return 'There is no backup yet: `orion backup` makes one.\n'
  return drawTable(
    {
      head: ['age', 'why', 'size', 'file'],
      rows: backups.map(({ at, reason, sizeBytes, path }) => [
        age(at, style.now),
        reason,
        bytes(sizeBytes),
        safeText(path),
      ]),
      flexible: [],
    },
    style,
  ).text
}
