/** Makes anew what follows from the records and is kept beside them. No record is touched. */
import { rebuildReferences } from './reference-table.ts'
import type { Derived } from './store-api.ts'
import type { StoreContext } from './store-context.ts'
import { quoteName } from './tables.ts'
import type { WriteQueue } from './write-queue.ts'

/** What it takes to do so. */
export interface Rebuilding {
  readonly context: StoreContext
  readonly queue: WriteQueue
  /** Knows the indexes of words, which are built in turns of their own. */
  readonly search: { rebuild(name: string): Promise<boolean> }
}

/** Makes it anew, one transaction each. */
export async function rebuildDerived(
  { context, queue, search }: Rebuilding,
  { indexes = [], references = [] }: Derived,
): Promise<void> {
  const { connection, types } = context
  const alone = (run: () => void): Promise<void> =>
    queue.submit({ undo: 'on-refusal', alone: true, run }, {})
  for (const name of indexes) {
    if (await search.rebuild(name)) continue
    await alone(() => connection.exec(`REINDEX ${quoteName(name)}`))
  }
  for (const name of references) {
    await alone(() => {
      const entry = types.get(name)
      if (entry !== undefined) rebuildReferences(connection, entry)
      else connection.prepare('DELETE FROM record_references WHERE type = ?').run([name])
    })
  }
}
